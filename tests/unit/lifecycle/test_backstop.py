"""What the backstop promises."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.questions import Absent, Known, Unseen
from spawn.aws.scheduler import Schedule, ScheduleGroup
from spawn.core.steps import Output, OutputReference, Step, resolve
from spawn.lifecycle.backstop import (
    NOTICE,
    judge_backstop,
    missing_backstops,
    plan_backstop,
    plan_group,
    plan_removal,
)
from spawn.lifecycle.listed import BackstopState
from tests.unit.lifecycle.builders import ID, NOW, REGION, row, schedule, summaries

ROLE = "arn:aws:iam::123456789012:role/spawn/spawn-backstop-0"
INSTANCE = OutputReference(Output.INSTANCE_ID)


def planned(
    ends_at: datetime = NOW, *, instance: str | OutputReference = ID, partition: str = "aws"
) -> Step:
    return plan_backstop(
        instance,
        ends_at=ends_at,
        region=REGION,
        partition=partition,
        role_arn=ROLE,
        client_token="token",
    )


def test_the_schedule_terminates_five_minutes_past_the_end_date() -> None:
    """Once, in UTC, without slack, with the owner's role, and gone when it is done."""
    found = planned().parameters
    assert found == {
        "GroupName": "spawn",
        "Name": f"spawn-{ID}",
        "Description": found["Description"],
        "ScheduleExpression": "at(2026-01-27T12:05:00)",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances",
            "RoleArn": ROLE,
            "Input": json.dumps({"InstanceIds": [ID]}),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
        },
        "ClientToken": "token",
    }


def test_it_can_be_planned_before_the_instance_has_an_id() -> None:
    """With the id still to come, plan and undo are the same once it has come."""
    known, later = planned(), planned(instance=INSTANCE)
    outputs = {Output.INSTANCE_ID: (ID,)}
    assert resolve(later.parameters, outputs) == known.parameters
    assert known.undo is not None
    assert later.undo is not None
    assert resolve(later.undo.parameters, outputs) == known.undo.parameters
    assert known.undo.parameters == plan_removal(ID, region=REGION).parameters


def test_other_zones_and_partitions_are_translated() -> None:
    """An end date in any zone is written in UTC, and the target is in the caller's partition."""
    local = NOW.astimezone(timezone(timedelta(hours=9)))
    found = planned(local, partition="aws-cn").parameters
    assert found["ScheduleExpression"] == "at(2026-01-27T12:05:00)"
    assert found["Target"]["Arn"] == "arn:aws-cn:scheduler:::aws-sdk:ec2:terminateInstances"


def test_a_fresh_role_is_waited_for() -> None:
    """The error that a new execution role gives is waited out; other invalid input is not."""
    (rule,) = planned().retries
    message = "The execution role you provide must allow AWS EventBridge Scheduler to assume it."
    assert rule.code == "ValidationException"
    assert rule.message in message
    assert rule.message not in "Invalid Schedule Expression at(x)."
    assert rule.limit_seconds == 60


@pytest.mark.parametrize(
    ("fact", "steps"),
    [(Known(ScheduleGroup(name="spawn")), 0), (Absent(), 1), (Unseen("scheduler:Get", "no"), 1)],
)
def test_the_group_is_made_unless_it_is_seen(fact: Absent, steps: int) -> None:
    """A group that exists is left alone; one that someone makes meanwhile is as wanted."""
    stage = plan_group(fact, region=REGION, tags={"spawn": "true", "owner": "alice"})
    assert len(stage) == steps
    for step in stage:
        assert step.parameters["Tags"] == [
            {"Key": "owner", "Value": "alice"},
            {"Key": "spawn", "Value": "true"},
        ]
        assert step.accepts == ("ConflictException",)
        assert step.undo is None


def missing(**of_row: Any) -> tuple[Step, ...]:
    return missing_backstops([row(**of_row)], now=NOW, partition="aws", role_arns={REGION: ROLE})


def test_a_missing_backstop_is_made_for_ones_own() -> None:
    """What a killed launch left without a schedule gets the one that it should have had."""
    (step,) = missing()
    assert step.parameters["ScheduleExpression"] == "at(2026-01-27T14:05:00)"
    assert step.parameters["Name"] == f"spawn-{ID}"
    assert step.parameters["Target"]["RoleArn"] == ROLE


@pytest.mark.parametrize("late", [timedelta(minutes=-1), timedelta(days=-3), timedelta(minutes=5)])
def test_a_late_backstop_gives_notice(late: timedelta) -> None:
    """Nobody's instance is ended sooner than a quarter of an hour after the schedule is made."""
    (step,) = missing(ends_in=late)
    assert step.parameters["ScheduleExpression"] == f"at({NOW + NOTICE:%Y-%m-%dT%H:%M:%S})"


@pytest.mark.parametrize(
    "of_row",
    [
        {"owner": "bob"},
        {"schedules": summaries(f"spawn-{ID}")},
        {"schedules": Unseen("scheduler:ListSchedules", "denied")},
        {"tags": {"spawn:hold": "case-7"}},
        {"ends_in": None},
        {"state": "terminated"},
        {"state": "shutting-down"},
        {"region": "us-east-1"},
    ],
    ids=str,
)
def test_no_backstop_is_made_where_it_is_not_ours_to_make(of_row: dict[str, Any]) -> None:
    """Others' instances, held and ended ones, and those of unknown end are left alone."""
    assert missing(**of_row) == ()


def test_a_stopped_instance_needs_its_backstop() -> None:
    """A stopped instance can't end itself, so that only the schedule will."""
    assert len(missing(state="stopped")) == 1


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"state": "DISABLED"}, "DISABLED"),
        ({"target": "arn:aws:scheduler:::aws-sdk:ec2:startInstances"}, "startInstances"),
        ({"ids": ("i-0fedcba9876543210",)}, "name this instance"),
        ({"ids": (ID, "i-0fedcba9876543210")}, "name this instance"),
        ({"expression": "rate(5 minutes)"}, "rate"),
        ({"timezone": "Asia/Tokyo"}, "UTC"),
        ({"expression": "at(2026-02-27T12:05:00)"}, "long after"),
    ],
)
def test_a_schedule_that_will_not_end_it_is_broken(changed: dict[str, Any], word: str) -> None:
    """Whatever keeps the schedule from ending this instance in time is found, and said."""
    found = judge_backstop(Known(schedule(**changed)), row(), partition="aws")
    assert found.state is BackstopState.BROKEN
    assert word in found.why


def test_a_schedule_that_will_end_it_is_armed() -> None:
    """The schedule that a launch makes is judged as armed, with its time."""
    found = judge_backstop(Known(schedule()), row(), partition="aws")
    assert found.state is BackstopState.ARMED
    assert found.fires_at == NOW + timedelta(hours=2, minutes=5)
    assert found.why == ""


@pytest.mark.parametrize(
    ("fact", "of_row", "expected"),
    [
        (Absent(), {}, BackstopState.MISSING),
        (Absent(), {"tags": {"spawn:hold": "x"}}, BackstopState.OFF),
        (Absent(), {"state": "terminated"}, BackstopState.NOT_NEEDED),
        (Unseen("scheduler:GetSchedule", "denied"), {}, BackstopState.UNKNOWN),
    ],
)
def test_what_is_not_seen_is_not_armed(
    fact: Absent, of_row: dict[str, Any], expected: BackstopState
) -> None:
    """No schedule, and one that can't be looked at, are told apart."""
    assert judge_backstop(fact, row(**of_row), partition="aws").state is expected


@given(st.text(), st.text(), st.text())
def test_judging_never_raises(expression: str, timezone: str, text: str) -> None:
    """A schedule may hold any text: it is broken then, and no error."""
    broken = Schedule(
        name="x",
        schedule_expression=expression,
        schedule_expression_timezone=timezone,
        target=schedule().target.__class__(arn=schedule().target.arn, input=text),
    )
    assert judge_backstop(Known(broken), row(), partition="aws").state is BackstopState.BROKEN
