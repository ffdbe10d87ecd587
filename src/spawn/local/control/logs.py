"""CloudWatch Logs, where moto does otherwise than AWS: limits, rejections, order, whole refusals.

Source: CloudWatch Logs API reference, PutLogEvents, GetLogEvents, FilterLogEvents,
CreateLogStream, PutRetentionPolicy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError

MOST_EVENTS = 10_000  # of a batch, and of a page
BATCH_BYTES = 1_048_576
BYTES_BESIDE_MESSAGE = 26
OLDEST, NEWEST, LONGEST_SPAN = timedelta(days=14), timedelta(hours=2), timedelta(hours=24)
RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827),
    *(2192, 2557, 2922, 3288, 3653),
)
_GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_STREAM_NAME = re.compile(r"[^:*]{1,512}")
Event = Mapping[str, Any]


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _validation(name: str, value: object, constraint: str) -> AwsError:
    return _invalid(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"{constraint}"
    )


def find_group(duty: Duty) -> Any:
    """The log group of a call, by its name or its ARN. Raises AwsError."""
    parameters = duty.call.parameters
    asked = parameters.get("logGroupName") or parameters.get("logGroupIdentifier") or ""
    name = asked.split(":log-group:", 1)[-1].removesuffix(":*")
    group = account.logs(duty.call.region).groups.get(name)
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return group


def find_stream(duty: Duty) -> Any:
    """The log stream of a call. Raises AwsError."""
    stream = find_group(duty).streams.get(duty.call.parameters.get("logStreamName"))
    if stream is None:
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    return stream


def check_new_group(duty: Duty) -> None:
    """Names that no log group can have. Raises AwsError."""
    name = duty.call.parameters.get("logGroupName") or ""
    if not _GROUP_NAME.fullmatch(name):
        pattern = r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"
        raise _validation("logGroupName", name, pattern)
    if name.startswith("aws/"):
        raise _invalid("Log groups starting with AWS/ are reserved for AWS.")


def check_new_stream(duty: Duty) -> None:
    """A name that can't be, or that the group has already. Raises AwsError."""
    name = duty.call.parameters.get("logStreamName") or ""
    if not _STREAM_NAME.fullmatch(name):
        pattern = "Member must satisfy regular expression pattern: [^:*]*"
        raise _validation("logStreamName", name, pattern)
    if name in find_group(duty).streams:
        raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")


def check_retention(duty: Duty) -> None:
    """So many days as AWS offers. Raises AwsError."""
    days = int(duty.call.parameters.get("retentionInDays") or 0)
    if days not in RETENTIONS:
        allowed = ", ".join(str(each) for each in RETENTIONS)
        constraint = f"Member must satisfy enum value set: [{allowed}]"
        raise _validation("retentionInDays", days, constraint)


def put_log_events(duty: Duty) -> dict[str, Any]:
    """What is too old or too new is left out and told. Raises AwsError."""
    stream, events = find_stream(duty), duty.call.parameters.get("logEvents") or []
    check_batch(events)
    kept = stream.log_group.retention_in_days
    accepted, rejected = judged(events, duty.now, timedelta(days=int(kept)) if kept else None)
    token = stream.put_log_events(accepted)
    info = {"rejectedLogEventsInfo": rejected} if rejected else {}
    return {"nextSequenceToken": token, **info}


def check_batch(events: Sequence[Event]) -> None:
    """Number, size and order of a batch. Raises AwsError."""
    if not 1 <= len(events) <= MOST_EVENTS:
        limit = f"less than or equal to {MOST_EVENTS}" if events else "greater than or equal to 1"
        raise _validation(
            "logEvents", f"[{len(events)} events]", f"Member must have length {limit}"
        )
    size = sum(len(e["message"].encode()) + BYTES_BESIDE_MESSAGE for e in events)
    if size > BATCH_BYTES:
        raise _invalid(f"Upload too large: {size} bytes exceeds limit of {BATCH_BYTES}")
    if not all(event["message"] for event in events):
        constraint = "Member must have length greater than or equal to 1"
        raise _validation("logEvents.1.member.message", "", constraint)
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        raise _invalid(
            "Log events in a single PutLogEvents request must be in chronological order."
        )


def judged(
    events: Sequence[Event], now: datetime, retention: timedelta | None
) -> tuple[list[Event], dict[str, int]]:
    """The events that are taken, and how many of those at either end are not.

    Events are in order. Raises AwsError where those that are taken span more than a day.
    """
    oldest, newest = _milliseconds(now - OLDEST), _milliseconds(now + NEWEST)
    expired = _milliseconds(now - retention) if retention is not None else oldest
    times = [int(event["timestamp"]) for event in events]
    too_old = sum(time < oldest for time in times)
    out_of_date = sum(time < expired for time in times)
    too_new = sum(time > newest for time in times)
    begin, end = max(too_old, out_of_date), len(events) - too_new
    rejected = {
        name: index
        for name, index, is_any in (
            ("tooOldLogEventEndIndex", too_old, too_old),
            ("expiredLogEventEndIndex", out_of_date, out_of_date > too_old),
            ("tooNewLogEventStartIndex", end, too_new),
        )
        if is_any
    }
    taken = list(events[begin:end])
    if taken and times[end - 1] - times[begin] > LONGEST_SPAN.total_seconds() * 1000:
        raise _invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours."
        )
    return taken, rejected


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def get_log_events(duty: Duty) -> dict[str, Any]:
    """A page of one stream; an event of the end time itself is not in it. Raises AwsError."""
    parameters = duty.call.parameters
    end = parameters.get("endTime")
    events, backward, forward = find_stream(duty).get_log_events(
        start_time=parameters.get("startTime"),
        end_time=None if end is None else int(end) - 1,
        limit=_limit(parameters),
        next_token=parameters.get("nextToken"),
        start_from_head=bool(parameters.get("startFromHead")),
    )
    return {"events": events, "nextBackwardToken": backward, "nextForwardToken": forward}


def _limit(parameters: Mapping[str, Any]) -> int:
    limit = int(parameters.get("limit") or MOST_EVENTS)
    if not 1 <= limit <= MOST_EVENTS:
        constraint = f"Member must have value less than or equal to {MOST_EVENTS}"
        raise _validation("limit", limit, constraint)
    return limit


def filter_log_events(duty: Duty) -> dict[str, Any]:
    """A page of a group's events, of all its streams in the order of their times.

    Raises AwsError.
    """
    parameters, group = duty.call.parameters, find_group(duty)
    names, prefix = parameters.get("logStreamNames"), parameters.get("logStreamNamePrefix") or ""
    streams = [
        stream
        for name, stream in group.streams.items()
        if name.startswith(prefix) and (not names or name in names)
    ]
    if names and len(streams) < len(set(names)):
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    is_meant = term_filter(parameters.get("filterPattern") or "")
    found = [
        event
        for stream in streams
        for event in stream.filter_log_events(
            parameters.get("startTime"), parameters.get("endTime"), ""
        )
        if is_meant(event["message"])
    ]
    found.sort(key=lambda event: (event["timestamp"], int(event["eventId"])))
    start, limit = _start(parameters.get("nextToken")), _limit(parameters)
    page = {"events": found[start : start + limit], "searchedLogStreams": []}
    return {**page, "nextToken": str(start + limit)} if start + limit < len(found) else page


def _start(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit()):
        raise _invalid("The specified nextToken is invalid.")
    return int(token)


def term_filter(pattern: str) -> Callable[[str], bool]:
    """Terms and "phrases" that a message must all have; -terms that it must not. Raises AwsError.

    Source: CloudWatch Logs user guide, "Filter pattern syntax", unstructured log events.
    """
    if pattern.lstrip().startswith(("{", "[", "?", "%")):
        raise AwsError(
            "NotImplemented",
            f"The embedded cloud knows filter patterns of terms only, not {pattern}.",
            status=501,
        )
    terms = [(sign, phrase or word) for sign, phrase, word in _TERM.findall(pattern)]
    return lambda message: all((term in message) != (sign == "-") for sign, term in terms)
