"""The backstop against whoever alters it, and against its own role: on a control plane."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spawn.core.instants import format_instant, parse_instant
from tests.integration.launch.account import REGION, Account
from tests.integration.lifecycle.lives import GROUP, Life, time_of, user_keys
from tests.tools.programs import Program

NOTICE = timedelta(minutes=15)
TERMINATE, STOP = "terminateInstances", "stopInstances"
PATIENCE_SECONDS = 20.0


def wait_for(look: Callable[[], object], what: str) -> None:
    """Look again and again until it is so; fail after a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


def altered(life: Life, how: str) -> None:
    """Alter the schedule that terminates the instance, as somebody might who may."""
    one = life.schedules()[TERMINATE]
    target = one["Target"]
    late = "at(2036-01-01T00:00:00)"
    changes: dict[str, dict[str, Any]] = {
        "disabled": {"State": "DISABLED"},
        "late": {"ScheduleExpression": late},
        "early": {"ScheduleExpression": f"at({datetime.now(UTC) + NOTICE:%Y-%m-%dT%H:%M:%S})"},
        "another target": {
            "Target": target | {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:describeInstances"}
        },
        "a dry run": {
            "Target": target | {"Input": json.dumps({"InstanceIds": [life.id], "DryRun": True})}
        },
        "another role": {
            "Target": target | {"RoleArn": f"arn:aws:iam::123456789012:role/{other_role(life)}"}
        },
    }
    life.update_schedule(TERMINATE, **changes[how])


def other_role(life: Life) -> str:
    """Make a role that the Scheduler may take, and that may do nothing."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "scheduler.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    name = "does-nothing"
    life.account.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)
    )
    return name


@pytest.mark.parametrize(
    ("how", "command"),
    [
        ("disabled", "list"),
        ("late", "status"),
        ("early", "list"),
        ("another target", "status"),
        ("a dry run", "list"),
        ("another role", "status"),
    ],
)
def test_an_altered_schedule_is_found_and_put_right(
    how: str, command: str, account: Account, spawn: Program
) -> None:
    """Whatever was done to it shows as BROKEN, and the same command makes it as it was."""
    life = Life(spawn, account)
    (before,) = life.schedules().values()
    altered(life, how)
    words = (life.id,) if command == "status" else ()
    seen = spawn(command, *words, "--region", REGION, "-o", "json")
    assert seen.code == 0, seen.stderr
    found = seen.document()
    shown = found["backstop"]["state"] if words else found["instances"][0]["backstop"]
    assert shown == "BROKEN"
    assert "made good: " in seen.stderr
    (after,) = life.schedules().values()
    for member in ("ScheduleExpression", "State", "Target", "ActionAfterCompletion"):
        assert after[member] == before[member]
    again = spawn(command, *words, "--region", REGION, "-o", "json")
    assert "made good" not in again.stderr


def test_other_commands_put_it_right_as_well(account: Account, spawn: Program) -> None:
    """A command about another instance mends what it was not asked about."""
    life, other = Life(spawn, account), Life(spawn, account)
    altered(life, "late")
    assert other("cancel", "--yes").code == 0
    assert time_of(life.schedules()[TERMINATE]).year < 2036


def test_what_is_mended_gives_notice(account: Account, spawn: Program) -> None:
    """An end date that somebody moved into the past ends nothing within a quarter of an hour."""
    life = Life(spawn, account)
    life.tag(spawn__expires_at="2020-01-01T00:00:00Z")
    began = datetime.now(UTC)
    assert spawn("list", "--region", REGION).code == 0
    (fires_at,) = life.fires_at().values()
    assert began + NOTICE - timedelta(seconds=1) <= fires_at <= datetime.now(UTC) + NOTICE
    assert spawn("list", "--region", REGION).code == 0
    assert list(life.fires_at().values()) == [fires_at]


@pytest.mark.parametrize("text", ["2020-01-01T00:00Z", "2020-01-01T00:00:00+00:00", "never"])
def test_a_date_in_another_form_moves_nothing(text: str, account: Account, spawn: Program) -> None:
    """What the agent would not read is UNKNOWN to spawn as well, and no schedule follows it."""
    life = Life(spawn, account)
    before = life.fires_at()
    life.tag(spawn__expires_at=text)
    assert life.status()["instance"]["ending"] == "UNKNOWN"
    assert spawn("list", "--region", REGION).code == 0
    assert life.fires_at() == before


def test_a_missing_stop_is_made_again(account: Account, spawn: Program) -> None:
    """Where the disks are kept, each of the two schedules is made again where it is gone."""
    life = Life(spawn, account, "--on-expiry", "stop")
    before = life.fires_at()
    assert before[TERMINATE] - before[STOP] == timedelta(days=7)
    life.scheduler.delete_schedule(GroupName=GROUP, Name=f"spawn-{life.id}-stop")
    shown = spawn("list", "--region", REGION)
    assert "NO BACKSTOP" in shown.stdout
    assert life.fires_at() == before


def test_cancel_takes_both_schedules_away(account: Account, spawn: Program) -> None:
    """When the instance is ended by hand, nothing of its backstop is left."""
    life = Life(spawn, account, "--on-expiry", "stop")
    assert life("cancel", "--yes").code == 0
    assert life.schedules() == {}


def fire(life: Life, call: str, *, role: str) -> None:
    """Have a schedule do this to the instance at once, by this role, and wait until it has tried.

    It goes when it has done its work, or has failed for good.
    """
    name = f"spawn-try-{time.monotonic_ns()}"
    life.scheduler.create_schedule(
        GroupName=GROUP,
        Name=name,
        ScheduleExpression=f"at({datetime.now(UTC) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S})",
        ScheduleExpressionTimezone="UTC",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": f"arn:aws:scheduler:::aws-sdk:ec2:{call}",
            "RoleArn": role,
            "Input": json.dumps({"InstanceIds": [life.id]}),
            "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
        },
    )

    def names() -> list[str]:
        found = life.scheduler.list_schedules(GroupName=GROUP)["Schedules"]
        return [one["Name"] for one in found]

    wait_for(lambda: name not in names(), f"{name} to be over")


def role_of(life: Life) -> str:
    return str(life.schedules()[TERMINATE]["Target"]["RoleArn"])


@pytest.mark.parametrize("call", [TERMINATE, STOP])
def test_a_role_ends_its_owners_instances_and_no_others(
    call: str, account: Account, spawn: Program
) -> None:
    """Under IAM as it is enforced: no colleague's, nothing held, and then what is its owner's."""
    mine, theirs = Life(spawn, account), Life(spawn, account, **user_keys(account, "bob"))
    assert role_of(mine) != role_of(theirs)
    fire(theirs, call, role=role_of(mine))
    fire(mine, call, role=role_of(theirs))
    assert (mine.state, theirs.state) == ("running", "running")
    mine.tag(spawn__hold="")
    fire(mine, call, role=role_of(mine))
    assert mine.state == "running"
    mine.ec2.delete_tags(Resources=[mine.id], Tags=[{"Key": "spawn:hold"}])
    fire(mine, call, role=role_of(mine))
    wait_for(lambda: mine.state not in {"running", "pending"}, f"{mine.id} to be {call}")
    assert theirs.state == "running"


def test_a_role_may_do_nothing_else(account: Account, spawn: Program) -> None:
    """What ends an owner's instances can't start them, tag them or take their protection away."""
    life = Life(spawn, account)
    name = role_of(life).rpartition("/")[2]
    iam = account.client("iam")
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    (statement,) = document["Statement"]
    assert sorted(statement["Action"]) == ["ec2:StopInstances", "ec2:TerminateInstances"]
    assert not iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]


def test_an_instance_past_its_end_date_is_overdue_in_status_and_list(
    account: Account, spawn: Program
) -> None:
    """Whatever else is said of it, a passed end date is said first."""
    life = Life(spawn, account)
    past = format_instant(datetime.now(UTC) - timedelta(minutes=5))
    life.tag(spawn__expires_at=past)
    assert life.status()["instance"]["ending"] == "OVERDUE"
    assert "OVERDUE" in spawn("list", "--region", REGION).stdout
    assert parse_instant(life.tags()["spawn:expires-at"]) == parse_instant(past)
