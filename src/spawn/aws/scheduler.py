"""EventBridge Scheduler: the operations that spawn calls, and what the answers mean."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from spawn.aws.operation import Answer, Permission, read, write
from spawn.aws.passing import PASS_TO_SCHEDULER
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many
from spawn.core.endings import End

# spawn's schedules stand in a group of their own: permissions and the execution role's trust are
# given for the group, and a listing reads nobody else's schedules.
GROUP = "spawn"

_GROUP_ARN = "arn:{partition}:scheduler:{region}:{account}:schedule-group/spawn"
_SCHEDULE_ARN = "arn:{partition}:scheduler:{region}:{account}:schedule/spawn/spawn-*"

GET_SCHEDULE = read("scheduler", "GetSchedule", Permission("scheduler:GetSchedule", _SCHEDULE_ARN))
GET_SCHEDULE_GROUP = read(
    "scheduler", "GetScheduleGroup", Permission("scheduler:GetScheduleGroup", _GROUP_ARN)
)
# Service Authorization Reference: ListSchedules knows no resource.
LIST_SCHEDULES = read("scheduler", "ListSchedules")

CREATE_SCHEDULE_GROUP = write(
    "scheduler",
    "CreateScheduleGroup",
    Permission("scheduler:CreateScheduleGroup", _GROUP_ARN),
    Permission("scheduler:TagResource", _GROUP_ARN),
)
CREATE_SCHEDULE = write(
    "scheduler",
    "CreateSchedule",
    Permission("scheduler:CreateSchedule", _SCHEDULE_ARN),
    PASS_TO_SCHEDULER,
)
DELETE_SCHEDULE = write(
    "scheduler", "DeleteSchedule", Permission("scheduler:DeleteSchedule", _SCHEDULE_ARN)
)
# It replaces the schedule as a whole: what is left out goes back to its default.
UPDATE_SCHEDULE = write(
    "scheduler",
    "UpdateSchedule",
    Permission("scheduler:UpdateSchedule", _SCHEDULE_ARN),
    PASS_TO_SCHEDULER,
)

OPERATIONS = (
    GET_SCHEDULE,
    GET_SCHEDULE_GROUP,
    LIST_SCHEDULES,
    CREATE_SCHEDULE_GROUP,
    CREATE_SCHEDULE,
    DELETE_SCHEDULE,
    UPDATE_SCHEDULE,
)

_NOT_FOUND = ("ResourceNotFoundException",)
# EventBridge Scheduler User Guide, "Schedule types": a point in time, in the schedule's time zone.
_EXPRESSION = "at(%Y-%m-%dT%H:%M:%S)"
_STOP_SUFFIX = "-stop"
_NAME = re.compile(rf"spawn-(i-[0-9a-f]{{8,17}})(?:{_STOP_SUFFIX})?", re.ASCII)


class ScheduleGroup(Shape, frozen=True, kw_only=True):
    """A schedule group. `state` is ACTIVE or DELETING."""

    name: str
    arn: str = ""
    state: str = "ACTIVE"


class ScheduleSummary(Shape, frozen=True, kw_only=True):
    """What a listing tells of a schedule: neither its time nor its role."""

    name: str
    state: str = "ENABLED"
    creation_date: datetime | None = None


class Target(Shape, frozen=True, kw_only=True):
    """What a schedule does; `input` is the JSON text of the call's parameters."""

    arn: str
    role_arn: str = ""
    input: str = ""


class Schedule(Shape, frozen=True, kw_only=True):
    """A whole schedule. `state` is ENABLED or DISABLED."""

    name: str
    schedule_expression: str
    schedule_expression_timezone: str = "UTC"
    state: str = "ENABLED"
    target: Target

    @property
    def fires_at(self) -> datetime | None:
        """When a one-time schedule in UTC fires, None for every other kind."""
        if self.schedule_expression_timezone != "UTC":
            return None
        try:
            return datetime.strptime(self.schedule_expression, _EXPRESSION).replace(tzinfo=UTC)
        except ValueError:
            return None


def schedule_group(answer: Answer) -> ScheduleGroup:
    """Understand GetScheduleGroup."""
    return many({"Groups": (answer,)}, "Groups", ScheduleGroup)[0]


def schedule(answer: Answer) -> Schedule:
    """Understand GetSchedule."""
    return many({"Schedules": (answer,)}, "Schedules", Schedule)[0]


def schedule_summaries(answer: Answer) -> tuple[ScheduleSummary, ...]:
    """Understand ListSchedules."""
    return many(answer, "Schedules", ScheduleSummary)


def expression(at: datetime) -> str:
    """Write when a one-time schedule in UTC fires."""
    return at.astimezone(UTC).strftime(_EXPRESSION)


def target_arn(end: End, partition: str) -> str:
    """Return the universal target that does this to instances (user guide, "Universal targets")."""
    return f"arn:{partition}{_target(end)}"


def _target(end: End) -> str:
    return f":scheduler:::aws-sdk:ec2:{end}Instances"


def target_input(instance_id: str) -> str:
    """Write what that target is called with: one instance, and nothing else."""
    return json.dumps({"InstanceIds": [instance_id]})


def schedule_name(instance_id: str, end: End) -> str:
    """Return the name of the schedule that does this to an instance, in the group."""
    return f"spawn-{instance_id}{_STOP_SUFFIX if end is End.STOP else ''}"


def instance_id_of(name: str) -> str:
    """Return the instance that a schedule's name is made of; "" for a name of another kind."""
    match = _NAME.fullmatch(name)
    return match[1] if match else ""


def does(schedule: Schedule, end: End, instance_id: str) -> bool:
    """Say whether the schedule, once it fires, does this to this instance alone.

    Its input must be the whole request: with `DryRun` in it, say, nothing would happen.
    """
    try:
        request = json.loads(schedule.target.input)
    except ValueError:
        return False
    is_call = schedule.target.arn.endswith(_target(end))
    return is_call and request == {"InstanceIds": [instance_id]}


def group_question(region: str) -> Question[ScheduleGroup]:
    """Ask whether the group exists."""
    return Question(
        operation=GET_SCHEDULE_GROUP,
        parameters={"Name": GROUP},
        region=region,
        understand=schedule_group,
        absent_codes=_NOT_FOUND,
    )


def schedule_question(instance_id: str, end: End, region: str) -> Question[Schedule]:
    """Ask for the schedule that does this to an instance."""
    return Question(
        operation=GET_SCHEDULE,
        parameters={"GroupName": GROUP, "Name": schedule_name(instance_id, end)},
        region=region,
        understand=schedule,
        absent_codes=_NOT_FOUND,
    )


def schedules_question(region: str) -> Question[tuple[ScheduleSummary, ...]]:
    """Ask for all of spawn's schedules in a region; without a group they are absent."""
    return Question(
        operation=LIST_SCHEDULES,
        parameters={"GroupName": GROUP},
        region=region,
        understand=schedule_summaries,
        absent_codes=_NOT_FOUND,
    )
