"""What an instance's tags say of its end, and what stands behind that. Pure.

A tag can be put by anybody who may put tags, and hold any text. So each is read in the one form in
which spawn writes it; whatever else it says is no answer.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from spawn.core.durations import parse_duration
from spawn.core.errors import InputError
from spawn.core.instants import format_instant, parse_instant
from spawn.core.tags import Tag


class End(enum.StrEnum):
    """What becomes of an instance: it is gone with its disks, or stopped, and its disks are kept.

    The words are those of EC2's InstanceInitiatedShutdownBehavior.
    """

    TERMINATE = "terminate"
    STOP = "stop"


# The instance ends itself first: its power-off may take two minutes until it is forced.
DELAY = timedelta(minutes=5)
# How long the disks of an instance that is stopped at its end date are kept.
KEPT = timedelta(days=7)
# No pre-stop hook may put off the backstop for longer, whatever a tag says.
LONGEST_PRE_STOP = timedelta(hours=1)


class Alarm(NamedTuple):
    """Something that is done to an instance from outside, and when."""

    does: End
    at: datetime


def end_date(tags: Mapping[str, str]) -> datetime | None:
    """Return the end date; None for none, and for one that is not written as spawn writes it.

    The agent reads the tag to the letter: in any other form it follows the date before.
    """
    text = tags.get(Tag.EXPIRES_AT, "")
    try:
        instant = parse_instant(text)
    except ValueError:
        return None
    return instant if format_instant(instant) == text else None


def on_expiry(tags: Mapping[str, str]) -> End:
    """Return what comes at the end date. In doubt it is the end."""
    return End.STOP if tags.get(Tag.ON_EXPIRY) == End.STOP else End.TERMINATE


def gone_at(ends_at: datetime, tags: Mapping[str, str]) -> datetime:
    """Return when the disks are gone as well."""
    return _later(ends_at, KEPT) if on_expiry(tags) is End.STOP else ends_at


def alarms(ends_at: datetime, tags: Mapping[str, str]) -> tuple[Alarm, ...]:
    """Return what is done from outside to an instance that ends at `ends_at`, the first on top.

    Each comes a little after what the instance does itself, pre-stop hook included.
    """
    behind = DELAY + _pre_stop(tags)
    gone = Alarm(End.TERMINATE, _later(gone_at(ends_at, tags), behind))
    match on_expiry(tags):
        case End.TERMINATE:
            return (gone,)
        case End.STOP:
            return (Alarm(End.STOP, _later(ends_at, behind)), gone)


def needed_ends(
    ends_at: datetime | None, tags: Mapping[str, str], *, is_stopped: bool, now: datetime
) -> tuple[End, ...]:
    """Return what must stand behind an instance: one that has stopped on time is not stopped."""
    if on_expiry(tags) is End.TERMINATE:
        return (End.TERMINATE,)
    is_over = is_stopped and ends_at is not None and ends_at <= now
    return (End.TERMINATE,) if is_over else (End.STOP, End.TERMINATE)


def _later(instant: datetime, length: timedelta) -> datetime:
    """Add a length of time, up to the last year there is: a tag may hold that one, too."""
    try:
        return instant + length
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC, microsecond=0)


def _pre_stop(tags: Mapping[str, str]) -> timedelta:
    """Return how long the pre-stop hook may take. In doubt nothing is waited for."""
    try:
        length = parse_duration(tags.get(Tag.PRE_STOP_TIMEOUT, ""), flag=Tag.PRE_STOP_TIMEOUT)
    except InputError:
        return timedelta()
    return min(length, LONGEST_PRE_STOP)
