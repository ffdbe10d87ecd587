"""`--wait`: how far an instance is when `spawn launch` is over."""

from __future__ import annotations

import pytest

from tests.e2e.boxes import REGION, client, wait_for
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud
from tests.tools.programs import Program
from tests.tools.terminal import INTERRUPT, terminal

pytestmark = pytest.mark.e2e

PARTLY, INTERRUPTED = 6, 130
# Longer than any of these tests.
LONG = ("--ttl", "30m", "--user-data", "echo begun; sleep 100; touch /run/through")
# Nobody is let in from here.
CLOSED = ("--ttl", "30m", "--ssh-from", "192.0.2.1/32")


def test_nothing_is_awaited(launch: Launch) -> None:
    """With `no` the instance is asked for, with all that ends it, and then it is left alone."""
    box = launch("--wait", "no")
    (instance,) = box.document["instances"]
    assert (instance["id"], instance["state"]) == (box.id, "pending")
    assert instance["findings"] == []
    assert box.await_state("running")
    scheduler = client(box.cloud, "scheduler")
    assert scheduler.get_schedule(GroupName="spawn", Name=f"spawn-{box.id}")["State"] == "ENABLED"


def test_ssh_answers_and_user_data_goes_on(launch: Launch) -> None:
    """With `ssh` a command can be run at once, whatever the user-data still does."""
    box = launch("--wait", "ssh", *LONG)
    assert box.document["instances"][0]["state"] == "running"
    assert box.run("sh", "-c", "test ! -e /run/through && echo in").stdout == "in\n"


@pytest.mark.parametrize(
    ("wait", "code", "says"),
    [
        (("--wait", "running"), 0, ""),
        (("--wait", "ssh"), PARTLY, "runs, and can't be reached yet"),
        ((), 0, "runs, and can't be reached yet"),
    ],
    ids=["running", "ssh", "unasked"],
)
def test_who_is_not_let_in_is_told(
    wait: tuple[str, ...], code: int, says: str, *, spawn: Program, cloud: Cloud
) -> None:
    """That SSH does not answer is a failure only where it was asked for; else it is a warning."""
    done = spawn("launch", *CLOSED, *wait, "-o", "ids")
    client(cloud, "ec2").terminate_instances(InstanceIds=[done.stdout.strip()])
    assert done.code == code, done.stderr
    assert says in done.stderr
    assert (done.stderr == "") == (says == "")


def test_who_stops_waiting_keeps_the_instance(spawn: Program, cloud: Cloud) -> None:
    """Ctrl-C while user-data is awaited: the instance runs on, and how to end it is said."""
    words = (str(spawn.path), "launch", "--wait", "ready", *LONG)
    with terminal(words, environment=spawn.environment, directory=spawn.directory) as shown:
        shown.expect("waiting for the user-data of i-")
        shown.type(INTERRUPT)
        assert shown.finish() == INTERRUPTED, shown.text
    (cancel,) = (line for line in shown.text.split("\n") if line.startswith("  try: "))
    instance_id = cancel.removeprefix("  try: spawn cancel ")
    assert f"no longer waiting: {instance_id} goes on running" in shown.text
    ec2 = client(cloud, "ec2")

    def state() -> str:
        answer = ec2.describe_instances(InstanceIds=[instance_id])
        return str(answer["Reservations"][0]["Instances"][0]["State"]["Name"])

    assert state() == "running"
    assert spawn("cancel", instance_id, "--region", REGION, "--yes").code == 0
    assert wait_for(lambda: state() in {"shutting-down", "terminated"}, "its end")
