"""Instances, rows and schedules as small as a test needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from spawn.aws import ec2, scheduler
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.core.endings import End
from spawn.core.instants import format_instant
from spawn.lifecycle.backstop import Behind
from spawn.lifecycle.listed import ListedInstance, Schedules, listed_instance

NOW = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
ME = "alice"
REGION = "eu-west-1"
ID = "i-0123456789abcdef0"
LAUNCH_ID = "l-0123456789abcdef"
OTHER_ID = "i-0fedcba9876543210"
NO_SCHEDULES: Fact[Schedules] = Known(())


def instance(
    instance_id: str = ID,
    *,
    state: str = "running",
    owner: str = ME,
    ends_in: timedelta | None = timedelta(hours=2),
    launched: datetime = NOW - timedelta(hours=1),
    name: str = "",
    tags: dict[str, str] | None = None,
    **members: Any,
) -> ec2.Instance:
    """An instance as DescribeInstances shows it."""
    carried = {"spawn": "true", "owner": owner, "spawn:security": "standard"}
    carried |= {"spawn:launch-id": LAUNCH_ID} | (tags or {})
    if ends_in is not None:
        carried.setdefault("spawn:expires-at", format_instant(NOW + ends_in))
    if name:
        carried["Name"] = name
    answer = {
        "InstanceId": instance_id,
        "InstanceType": "t3.micro",
        "LaunchTime": launched,
        "ClientToken": f"{LAUNCH_ID}-{REGION}a",
        "State": {"Name": state},
        "Placement": {"AvailabilityZone": f"{REGION}a"},
        "Tags": [{"Key": key, "Value": value} for key, value in carried.items()],
    }
    return ec2.instances({"Reservations": [{"Instances": [answer | members]}]})[0]


def row(
    instance_id: str = ID,
    *,
    schedules: Fact[Schedules] = NO_SCHEDULES,
    region: str = REGION,
    caller: str = ME,
    **of_instance: Any,
) -> ListedInstance:
    """The row of such an instance, as `caller` sees it at NOW."""
    return listed_instance(
        instance(instance_id, **of_instance),
        region=region,
        schedules=schedules,
        owner=caller,
        now=NOW,
    )


def summaries(*names: str, state: str = "ENABLED") -> Fact[Schedules]:
    """What ListSchedules knows of schedules of those names."""
    return Known(tuple(scheduler.ScheduleSummary(name=name, state=state) for name in names))


ROLE = "arn:aws:iam::123456789012:role/spawn/spawn-backstop-0123456789abcdef0123456789abcdef"
OTHER_ROLE = "arn:aws:iam::123456789012:role/spawn/spawn-backstop-fedcba9876543210fedcba9876543210"


def schedule(
    end: End = End.TERMINATE,
    *,
    expression: str = "at(2026-01-27T14:05:00)",
    timezone: str = "UTC",
    state: str = "ENABLED",
    target: str | None = None,
    ids: tuple[str, ...] = (ID,),
    role: str = ROLE,
    request: str | None = None,
) -> scheduler.Schedule:
    """The backstop of `instance()`, 5 minutes past its end date."""
    return scheduler.Schedule(
        name=scheduler.schedule_name(ID, end),
        schedule_expression=expression,
        schedule_expression_timezone=timezone,
        state=state,
        target=scheduler.Target(
            arn=target or scheduler.target_arn(end, "aws"),
            role_arn=role,
            input=json.dumps({"InstanceIds": list(ids)}) if request is None else request,
        ),
    )


def behind(
    terminate: Fact[scheduler.Schedule] | scheduler.Schedule | None = None,
    stop: Fact[scheduler.Schedule] | scheduler.Schedule | None = None,
    *,
    unseen_roles: Mapping[str, Unseen] | None = None,
) -> Behind:
    """What stands behind an instance; nothing where nothing is said."""
    return Behind(
        schedules={End.TERMINATE: _fact(terminate), End.STOP: _fact(stop)},
        roles=frozenset({ROLE}),
        unseen_roles=unseen_roles or {},
    )


def _fact(
    found: Fact[scheduler.Schedule] | scheduler.Schedule | None,
) -> Fact[scheduler.Schedule]:
    match found:
        case None:
            return Absent()
        case scheduler.Schedule():
            return Known(found)
        case _:
            return found
