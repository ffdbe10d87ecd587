"""The backstop: a one-time schedule that terminates an instance, should its own end fail.

It stands outside of the instance: a dead agent, a garbled tag, a hung kernel don't touch it.
Source for the parameters: EventBridge Scheduler User Guide, "Schedule types" and "Using
universal targets"; "Managing schedules" for ActionAfterCompletion.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from spawn.aws import scheduler
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.core.instants import format_instant
from spawn.core.steps import Retry, Stage, Step, Text, Undo, text_around
from spawn.core.tags import tag_list
from spawn.lifecycle.listed import Backstop, BackstopState, Ending, ListedInstance

# The instance ends itself first: its power-off may take two minutes until it is forced.
DELAY = timedelta(minutes=5)
# A schedule that is made late never fires sooner than this: whoever may put tags could otherwise
# end an instance at once by moving its end date into the past.
NOTICE = timedelta(minutes=15)
# Facts of IAM take seconds to be known everywhere; a minute without is a real refusal.
ROLE_WAIT_SECONDS = 60.0
# The most that Scheduler offers. Terminating twice is harmless, an outage of EC2's API is not.
_RETRY_POLICY = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
_EXPRESSION = "at(%Y-%m-%dT%H:%M:%S)"


def plan_group(group: Fact[scheduler.ScheduleGroup], *, region: str, tags: dict[str, str]) -> Stage:
    """Return the step that makes the schedule group, none where it is known to exist.

    Where it could not be looked at it is made all the same: AWS says if it is there already.
    """
    match group:
        case Known():
            return ()
        case Absent() | Unseen():
            return (
                Step(
                    operation=scheduler.CREATE_SCHEDULE_GROUP.key,
                    region=region,
                    parameters={"Name": scheduler.GROUP, "Tags": tag_list(tags)},
                    sentence=f"create the schedule group {scheduler.GROUP} in {region}",
                    accepts=("ConflictException",),
                ),
            )


def plan_backstop(
    instance_id: Text,
    *,
    ends_at: datetime,
    region: str,
    partition: str,
    role_arn: str,
    client_token: Text,
) -> Step:
    """Return the step that has Scheduler terminate the instance, 5 minutes past its end date.

    `client_token` (1 to 64 of `[a-zA-Z0-9-_]`) makes asking twice harmless. Its undo deletes the
    schedule. A ConflictException is accepted: the name holds the instance's id, so a schedule of
    that name is this one, made by a request whose answer was lost.
    """
    fires_at = ends_at.astimezone(UTC) + DELAY
    name = text_around(instance_id, scheduler.schedule_name)
    return Step(
        operation=scheduler.CREATE_SCHEDULE.key,
        region=region,
        parameters={
            "GroupName": scheduler.GROUP,
            "Name": name,
            "Description": "ends an instance whose end date has passed",
            "ScheduleExpression": fires_at.strftime(_EXPRESSION),
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": target_arn(partition),
                "RoleArn": role_arn,
                "Input": text_around(instance_id, _termination_input),
                "RetryPolicy": _RETRY_POLICY,
            },
            "ClientToken": client_token,
        },
        sentence=f"schedule its termination for {format_instant(fires_at)}, whatever happens to it",
        undo=Undo(
            operation=scheduler.DELETE_SCHEDULE.key,
            parameters={"GroupName": scheduler.GROUP, "Name": name},
            sentence="delete its backstop schedule",
        ),
        retries=(
            Retry(
                code="ValidationException",
                message="execution role",
                limit_seconds=ROLE_WAIT_SECONDS,
            ),
        ),
        accepts=("ConflictException",),
    )


def plan_removal(instance_id: str, *, region: str) -> Step:
    """Return the step that deletes an instance's backstop; a missing one is as wanted."""
    return Step(
        operation=scheduler.DELETE_SCHEDULE.key,
        region=region,
        parameters={"GroupName": scheduler.GROUP, "Name": scheduler.schedule_name(instance_id)},
        sentence=f"delete the backstop schedule of {instance_id}",
        accepts=("ResourceNotFoundException",),
    )


def lacks_backstop(row: ListedInstance) -> bool:
    """Say whether the caller's next command owes the instance a backstop.

    Never by its tags alone: with them, whoever may put tags could have any instance ended.
    """
    return row.is_mine and row.is_made_by_spawn and row.backstop is BackstopState.MISSING


def missing_backstops(
    instances: Iterable[ListedInstance],
    *,
    now: datetime,
    partition: str,
    role_arns: dict[str, str],
) -> Stage:
    """Return the steps that give the caller's own instances the backstops that they lack.

    A launch that was killed between RunInstances and CreateSchedule leaves such an instance.
    `role_arns` says by region which execution role is known to exist; where there is none, no
    step can be made. Instances on hold have their backstop off on purpose.
    """
    return tuple(
        plan_backstop(
            row.id,
            ends_at=max(row.expires_at, now + NOTICE - DELAY),
            region=row.region,
            partition=partition,
            role_arn=role_arns[row.region],
            client_token=f"again-{row.id}",
        )
        for row in instances
        if lacks_backstop(row)
        and row.ending in {Ending.DUE, Ending.OVERDUE}
        and row.expires_at is not None
        and row.region in role_arns
    )


def target_arn(partition: str) -> str:
    """Return the universal target for TerminateInstances."""
    return f"arn:{partition}:scheduler:::aws-sdk:ec2:terminateInstances"


def _termination_input(instance_id: str) -> str:
    return json.dumps({"InstanceIds": [instance_id]})


def judge_backstop(
    fact: Fact[scheduler.Schedule], row: ListedInstance, *, partition: str
) -> Backstop:
    """Say whether the schedule will really end this instance, and when.

    Everything that makes it do so is looked at: a schedule that is disabled, late, or does
    something else is BROKEN, with the reason.
    """
    if row.ending is Ending.ENDED:
        return Backstop(state=BackstopState.NOT_NEEDED)
    match fact:
        case Unseen(operation=operation, why=why):
            return Backstop(state=BackstopState.UNKNOWN, why=f"{operation}: {why}")
        case Absent():
            held = row.hold is not None
            return Backstop(state=BackstopState.OFF if held else BackstopState.MISSING)
        case Known(value=schedule):
            fires_at = read_expression(schedule)
            faults = _faults(schedule, fires_at, row, partition=partition)
            state = BackstopState.BROKEN if faults else BackstopState.ARMED
            return Backstop(state=state, fires_at=fires_at, why="; ".join(faults))


def _faults(
    schedule: scheduler.Schedule,
    fires_at: datetime | None,
    row: ListedInstance,
    *,
    partition: str,
) -> list[str]:
    faults = []
    if schedule.state != "ENABLED":
        faults.append(f"it is {schedule.state}")
    if schedule.target.arn != target_arn(partition):
        faults.append(f"it does not terminate but calls {schedule.target.arn}")
    elif _instance_ids(schedule.target.input) != {row.id}:
        faults.append("it does not name this instance alone")
    if fires_at is None:
        faults.append(f"its time {schedule.schedule_expression!r} is not one point in UTC")
    elif row.expires_at is not None and fires_at > row.expires_at + NOTICE:
        faults.append(f"it fires {format_instant(fires_at)}, long after the end date")
    return faults


def read_expression(schedule: scheduler.Schedule) -> datetime | None:
    """Return when a one-time schedule in UTC fires, None for every other kind."""
    if schedule.schedule_expression_timezone != "UTC":
        return None
    try:
        return datetime.strptime(schedule.schedule_expression, _EXPRESSION).replace(tzinfo=UTC)
    except ValueError:
        return None


def _instance_ids(text: str) -> Collection[str]:
    try:
        orders = json.loads(text)
    except ValueError:
        return frozenset()
    found = orders.get("InstanceIds") if isinstance(orders, dict) else None
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()
