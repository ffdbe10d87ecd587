"""`spawn apply`: exactly what was saved, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spawn.core.instants import format_instant
from tests.integration.launch.account import Account
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

WORDS = ("launch", "--name", "builder", "--iam-policy", "s3:ReadOnly", "--user-data", "echo hello")
USAGE, FAILED = 2, 1


@pytest.fixture
def saved(spawn: Program, proxy: Proxy, tmp_path: Path) -> Path:
    """A plan that was saved, by a command that could not write."""
    planned = spawn(*WORDS, "--dry-run", "-o", "json")
    assert planned.code == 0, planned.stderr
    assert not [one for one in proxy.records if not one.call.is_read]
    proxy.forget()
    file = tmp_path / "plan.json"
    file.write_text(planned.stdout)
    return file


def test_a_plan_is_applied_as_it_was_saved(saved: Path, account: Account, spawn: Program) -> None:
    """The same launch id, end date and client token that the plan shows are those that are sent."""
    plan = json.loads(saved.read_bytes())
    applied = spawn("apply", str(saved), "-o", "ids")
    assert applied.code == 0, applied.stderr
    (instance,) = account.billable()
    assert instance.instance_id == applied.stdout.strip()
    assert instance.launch_id == plan["launch_id"]
    assert instance.expires_at == datetime.fromisoformat(plan["expires_at"])
    shown = account.client("ec2").describe_instances(InstanceIds=[instance.instance_id])
    tokens = {one["ClientToken"] for each in shown["Reservations"] for one in each["Instances"]}
    assert tokens == {plan["run"]["parameters"]["ClientToken"]}


def test_a_plan_is_applied_once(saved: Path, account: Account, spawn: Program) -> None:
    """Applied again it makes no second instance: what it would make is there."""
    assert spawn("apply", str(saved)).code == 0
    again = spawn("apply", str(saved))
    assert again.code != 0
    assert len(account.billable()) == 1


def make_older(plan: dict[str, Any]) -> None:
    """Move the plan's birth back by 16 minutes."""
    born = datetime.fromisoformat(plan["created_at"]) - timedelta(minutes=16)
    plan["created_at"] = format_instant(born)


def make_younger(plan: dict[str, Any]) -> None:
    """Move the plan's birth by ten seconds, to stretch its quarter of an hour."""
    born = datetime.fromisoformat(plan["created_at"]) - timedelta(seconds=10)
    plan["created_at"] = format_instant(born)


def grow_the_disk(plan: dict[str, Any]) -> None:
    """Ask for more than was shown."""
    plan["run"]["parameters"]["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] = 500


def swap_the_type(plan: dict[str, Any]) -> None:
    """Change what was asked for, and not what comes of it."""
    plan["spec"]["instance_type"] = "m5.24xlarge"


@pytest.mark.parametrize(
    ("edit", "code", "says"),
    [
        (make_older, USAGE, "15 minutes"),
        (make_younger, FAILED, "expires_at"),
        (grow_the_disk, FAILED, "run"),
        (swap_the_type, FAILED, "run"),
    ],
)
def test_an_edited_plan_is_refused(
    edit: Callable[[dict[str, Any]], None],
    code: int,
    says: str,
    *,
    saved: Path,
    spawn: Program,
    proxy: Proxy,
) -> None:
    """Nothing that was put into the file since is carried out."""
    plan = json.loads(saved.read_bytes())
    edit(plan)
    saved.write_text(json.dumps(plan))
    refused = spawn("apply", str(saved), "-o", "json")
    assert refused.code == code, refused.stderr
    assert says in refused.stderr
    assert refused.stdout == ""
    assert not [one for one in proxy.records if not one.call.is_read]


def test_a_changed_account_is_noticed(
    saved: Path, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """A subnet is gone that the plan would have used: it is made anew by the person, not by us."""
    plan = json.loads(saved.read_bytes())
    (face,) = plan["run"]["parameters"]["NetworkInterfaces"]
    account.client("ec2").delete_subnet(SubnetId=face["SubnetId"])
    proxy.forget()
    refused = spawn("apply", str(saved))
    assert refused.code == FAILED, refused.stderr
    assert "--dry-run" in refused.stderr
    assert not [one for one in proxy.records if not one.call.is_read]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 1}', "\x00"])
def test_what_is_no_plan_is_refused(text: str, spawn: Program, tmp_path: Path) -> None:
    """Another file is the person's mistake, told with the command that saves a plan."""
    file = tmp_path / "plan.json"
    file.write_text(text)
    refused = spawn("apply", str(file))
    assert refused.code == USAGE
    assert "spawn launch --dry-run -o json" in refused.stderr
