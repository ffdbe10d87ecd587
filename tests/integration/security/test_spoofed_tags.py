"""A colleague who may put tags, and nothing else, can't turn spawn against anybody's instances."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.launch.account import Account
from tests.tools.faults import Effect, Fault
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

LAUNCH_ID = "l-0123456789abcdef"
LONG_AGO = "2020-01-01T00:00:00Z"
OWNER = "admin"


def run_instance(account: Account) -> str:
    """Launch an instance as another program would, and return its id."""
    ec2 = account.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ran = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, ClientToken="theirs"
    )
    return str(ran["Instances"][0]["InstanceId"])


def put_tags(account: Account, resource: str, **more: str) -> None:
    """Tag it as spawn tags the person's own, with an end date that has long passed."""
    tags = {
        "spawn": "true",
        "owner": OWNER,
        "Name": "web",
        "spawn:launch-id": LAUNCH_ID,
        "spawn:expires-at": LONG_AGO,
        "spawn:created-at": LONG_AGO,
    }
    shown = [{"Key": key, "Value": value} for key, value in (tags | more).items()]
    account.client("ec2").create_tags(Resources=[resource], Tags=shown)


@pytest.fixture
def victim(account: Account) -> str:
    """Somebody's instance that spawn has never launched, tagged as if it had."""
    instance_id = run_instance(account)
    put_tags(account, instance_id)
    return instance_id


def living(account: Account) -> set[str]:
    """Return the instances that have not ended."""
    return {one.instance_id for one in account.billable()}


def test_listing_ends_nothing(account: Account, victim: str, spawn: Program) -> None:
    """A spoofed instance is shown, and gets no schedule that would terminate it in our name."""
    listed = spawn("list")
    assert listed.code == 0, listed.stderr
    assert victim in listed.stdout
    assert "made good" not in listed.stderr
    assert account.backstop_of(victim) is None


def test_a_name_never_means_it(account: Account, victim: str, spawn: Program) -> None:
    """It can't be ended by a name that was put on it, and does not hide the real bearer."""
    refused = spawn("cancel", "web", "--yes")
    assert refused.code == 5, refused.stderr
    launched = spawn("launch", "--name", "web", "-o", "ids")
    assert launched.code == 0, launched.stderr
    ended = spawn("cancel", "web", "--yes", "-o", "ids")
    assert ended.stdout == launched.stdout
    assert living(account) == {victim}


def test_cleanup_leaves_it_and_says_so(account: Account, victim: str, spawn: Program) -> None:
    """Overdue by its tags alone is not overdue, even for --all."""
    cleaned = spawn("cleanup", "--all", "--yes")
    assert f"keep   instance {victim}" in cleaned.stdout
    assert living(account) == {victim}


def test_cleanup_leaves_groups_and_keys_of_other_names(account: Account, spawn: Program) -> None:
    """A group or key pair that bears no name of spawn's stays, whatever tags are put on it."""
    ec2 = account.client("ec2")
    group = ec2.create_security_group(GroupName="launch-template", Description="theirs")["GroupId"]
    pair = ec2.create_key_pair(KeyName="autoscaling")["KeyPairId"]
    for resource in (group, pair):
        put_tags(account, resource)
    cleaned = spawn("cleanup", "--all", "--yes")
    assert cleaned.code == 0, cleaned.stderr
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert ec2.describe_key_pairs(KeyPairIds=[pair])["KeyPairs"]


def test_taking_back_ends_what_the_launch_made(
    account: Account, victim: str, spawn: Program, tmp_path: Path
) -> None:
    """A failed launch ends its own instance, and not another that its launch id was put on."""
    saved = tmp_path / "plan.json"
    saved.write_text(spawn("launch", "--dry-run", "-o", "json").stdout, encoding="utf-8")
    put_tags(account, victim, **{"spawn:launch-id": json.loads(saved.read_bytes())["launch_id"]})
    with Proxy(account.cloud.endpoint_url) as proxy:
        proxy.place(Fault(effect=Effect.DENY, operation="scheduler:CreateSchedule"))
        failed = spawn("apply", str(saved), AWS_ENDPOINT_URL=proxy.url)
    assert "was ended again" in failed.stderr
    assert living(account) == {victim}
