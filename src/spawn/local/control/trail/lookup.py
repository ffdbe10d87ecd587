"""LookupEvents: the history of management events, newest first.

Source: CloudTrail API reference, LookupEvents.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.trail.record import Recorded

PAGE = 50

_ATTRIBUTES: dict[str, Callable[[Recorded, str], bool]] = {
    "AccessKeyId": lambda e, wanted: e.caller.access_key_id == wanted,
    "EventId": lambda e, wanted: e.event_id == wanted,
    "EventName": lambda e, wanted: e.name == wanted,
    "EventSource": lambda e, wanted: e.source == wanted,
    "ReadOnly": lambda e, wanted: str(e.is_read_only).lower() == wanted,
    "ResourceName": lambda e, wanted: any(name == wanted for _, name in e.names),
    "ResourceType": lambda e, wanted: any(kind == wanted for kind, _ in e.names),
    "Username": lambda e, wanted: e.caller.username == wanted,
}


def lookup_events(duty: Duty) -> dict[str, Any]:
    """A page of the region's events that the attribute and the times let through.

    Raises AwsError: InvalidLookupAttributesException and its like, ThrottlingException.
    """
    _throttle(duty)
    parameters = duty.call.parameters
    attribute = _attribute(parameters.get("LookupAttributes") or [])
    start, end = _moment(parameters.get("StartTime")), _moment(parameters.get("EndTime"))
    if start is not None and end is not None and start > end:
        raise AwsError("InvalidTimeRangeException", "The start time is after the end time.")
    size = parameters.get("MaxResults", PAGE)
    if not 1 <= int(size) <= PAGE:
        raise AwsError("InvalidMaxResultsException", f"MaxResults must be from 1 to {PAGE}.")
    if parameters.get("EventCategory") not in {None, "insight"}:
        raise AwsError("InvalidEventCategoryException", "EventCategory can be insight only.")
    if parameters.get("EventCategory") == "insight":
        return {"Events": []}
    asked = json.dumps([attribute, str(start), str(end)])
    below = _position(parameters.get("NextToken"), asked)
    found = _matching(duty, attribute, (start, end), below)
    page = list(itertools.islice(found, int(size)))
    answer: dict[str, Any] = {"Events": [_shown(each) for each in page]}
    if page and next(found, None) is not None:
        answer["NextToken"] = _token(page[-1].sequence, asked)
    return answer


def _throttle(duty: Duty) -> None:
    limit = duty.memory.switches.lookups_per_second
    calls = duty.memory.history.lookups
    recent = [moment for moment in calls if duty.now - moment < timedelta(seconds=1)]
    calls.append(duty.now)
    if limit and len(recent) >= limit:
        raise AwsError("ThrottlingException", "Rate exceeded")


def _attribute(attributes: list[dict[str, Any]]) -> tuple[str, str] | None:
    if not attributes:
        return None
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    if len(attributes) > 1 or key not in _ATTRIBUTES or not isinstance(value, str) or not value:
        raise AwsError(
            "InvalidLookupAttributesException",
            "A lookup takes one attribute, with a key that there is and a value.",
        )
    return key, value


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _matching(
    duty: Duty,
    attribute: tuple[str, str] | None,
    times: tuple[datetime | None, datetime | None],
    below: int | None,
) -> Iterator[Recorded]:
    start, end = times
    for recorded in duty.memory.history.newest_first():
        moment = recorded.moment.replace(microsecond=0)  # as events tell it
        if (
            recorded.region == duty.call.region
            and (below is None or recorded.sequence < below)
            and (start is None or moment >= start)
            and (end is None or moment <= end)
            and (attribute is None or _ATTRIBUTES[attribute[0]](recorded, attribute[1]))
        ):
            yield recorded


def _token(sequence: int, asked: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([sequence, asked]).encode()).decode()


def _position(token: str | None, asked: str) -> int | None:
    """Where a page begins. A token goes with the very question that it was answered to."""
    if token is None:
        return None
    try:
        sequence, asked_then = json.loads(base64.urlsafe_b64decode(token.encode()))
        if asked_then == asked:
            return int(sequence)
    except (ValueError, TypeError, binascii.Error):
        pass
    raise AwsError("InvalidNextTokenException", "The token is not of this lookup.")


def _shown(recorded: Recorded) -> dict[str, Any]:
    shown = {
        "EventId": recorded.event_id,
        "EventName": recorded.name,
        "ReadOnly": str(recorded.is_read_only).lower(),
        "AccessKeyId": recorded.caller.access_key_id,
        "EventTime": recorded.moment.replace(microsecond=0),
        "EventSource": recorded.source,
        "Username": recorded.caller.username,
        "Resources": [{"ResourceType": k, "ResourceName": n} for k, n in recorded.names],
        "CloudTrailEvent": recorded.text,
    }
    return {name: value for name, value in shown.items() if value is not None}
