"""`spawn stop`, `start` and `hibernate` against a control plane: the end date stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from spawn.core.instants import format_instant
from tests.integration.launch.account import REGION, Account
from tests.integration.lifecycle.lives import Life, user_keys
from tests.tools.programs import Program


@pytest.fixture
def life(account: Account, spawn: Program) -> Life:
    return Life(spawn, account, "--name", "worker")


def test_it_stops_and_starts_and_its_end_stays(life: Life, account: Account) -> None:
    """Tag and schedules are as before, and the person is told the date each time."""
    before = (life.tags()["spawn:expires-at"], life.fires_at())
    stopped = life("stop", "--yes")
    assert stopped.code == 0, stopped.stderr
    assert f"its end date stays {before[0]}" in stopped.stderr
    account.client("ec2").get_waiter("instance_stopped").wait(InstanceIds=[life.id])
    listed = life.status()["instance"]
    assert (listed["state"], listed["ending"], listed["backstop"]) == ("stopped", "DUE", "ARMED")
    started = life("start", "--yes", "-o", "json")
    assert started.code == 0, started.stderr
    (result,) = started.document()["results"]
    assert (result["id"], result["outcome"]) == (life.id, "starting")
    assert life.state in {"pending", "running"}
    assert (life.tags()["spawn:expires-at"], life.fires_at()) == before


def test_what_it_means_is_asked_about(life: Life) -> None:
    """Without a word of assent nothing is done."""
    refused = life("stop")
    assert refused.code == 2
    assert "--yes confirms it" in refused.stderr
    assert life.state == "running"


def test_one_that_cannot_be_does_not_stop_the_others(
    account: Account, spawn: Program, life: Life
) -> None:
    """Spot, another's name, a word that names none: each is told, and the others are stopped."""
    spot = Life(spawn, account, "--spot")
    done = spawn("stop", "worker", spot.id, "nobody", "--region", REGION, "--yes", "-o", "json")
    assert done.code == 6, done.stderr
    outcomes = {one["id"]: one["outcome"] for one in done.document()["results"]}
    assert outcomes == {life.id: "stopping", spot.id: "not possible", "nobody": "not found"}
    assert spot.state == "running"


def test_one_past_its_end_date_is_extended_first(life: Life, account: Account) -> None:
    """What would end as it starts is not started; the command that it names opens the way."""
    assert life("stop", "--yes").code == 0
    account.client("ec2").get_waiter("instance_stopped").wait(InstanceIds=[life.id])
    life.tag(spawn__expires_at=format_instant(datetime.now(UTC) - timedelta(hours=1)))
    refused = life("start", "--yes")
    assert refused.code == 2, refused.stderr
    command = refused.stderr.partition("try: spawn ")[2].split()
    assert life.spawn(*command, "--region", REGION, "--no-wait").code == 0
    assert life("start", "--yes").code == 0


def test_hibernating_what_cannot_says_how_it_could(life: Life) -> None:
    """An instance that was not launched for it is left, and the flag for next time is named."""
    refused = life("hibernate", "--yes")
    assert refused.code == 2, refused.stderr
    assert "--hibernation" in refused.stderr
    assert life.state == "running"


def test_what_can_hibernate_does(account: Account, spawn: Program) -> None:
    """One that was launched for it is asked to, and keeps its end date."""
    ec2 = account.client("ec2")
    life = Life(spawn, account)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    tags = life.tags() | {"spawn:launch-id": "l-0123456789abcdef"}
    ran = ec2.run_instances(
        ImageId=image,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        ClientToken="l-0123456789abcdef-here",
        HibernationOptions={"Configured": True},
        BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "VolumeSize": 20}}
        ],
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )
    sleeper = ran["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[sleeper])
    done = spawn("hibernate", sleeper, "--region", REGION, "--yes")
    assert done.code == 0, done.stderr
    assert "hibernating" in done.stdout


def test_others_are_pointed_out(account: Account, spawn: Program) -> None:
    """A colleague's name means nothing, and their id is not stopped without permission."""
    life = Life(spawn, account, "--name", "theirs", **user_keys(account, "bob"))
    assert spawn("stop", "theirs", "--region", REGION, "--yes").code == 5
    carl = user_keys(account, "carl", "ec2:StopInstances")
    denied = spawn("stop", life.id, "--region", REGION, "--yes", **carl)
    assert denied.code == 4, denied.stderr
    assert "ec2:StopInstances" in denied.stderr
    assert life.state == "running"
