"""How an instance is going to end, in sentences. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from spawn.aws.questions import Unseen
from spawn.core.endings import End
from spawn.core.instants import format_instant
from spawn.lifecycle.listed import Backstop, BackstopState, Ending, ListedInstance


def endings(
    row: ListedInstance, backstop: Backstop, shutdown_behavior: str | Unseen | None
) -> tuple[str, ...]:
    """Return how the instance is going to end, a sentence for each way, without final stops."""
    if row.ending is Ending.ENDED:
        return (f"it is {row.state}",)
    return (_own_words(row, shutdown_behavior), _backstop_words(backstop))


def _own_words(row: ListedInstance, shutdown_behavior: str | Unseen | None) -> str:
    match row.ending:
        case Ending.ENDED:
            return f"it is {row.state}"
        case Ending.HELD:
            return f"it is held as evidence ({row.hold or 'no case named'}), and does not end"
        case Ending.UNKNOWN:
            return "its end date can't be read from its tags"
        case Ending.KEPT:
            gone = _when(row.gone_at)
            return f"it stopped at its end date {_when(row.expires_at)}; its disks go at {gone}"
        case Ending.OVERDUE | Ending.DUE:
            return _own_end(row, shutdown_behavior)
        case _:
            assert_never(row.ending)


def _own_end(row: ListedInstance, shutdown_behavior: str | Unseen | None) -> str:
    when = _when(row.expires_at)
    if row.state == "stopped":
        return f"its end date is {when}, but while it is stopped it can't end itself"
    verb = "should have powered itself off" if row.ending is Ending.OVERDUE else "powers itself off"
    match shutdown_behavior:
        case "terminate":
            return f"it {verb} at {when}, which terminates it"
        case "stop" if row.on_expiry is End.STOP:
            return f"it {verb} at {when}, which stops it; its disks go at {_when(row.gone_at)}"
        case "stop":
            return f"it {verb} at {when}, which only stops it: its disks go on costing"
        case _:
            return f"it {verb} at {when}; what that does to it could not be seen"


def _backstop_words(backstop: Backstop) -> str:
    when = _when(backstop.fires_at) or "an unknown time"
    match backstop.state:
        case BackstopState.ARMED if backstop.stops_at is not None:
            stops = _when(backstop.stops_at)
            return f"a schedule stops it at {stops}, another one terminates it at {when}"
        case BackstopState.ARMED:
            return f"a schedule terminates it at {when}, whatever it does itself"
        case BackstopState.MISSING:
            which = f" ({backstop.why})" if backstop.why else ""
            return f"no schedule stands behind that: NO BACKSTOP{which}"
        case BackstopState.BROKEN:
            return f"its schedule will not end it as it should: {backstop.why}"
        case BackstopState.OFF:
            return "its backstop is off"
        case BackstopState.UNKNOWN:
            return f"whether a schedule stands behind that is UNKNOWN: {backstop.why}"
        case BackstopState.NOT_NEEDED:
            return "it needs no backstop any more"
        case _:
            assert_never(backstop.state)


def _when(instant: datetime | None) -> str:
    return "" if instant is None else format_instant(instant)
