"""EventBridge Scheduler: the operations that spawn calls, and what the answers mean."""

from __future__ import annotations

from datetime import datetime

from spawn.aws.operation import Answer, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

# spawn's schedules stand in a group of their own: permissions and the execution role's trust are
# given for the group, and a listing reads nobody else's schedules.
GROUP = "spawn"

_GROUP_ARN = "arn:{partition}:scheduler:{region}:{account}:schedule-group/spawn"
_SCHEDULE_ARN = "arn:{partition}:scheduler:{region}:{account}:schedule/spawn/spawn-*"
_BACKSTOP_ROLES = "arn:{partition}:iam::{account}:role/spawn/spawn-backstop-*"

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
    Permission("iam:PassRole", _BACKSTOP_ROLES),
)
DELETE_SCHEDULE = write(
    "scheduler", "DeleteSchedule", Permission("scheduler:DeleteSchedule", _SCHEDULE_ARN)
)

OPERATIONS = (
    GET_SCHEDULE,
    GET_SCHEDULE_GROUP,
    LIST_SCHEDULES,
    CREATE_SCHEDULE_GROUP,
    CREATE_SCHEDULE,
    DELETE_SCHEDULE,
)

_NOT_FOUND = ("ResourceNotFoundException",)


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


def schedule_group(answer: Answer) -> ScheduleGroup:
    """Understand GetScheduleGroup."""
    return many({"Groups": (answer,)}, "Groups", ScheduleGroup)[0]


def schedule(answer: Answer) -> Schedule:
    """Understand GetSchedule."""
    return many({"Schedules": (answer,)}, "Schedules", Schedule)[0]


def schedule_summaries(answer: Answer) -> tuple[ScheduleSummary, ...]:
    """Understand ListSchedules."""
    return many(answer, "Schedules", ScheduleSummary)


def schedule_name(instance_id: str) -> str:
    """Return the name of an instance's backstop, in the group."""
    return f"spawn-{instance_id}"


def instance_id_of(name: str) -> str:
    """Return the instance that a schedule's name is made of; "" for a name of another kind."""
    return name.removeprefix("spawn-") if name.startswith("spawn-i-") else ""


def group_question(region: str) -> Question[ScheduleGroup]:
    """Ask whether the group exists."""
    return Question(
        operation=GET_SCHEDULE_GROUP,
        parameters={"Name": GROUP},
        region=region,
        understand=schedule_group,
        absent_codes=_NOT_FOUND,
    )


def schedule_question(instance_id: str, region: str) -> Question[Schedule]:
    """Ask for an instance's backstop."""
    return Question(
        operation=GET_SCHEDULE,
        parameters={"GroupName": GROUP, "Name": schedule_name(instance_id)},
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
