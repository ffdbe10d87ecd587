"""CloudWatch Logs: what instances have sent of their logs."""

from __future__ import annotations

import msgspec

from spawn.aws.operation import Answer, Permission, read
from spawn.aws.shapes import Shape

FILTER_LOG_EVENTS = read(
    "logs",
    "FilterLogEvents",
    Permission(
        "logs:FilterLogEvents", "arn:{partition}:logs:{region}:{account}:log-group:/spawn/*"
    ),
)

OPERATIONS = (FILTER_LOG_EVENTS,)

# Neither the group nor the stream is made before there is something to send.
NOT_THERE = "ResourceNotFoundException"


class LogEvent(Shape, frozen=True, kw_only=True, rename="camel"):
    """One line. `timestamp` is in milliseconds since 1970."""

    event_id: str
    timestamp: int
    message: str


def log_events(answer: Answer) -> tuple[LogEvent, ...]:
    """Understand FilterLogEvents."""
    return msgspec.convert(answer.get("events") or (), type=tuple[LogEvent, ...], strict=False)
