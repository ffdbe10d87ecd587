"""EventBridge Scheduler's clock: one-time schedules fire when due, with the schedule's role.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spawn.local.control import account
from spawn.local.control.access import service_may_assume
from spawn.local.control.messages import AwsError

SERVICE = "scheduler.amazonaws.com"
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_UNIVERSAL = re.compile(r"arn:[^:]+:scheduler:::aws-sdk:([a-z0-9-]+):([A-Za-z0-9]+)")


Fired = tuple[str, str, float]  # ARN, expression, time of the last change


@dataclasses.dataclass(frozen=True, kw_only=True)
class Firing:
    """A schedule that is due, and what it will call. `retries` is how often it may fail."""

    mark: Fired
    arn: str
    region: str
    group: str
    name: str
    service: str
    operation: str  # as the ARN has it: terminateInstances
    input: dict[str, Any]
    role_arn: str
    retries: int
    deletes_itself: bool


def check_expression(expression: str, timezone: str | None) -> None:
    """Refuse what would never fire here. Raises AwsError."""
    if expression.startswith(("rate(", "cron(")):
        raise AwsError(
            "ValidationException",
            f"The embedded cloud fires one-time schedules only, not {expression}: use at(...).",
        )
    if due_at(expression, timezone) is None:
        raise AwsError("ValidationException", f"Invalid Schedule Expression {expression}.")


def check_target(arn: str) -> None:
    """Refuse targets that can't be called here. Raises AwsError."""
    if _UNIVERSAL.fullmatch(arn) is None:
        raise AwsError(
            "ValidationException",
            f"The embedded cloud calls universal targets only (aws-sdk:service:action), not {arn}.",
        )


def is_trusted(role_arn: str, region: str, group: str) -> bool:
    """Whether the role lets the Scheduler take it for schedules of this group.

    aws:SourceArn is the schedule group's ARN:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    base = f"arn:{account.PARTITION}:scheduler:{region}:{account.ACCOUNT_ID}"
    context = {
        "aws:sourceaccount": (account.ACCOUNT_ID,),
        "aws:sourcearn": (f"{base}:schedule-group/{group}",),
    }
    return service_may_assume(role_arn, context, service=SERVICE)


def due_at(expression: str, timezone: str | None) -> datetime | None:
    """When an `at(...)` schedule is due; None for anything else."""
    match = _AT.fullmatch(expression)
    if match is None:
        return None
    try:
        local = datetime.fromisoformat(match.group(1))
        # UTC needs no time zone database, which a small machine may lack.
        zone = UTC if timezone in {None, "", "UTC"} else ZoneInfo(str(timezone))
        return local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError):
        return None


def next_due(fired: set[Fired]) -> datetime | None:
    """When the next schedule is due that has not fired yet; None when there is none."""
    times = [due for _, schedule, due in _waiting() if _mark(schedule) not in fired]
    return min(times, default=None)


def take_due(now: datetime, fired: set[Fired]) -> list[Firing]:
    """The schedules that are due; they are marked as fired, so that each fires once."""
    firings = []
    for region, schedule, due in _waiting():
        if due <= now and _mark(schedule) not in fired:
            fired.add(_mark(schedule))
            firings.append(_firing(region, schedule))
    return firings


def _mark(schedule: Any) -> Fired:
    """What changes when a schedule is made anew or gets another time."""
    return (schedule.arn, schedule.schedule_expression, float(schedule.last_modified_date))


def _waiting() -> list[tuple[str, Any, datetime]]:
    found = []
    for region, backend in account.scheduler_regions_in_use():
        for group in backend.schedule_groups.values():
            for schedule in group.schedules.values():
                due = due_at(schedule.schedule_expression, schedule.schedule_expression_timezone)
                if due is not None and schedule.state == "ENABLED":
                    found.append((region, schedule, due))
    return found


def _firing(region: str, schedule: Any) -> Firing:
    target = schedule.target
    match = _UNIVERSAL.fullmatch(target.get("Arn", ""))
    return Firing(
        mark=_mark(schedule),
        arn=schedule.arn,
        region=region,
        group=schedule.group_name,
        name=schedule.name,
        service=match.group(1) if match else "",
        operation=match.group(2) if match else "",
        input=_input(target.get("Input")),
        role_arn=target.get("RoleArn", ""),
        retries=int(target.get("RetryPolicy", {}).get("MaximumRetryAttempts", 185)),
        deletes_itself=schedule.action_after_completion == "DELETE",
    )


def stands(firing: Firing) -> bool:
    """Whether the schedule is still as it was when it fired: one that was moved has new plans."""
    group = account.scheduler(firing.region).schedule_groups.get(firing.group)
    schedule = group.schedules.get(firing.name) if group else None
    return schedule is not None and schedule.state == "ENABLED" and _mark(schedule) == firing.mark


def _input(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


class NotTrusted(Exception):
    """The schedule's role does not let the Scheduler take it, or is gone."""


def take_role(firing: Firing) -> Any:
    """A session of the schedule's role, as the Scheduler takes it. Raises NotTrusted."""
    if not is_trusted(firing.role_arn, firing.region, firing.group):
        raise NotTrusted(f"{firing.role_arn} does not trust {SERVICE}")
    session: Any = account.sts().assume_role(
        region_name=firing.region,
        role_session_name=hashlib.sha256(firing.arn.encode()).hexdigest()[:32],
        role_arn=firing.role_arn,
        policy="",
        duration=3600,
        external_id="",
    )
    session.invoked_by = SERVICE  # ours, on moto's object
    return session


def delete_fired(firing: Firing) -> None:
    """ActionAfterCompletion=DELETE: the schedule goes when it has done its work."""
    group = account.scheduler(firing.region).schedule_groups.get(firing.group)
    if group is not None:
        group.schedules.pop(firing.name, None)
