"""Both halves together: what the API shows of an instance that it does not see itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.boxes import client, wait_for
from tests.tools.clouds import Cloud

pytestmark = pytest.mark.e2e


def _launch(cloud: Cloud, script: str, **parameters: Any) -> str:
    """One instance that runs a script at boot; its id."""
    ec2 = client(cloud, "ec2")
    images = ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )
    answer = ec2.run_instances(
        ImageId=images["Images"][0]["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        UserData=f"#!/bin/sh\n{script}\n",
        **parameters,
    )
    return str(answer["Instances"][0]["InstanceId"])


def _console(cloud: Cloud, instance_id: str) -> str:
    return str(client(cloud, "ec2").get_console_output(InstanceId=instance_id)["Output"])


def _await_state(cloud: Cloud, instance_id: str, state: str) -> None:
    def is_in_it() -> bool:
        answer = client(cloud, "ec2").describe_instances(InstanceIds=[instance_id])
        return bool(answer["Reservations"][0]["Instances"][0]["State"]["Name"] == state)

    wait_for(is_in_it, f"{instance_id} to be {state}")


def test_a_power_off_from_inside_ignores_protection(cloud: Cloud) -> None:
    """Termination and stop protection keep out API calls alone."""
    protection = {"DisableApiTermination": True, "DisableApiStop": True}
    endings = {"terminate": "terminated", "stop": "stopped"}
    boxes = {
        state: _launch(cloud, "poweroff", InstanceInitiatedShutdownBehavior=ending, **protection)
        for ending, state in endings.items()
    }
    for state, box in boxes.items():
        _await_state(cloud, box, state)
    for name in ("DisableApiTermination", "DisableApiStop"):
        off = {name: {"Value": False}}
        client(cloud, "ec2").modify_instance_attribute(InstanceId=boxes["stopped"], **off)
    client(cloud, "ec2").terminate_instances(InstanceIds=[boxes["stopped"]])


@pytest.mark.parametrize("end", ["by itself", "by API"])
def test_the_console_of_a_terminated_instance_is_shown(cloud: Cloud, end: str) -> None:
    """Its last words can still be read, however it came to its end."""
    by_itself = end == "by itself"
    script = "echo last words; poweroff" if by_itself else "echo last words"
    box = _launch(cloud, script, InstanceInitiatedShutdownBehavior="terminate")
    wait_for(lambda: "last words" in _console(cloud, box), "the last words")
    if not by_itself:
        client(cloud, "ec2").terminate_instances(InstanceIds=[box])
    _await_state(cloud, box, "terminated")
    # The world without it has reached the data plane before the next instance can boot.
    other = _launch(cloud, "echo up")
    wait_for(lambda: "up" in _console(cloud, other), "the next instance to be up")
    client(cloud, "ec2").terminate_instances(InstanceIds=[other])
    assert "last words" in _console(cloud, box)
