"""What the backstop promises."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.questions import Absent, Known, Unseen
from spawn.aws.scheduler import Schedule, ScheduleGroup
from spawn.core.endings import Alarm, End, alarms
from spawn.core.instants import format_instant
from spawn.core.steps import Output, OutputReference, Step, resolve
from spawn.lifecycle.backstop import (
    NOTICE,
    Arming,
    Behind,
    judge_backstop,
    may_be_armed,
    needs_role,
    plan_backstop,
    plan_group,
    plan_rearming,
    plan_removal,
)
from spawn.lifecycle.listed import BackstopState
from tests.unit.lifecycle.builders import (
    ID,
    NOW,
    OTHER_ID,
    OTHER_ROLE,
    REGION,
    ROLE,
    behind,
    row,
    schedule,
)

INSTANCE = OutputReference(Output.INSTANCE_ID)
ENDS_AT = NOW + timedelta(hours=2)
ARMING = Arming(partition="aws", role_arn=OTHER_ROLE, now=NOW)
STOPS = {"spawn:on-expiry": "stop"}
DENIED = Unseen("scheduler:GetSchedule", "denied")
FIRST = datetime(1000, 1, 1)  # noqa: DTZ001  hypothesis wants its bounds without a zone
ANY_DATE = st.datetimes(min_value=FIRST, timezones=st.just(UTC))


def planned(
    ends_at: datetime = NOW,
    *,
    instance: str | OutputReference = ID,
    partition: str = "aws",
    tags: dict[str, str] | None = None,
) -> tuple[Step, ...]:
    return plan_backstop(
        instance,
        alarms(ends_at, tags or {}),
        region=REGION,
        partition=partition,
        role_arn=ROLE,
        client_token="token",
    )


def test_the_schedule_terminates_five_minutes_past_the_end_date() -> None:
    """Once, in UTC, without slack, with the owner's role, and gone when it is done."""
    (step,) = planned()
    assert step.parameters == {
        "GroupName": "spawn",
        "Name": f"spawn-{ID}",
        "Description": step.parameters["Description"],
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


def test_disks_that_are_kept_have_two_schedules() -> None:
    """One stops the instance after its end date, the other terminates it a week later."""
    stop, gone = planned(tags=STOPS)
    assert stop.parameters["Name"] == f"spawn-{ID}-stop"
    assert stop.parameters["ScheduleExpression"] == "at(2026-01-27T12:05:00)"
    assert stop.parameters["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
    assert gone.parameters["Name"] == f"spawn-{ID}"
    assert gone.parameters["ScheduleExpression"] == "at(2026-02-03T12:05:00)"
    assert gone.parameters["Target"]["Arn"].endswith(":ec2:terminateInstances")
    assert stop.parameters["ClientToken"] != gone.parameters["ClientToken"]
    assert {one.parameters["Target"]["Input"] for one in (stop, gone)} == {
        json.dumps({"InstanceIds": [ID]})
    }


@pytest.mark.parametrize("tags", [{}, STOPS], ids=["terminate", "stop"])
def test_it_can_be_planned_before_the_instance_has_an_id(tags: dict[str, str]) -> None:
    """With the id still to come, plan and undo are the same once it has come."""
    outputs = {Output.INSTANCE_ID: (ID,)}
    removals = {step.parameters["Name"] for step in plan_removal(ID, region=REGION)}
    pairs = zip(planned(tags=tags), planned(instance=INSTANCE, tags=tags), strict=True)
    for known, later in pairs:
        assert resolve(later.parameters, outputs) == known.parameters
        assert known.undo is not None
        assert later.undo is not None
        assert resolve(later.undo.parameters, outputs) == known.undo.parameters
        assert known.undo.parameters["Name"] in removals


def test_other_zones_and_partitions_are_translated() -> None:
    """An end date in any zone is written in UTC, and the target is in the caller's partition."""
    local = NOW.astimezone(timezone(timedelta(hours=9)))
    (step,) = planned(local, partition="aws-cn")
    assert step.parameters["ScheduleExpression"] == "at(2026-01-27T12:05:00)"
    target = step.parameters["Target"]["Arn"]
    assert target == "arn:aws-cn:scheduler:::aws-sdk:ec2:terminateInstances"


def test_a_fresh_role_is_waited_for() -> None:
    """The error that a new execution role gives is waited out; other invalid input is not."""
    (step,) = planned()
    (rule,) = step.retries
    message = "The execution role you provide must allow AWS EventBridge Scheduler to assume it."
    assert rule.code == "ValidationException"
    assert rule.message in message
    assert rule.message not in "Invalid Schedule Expression at(x)."
    assert rule.limit_seconds == 60


def test_all_schedules_of_an_instance_are_removed() -> None:
    """Whatever its tags say by now, both kinds go, and a missing one is as wanted."""
    steps = plan_removal(ID, region=REGION)
    assert {step.parameters["Name"] for step in steps} == {f"spawn-{ID}", f"spawn-{ID}-stop"}
    assert {step.accepts for step in steps} == {("ResourceNotFoundException",)}


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


def rearmed(
    found: Behind | None = None, *, ends_at: datetime = ENDS_AT, **of_row: Any
) -> tuple[Step, ...]:
    return plan_rearming(row(**of_row), found or behind(), ends_at=ends_at, arming=ARMING)


def test_a_missing_backstop_is_made() -> None:
    """What has no schedule gets the one that it should have had, by the role that is known."""
    (step,) = rearmed()
    assert step.operation == "scheduler:CreateSchedule"
    assert step.parameters["ScheduleExpression"] == "at(2026-01-27T14:05:00)"
    assert step.parameters["Name"] == f"spawn-{ID}"
    assert step.parameters["Target"]["RoleArn"] == OTHER_ROLE


@pytest.mark.parametrize("late", [timedelta(minutes=-1), timedelta(days=-3), timedelta(minutes=5)])
@pytest.mark.parametrize(
    "found", [behind(), behind(schedule(state="DISABLED"))], ids=["none", "off"]
)
def test_a_late_backstop_gives_notice(late: timedelta, found: Behind) -> None:
    """Nobody's instance is ended sooner than a quarter of an hour after a schedule is put right."""
    (step,) = rearmed(found, ends_at=NOW + late, ends_in=late)
    assert step.parameters["ScheduleExpression"] == f"at({NOW + NOTICE:%Y-%m-%dT%H:%M:%S})"


@pytest.mark.parametrize(
    "altered",
    [
        {"state": "DISABLED"},
        {"target": "arn:aws:scheduler:::aws-sdk:ec2:startInstances"},
        {"ids": (OTHER_ID,)},
        {"request": f'{{"InstanceIds": ["{ID}"], "DryRun": true}}'},
        {"expression": "at(2026-02-27T12:05:00)"},
        {"expression": "at(2026-01-27T13:00:00)"},
        {"expression": "rate(5 minutes)"},
        {"timezone": "Asia/Tokyo"},
        {"role": "arn:aws:iam::123456789012:role/admin"},
    ],
    ids=str,
)
def test_an_altered_schedule_is_put_right_as_a_whole(altered: dict[str, Any]) -> None:
    """One update leaves the schedule as a launch makes it, switched on, whatever it was."""
    (step,) = rearmed(behind(schedule(**altered)))
    (made,) = rearmed()
    assert step.operation == "scheduler:UpdateSchedule"
    kept = made.parameters | {"State": "ENABLED"}
    del kept["ClientToken"]
    role = ROLE if "role" not in altered else OTHER_ROLE
    assert step.parameters == kept | {"Target": kept["Target"] | {"RoleArn": role}}
    assert step.retries == made.retries


def test_what_is_right_is_left_alone() -> None:
    """Where the schedule is as it should be there is nothing to do."""
    assert rearmed(behind(schedule())) == ()


def test_an_overdue_schedule_is_never_put_off_again() -> None:
    """One that was armed late, and fires soon, stays: each command would else give new notice."""
    soon = schedule(expression="at(2026-01-27T12:03:00)")
    assert rearmed(behind(soon), ends_at=NOW - timedelta(hours=1)) == ()


def test_a_schedule_that_did_nothing_is_armed_again() -> None:
    """One whose time has passed, and that is there all the same, will not do it any more."""
    dead = schedule(expression="at(2026-01-27T11:05:00)")
    (step,) = rearmed(behind(dead), ends_at=NOW - timedelta(hours=1))
    assert step.parameters["ScheduleExpression"] == "at(2026-01-27T12:15:00)"


def test_both_schedules_are_put_right() -> None:
    """Where the disks are kept, each of the two is made or moved for itself."""
    gone = schedule(expression="at(2026-02-03T14:05:00)")
    (stop,) = rearmed(behind(gone), tags=STOPS)
    assert (stop.operation, stop.parameters["Name"]) == (
        "scheduler:CreateSchedule",
        f"spawn-{ID}-stop",
    )
    early = schedule()
    stop_step, gone_step = rearmed(behind(early), tags=STOPS)
    assert gone_step.operation == "scheduler:UpdateSchedule"
    assert gone_step.parameters["ScheduleExpression"] == "at(2026-02-03T14:05:00)"
    assert stop_step.parameters["ScheduleExpression"] == "at(2026-01-27T14:05:00)"


def test_a_schedule_that_nothing_asked_for_goes() -> None:
    """An instance that ends at its date is not stopped before it by a leftover schedule."""
    (step,) = rearmed(behind(schedule(), schedule(End.STOP)))
    assert step.operation == "scheduler:DeleteSchedule"
    assert step.parameters["Name"] == f"spawn-{ID}-stop"


def test_what_cannot_be_seen_is_not_written_over() -> None:
    """Where a schedule can't be looked at, nothing is planned for it."""
    assert rearmed(behind(DENIED)) == ()
    assert not needs_role(row(), behind(DENIED), ends_at=ENDS_AT, now=NOW)


def test_a_role_is_needed_only_where_none_serves() -> None:
    """Schedules that act by the owner's role keep it, and nobody has to look at roles."""
    wants = [
        needs_role(row(), one, ends_at=ENDS_AT, now=NOW)
        for one in (
            behind(),
            behind(schedule()),
            behind(schedule(role=OTHER_ROLE)),
            behind(schedule(role=OTHER_ROLE), unseen_roles={OTHER_ROLE: DENIED}),
        )
    ]
    assert wants == [True, False, True, False]


@pytest.mark.parametrize(
    ("of_row", "expected"),
    [
        ({}, True),
        ({"state": "stopped"}, True),
        ({"owner": "bob"}, False),
        ({"ClientToken": "somebody-else"}, False),
        ({"tags": {"spawn:hold": "case-7"}}, False),
        ({"ends_in": None}, False),
        ({"state": "terminated"}, False),
        ({"state": "shutting-down"}, False),
    ],
    ids=str,
)
def test_no_backstop_is_armed_where_it_is_not_ours_to_arm(
    of_row: dict[str, Any], expected: bool
) -> None:
    """Others' instances, held and ended ones, those by tags alone and of unknown end are left."""
    assert may_be_armed(row(**of_row)) is expected


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"state": "DISABLED"}, "DISABLED"),
        ({"target": "arn:aws:scheduler:::aws-sdk:ec2:startInstances"}, "startInstances"),
        ({"target": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"}, "stopInstances"),
        ({"ids": (OTHER_ID,)}, "does not terminate this instance"),
        ({"ids": (ID, OTHER_ID)}, "does not terminate this instance"),
        ({"request": f'{{"InstanceIds": ["{ID}"], "DryRun": true}}'}, "does not terminate"),
        ({"role": OTHER_ROLE}, OTHER_ROLE),
        ({"role": ""}, "no role"),
        ({"expression": "rate(5 minutes)"}, "rate"),
        ({"timezone": "Asia/Tokyo"}, "UTC"),
        ({"expression": "at(2026-02-27T12:05:00)"}, "long after"),
        ({"expression": "at(2026-01-27T13:59:00)"}, "before the end date"),
    ],
    ids=str,
)
def test_a_schedule_that_will_not_end_it_is_broken(changed: dict[str, Any], word: str) -> None:
    """Whatever keeps the schedule from ending this instance in time is found, and said."""
    found = judge_backstop(behind(schedule(**changed)), row(), now=NOW)
    assert found.state is BackstopState.BROKEN
    assert word in found.why


def test_the_schedule_that_stops_it_is_looked_at_as_closely() -> None:
    """Where the disks are kept, both must be right, and the fault says which is not."""
    gone = schedule(expression="at(2026-02-03T14:05:00)")
    armed = judge_backstop(behind(gone, schedule(End.STOP)), row(tags=STOPS), now=NOW)
    assert armed.state is BackstopState.ARMED
    assert armed.stops_at == ENDS_AT + timedelta(minutes=5)
    assert armed.fires_at == ENDS_AT + timedelta(days=7, minutes=5)
    off = schedule(End.STOP, state="DISABLED")
    broken = judge_backstop(behind(gone, off), row(tags=STOPS), now=NOW)
    assert (broken.state, broken.why) == (
        BackstopState.BROKEN,
        "the one that stops it: it is DISABLED",
    )
    early = judge_backstop(behind(schedule(), schedule(End.STOP)), row(tags=STOPS), now=NOW)
    assert "before the end date" in early.why
    half = judge_backstop(behind(gone), row(tags=STOPS), now=NOW)
    assert (half.state, half.why) == (BackstopState.MISSING, "nothing stops it")


def test_a_leftover_that_would_stop_it_is_broken() -> None:
    """An instance that was to live until its end is not to be stopped before."""
    found = judge_backstop(behind(schedule(), schedule(End.STOP)), row(), now=NOW)
    assert found.state is BackstopState.BROKEN
    assert "not launched for" in found.why


def test_what_stopped_on_time_needs_no_stop() -> None:
    """With its disks kept, only the schedule that ends it is left, and that is as it should be."""
    late = timedelta(hours=-1)
    gone = schedule(expression="at(2026-02-03T11:05:00)")
    stopped = row(state="stopped", ends_in=late, tags=STOPS)
    assert judge_backstop(behind(gone), stopped, now=NOW).state is BackstopState.ARMED
    running = row(ends_in=late, tags=STOPS)
    assert judge_backstop(behind(gone), running, now=NOW).state is BackstopState.MISSING


def test_a_schedule_that_will_end_it_is_armed() -> None:
    """The schedule that a launch makes is judged as armed, with its time."""
    found = judge_backstop(behind(schedule()), row(), now=NOW)
    assert found.state is BackstopState.ARMED
    assert found.fires_at == NOW + timedelta(hours=2, minutes=5)
    assert found.why == ""


def test_one_that_was_armed_late_is_armed() -> None:
    """After its end date a schedule fires with notice, and that is not too late."""
    late = schedule(expression=f"at({NOW + NOTICE:%Y-%m-%dT%H:%M:%S})")
    overdue = row(ends_in=timedelta(days=-2))
    assert judge_backstop(behind(late), overdue, now=NOW).state is BackstopState.ARMED
    dead = schedule(expression="at(2026-01-27T11:00:00)")
    judged = judge_backstop(behind(dead), row(ends_in=timedelta(hours=-1, minutes=-5)), now=NOW)
    assert judged.state is BackstopState.BROKEN
    assert "has not done it" in judged.why


@pytest.mark.parametrize(
    ("found", "of_row", "expected"),
    [
        (behind(), {}, BackstopState.MISSING),
        (behind(), {"tags": {"spawn:hold": "x"}}, BackstopState.OFF),
        (behind(schedule(state="DISABLED")), {"tags": {"spawn:hold": "x"}}, BackstopState.OFF),
        (behind(schedule()), {"tags": {"spawn:hold": "x"}}, BackstopState.ARMED),
        (behind(), {"state": "terminated"}, BackstopState.NOT_NEEDED),
        (behind(DENIED), {}, BackstopState.UNKNOWN),
        (behind(DENIED), {"tags": {"spawn:hold": "x"}}, BackstopState.UNKNOWN),
        (
            behind(schedule(role=OTHER_ROLE), unseen_roles={OTHER_ROLE: DENIED}),
            {},
            BackstopState.UNKNOWN,
        ),
    ],
    ids=str,
)
def test_what_is_not_seen_is_not_armed(
    found: Behind, of_row: dict[str, Any], expected: BackstopState
) -> None:
    """No schedule, one that can't be looked at, and one of an unseen role are told apart."""
    assert judge_backstop(found, row(**of_row), now=NOW).state is expected


@given(st.text(), st.text(), st.text(), st.text())
def test_judging_never_raises(expression: str, timezone: str, text: str, role: str) -> None:
    """A schedule may hold any text: it is broken then, and no error."""
    target = schedule().target.__class__(arn=schedule().target.arn, input=text, role_arn=role)
    broken = Schedule(
        name="x",
        schedule_expression=expression,
        schedule_expression_timezone=timezone,
        target=target,
    )
    assert judge_backstop(behind(broken), row(), now=NOW).state is BackstopState.BROKEN


@given(ANY_DATE)
def test_what_is_planned_is_judged_as_armed(ends_at: datetime) -> None:
    """For any end date, the schedules that are planned are those that are wanted."""
    ends_at = ends_at.replace(microsecond=0)
    for tags in ({}, STOPS):
        carried = tags | {"spawn:expires-at": format_instant(ends_at)}
        one = row(ends_in=None, tags=carried)
        steps = plan_rearming(one, behind(), ends_at=ends_at, arming=ARMING)
        made = {
            end: schedule(end, expression=step.parameters["ScheduleExpression"])
            for step, end in zip(
                steps, [alarm.does for alarm in alarms(ends_at, tags)], strict=True
            )
        }
        found = behind(made[End.TERMINATE], made.get(End.STOP))
        assert judge_backstop(found, one, now=NOW).state is BackstopState.ARMED
        assert plan_rearming(one, found, ends_at=ends_at, arming=ARMING) == ()


def test_an_alarm_says_what_it_does() -> None:
    """The words of a step tell what is done, and when."""
    (step,) = rearmed()
    assert step.sentence == (
        "schedule its termination for 2026-01-27T14:05:00Z, whatever happens to it"
    )
    (moved,) = rearmed(behind(schedule(state="DISABLED")))
    assert moved.sentence.startswith("move its termination to 2026-01-27T14:05:00Z")
    assert Alarm(End.STOP, NOW).does == "stop"
