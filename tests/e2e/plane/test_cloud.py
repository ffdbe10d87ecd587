"""Both halves together: what the API shows of an instance that it does not see itself."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.e2e.boxes import client, wait_for
from tests.tools.clouds import Cloud

pytestmark = pytest.mark.e2e


def _launch(cloud: Cloud, script: str, **parameters: Any) -> str:
    """One instance that runs a script early at boot, where it is told its id; its id."""
    ec2 = client(cloud, "ec2")
    images = ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )
    answer = ec2.run_instances(
        ImageId=images["Images"][0]["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        UserData=f"#cloud-boothook\n#!/bin/sh\n{script}\n",
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


STOP_ITSELF = {
    "Effect": "Allow",
    "Action": "ec2:StopInstances",
    "Resource": "arn:aws:ec2:*:*:instance/*",
    "Condition": {
        "ArnLike": {"ec2:SourceInstanceARN": "arn:aws:ec2:*:*:instance/${ec2:InstanceId}"}
    },
}


def _profile(cloud: Cloud, *statements: dict[str, Any]) -> dict[str, str]:
    """An instance profile with a role that may what the statements say."""
    iam, name = client(cloud, "iam"), f"box-{uuid.uuid4()}"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trust_ec2 = _document({**trust, "Principal": {"Service": "ec2.amazonaws.com"}})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_ec2)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_document(*statements))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return {"Name": name}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_an_instance_stops_itself_and_not_its_neighbour(cloud: Cloud) -> None:
    """Its role's calls carry the instance, and a policy can compare it with the one to stop."""
    neighbour = _launch(cloud, "")
    stop = "aws ec2 stop-instances --instance-ids"
    box = _launch(
        cloud,
        "aws sts get-caller-identity --query UserId --output text\n"
        f"{stop} {neighbour} || {stop} $INSTANCE_ID {neighbour} || {stop} $INSTANCE_ID",
        IamInstanceProfile=_profile(cloud, STOP_ITSELF),
    )
    _await_state(cloud, box, "stopped")
    console = _console(cloud, box)
    assert f":{box}" in console
    refused = (
        f"ec2:StopInstances on resource: arn:aws:ec2:us-east-1:123456789012:instance/{neighbour}"
    )
    assert console.count(refused) == 2
    client(cloud, "ec2").terminate_instances(InstanceIds=[box, neighbour])


def test_calls_tell_the_instance_s_own_network(cloud: Cloud) -> None:
    """aws:Ec2InstanceSourceVpc and …PrivateIPv4 are those of the instance that calls."""
    ec2 = client(cloud, "ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    keys = {"aws:Ec2InstanceSourceVpc": vpc["VpcId"]}
    allowed = {"Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*"}
    elsewhere = {"IpAddress": {"aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.0/8"}}
    profile = _profile(
        cloud,
        {**allowed, "Condition": {"StringEquals": keys}},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": elsewhere},
    )
    box = _launch(cloud, "aws ec2 describe-vpcs && echo allowed", IamInstanceProfile=profile)
    wait_for(lambda: "allowed" in _console(cloud, box), "the call to be allowed")
    ec2.terminate_instances(InstanceIds=[box])


# Tells on the console what metadata says of its tags, whenever that changes.
WATCH_TAGS = """\
/opt/spawn/environment/bin/python3 -I - << 'END' > /dev/console 2>&1 &
import time, urllib.error, urllib.request
def ask(path, method="GET", **headers):
    headers = {"X-aws-ec2-metadata-" + name.replace("_", "-"): v for name, v in headers.items()}
    request = urllib.request.Request(
        "http://169.254.169.254/latest/" + path, method=method, headers=headers)
    return urllib.request.urlopen(request, timeout=2).read().decode()
before = None
while True:
    try:
        token = ask("api/token", "PUT", token_ttl_seconds="60")
        now = ask("meta-data/tags/instance/end", token=token)
    except urllib.error.HTTPError as error:
        now = error.code
    if now != before:
        print("metadata:", now, flush=True)
    before = now
    time.sleep(0.1)
END"""


def test_changes_show_in_metadata_at_once(cloud: Cloud) -> None:
    """Tags that are put on, changed and taken off, and metadata that is turned off and on."""
    ec2 = client(cloud, "ec2")
    shown = {"MetadataOptions": {"InstanceMetadataTags": "enabled"}}
    box = _launch(cloud, WATCH_TAGS, **shown)

    def expect(text: str, times: int = 1) -> None:
        line = f"metadata: {text}"
        wait_for(lambda: _console(cloud, box).count(line) >= times, line)

    expect("404")
    ec2.create_tags(Resources=[box], Tags=[{"Key": "end", "Value": "2026-01-27T18:00:00Z"}])
    expect("2026-01-27T18:00:00Z")
    ec2.create_tags(Resources=[box], Tags=[{"Key": "end", "Value": "2026-01-28T18:00:00Z"}])
    expect("2026-01-28T18:00:00Z")
    ec2.modify_instance_metadata_options(InstanceId=box, HttpEndpoint="disabled")
    expect("403")
    ec2.delete_tags(Resources=[box], Tags=[{"Key": "end"}])
    ec2.modify_instance_metadata_options(InstanceId=box, HttpEndpoint="enabled")
    expect("404", times=2)
    ec2.terminate_instances(InstanceIds=[box])


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
