"""What the agent says on the serial console, and what that tells. Pure.

Anything on the instance can write there: what is read here is foreign, and may worsen a verdict
but never better one. An instance past its end date is overdue, whatever its console says.

    spored: <n> <now> <state> until <end> order <id> ...    a heartbeat, one a minute at the least
    spored: completed: {"status": ..., "message": ...}      the work is done
    spored: secrets: ready | waiting | failed: <why>        what came of its secrets
    spored: sshd does not take <settings>: <why>            they are not in force
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from spawn.core.durations import format_duration
from spawn.core.endings import end_date
from spawn.core.instants import format_instant, parse_instant
from spawn.core.tags import Tag
from spored.orders import NOTICE_SECONDS, order_id

# Three heartbeats; and what a boot takes until the first.
SILENT_AFTER = timedelta(minutes=3)
# How far the clocks of two machines may differ before a time in the future means nothing.
_CLOCKS_DIFFER = timedelta(minutes=5)
_NOTICE = timedelta(seconds=NOTICE_SECONDS)
# Those that user-data may name; an agent follows no others. A hold it follows always.
_ORDERS = (Tag.EXPIRES_AT, Tag.IDLE_TIMEOUT, Tag.ON_IDLE, Tag.ON_COMPLETE, Tag.HOLD)

_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
_HEARTBEAT = re.compile(
    rf"spored: (\d{{1,9}}) ({_INSTANT}) ([a-z][a-z ]{{2,15}}) until ({_INSTANT})"
    r" order ([0-9a-f]{8})(?: .*)?",
    re.ASCII,
)
_COMPLETED = re.compile(r"spored: completed: (\{.{0,2000}\})", re.ASCII)
_SECRETS = re.compile(
    r"spored: secrets: ((?:waiting|ready|failed)(?:: [^\x00-\x1f\x7f]{1,500})?)", re.ASCII
)
_SSHD = re.compile(r"spored: (sshd does not take [^\x00-\x1f\x7f]{1,500})", re.ASCII)
_LONGEST_STATUS, _LONGEST_MESSAGE = 32, 500
_Said = TypeVar("_Said")


class HeardState(enum.StrEnum):
    """Whether the agent of an instance is there, as far as its console tells."""

    HEARD = "HEARD"
    SILENT = "SILENT"
    UNKNOWN = "UNKNOWN"
    NONE = "NONE"
    NOT_ASKED = "NOT ASKED"


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """What the work on the instance said when it was done: printable ASCII, of bounded length."""

    status: str
    message: str = ""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard of an agent.

    why         of UNKNOWN and SILENT
    at          when it spoke last, by its own clock
    doing       its state, in its own words: "watching", "held", "powering off" …
    until       the end date that it goes by
    order       stands for the tags that it read last
    sequence    which heartbeat since it was started, from 1
    difference  how that differs from what its tags order, "" for not at all
    secrets     what came of those that it fetches: "ready", "waiting", or "failed: " and why
    sshd        what of its settings its sshd does not take, and why, "" for nothing
    """

    state: HeardState
    why: str = ""
    at: datetime | None = None
    doing: str = ""
    until: datetime | None = None
    order: str = ""
    sequence: int | None = None
    difference: str = ""
    completion: Completion | None = None
    secrets: str = ""
    sshd: str = ""


NOT_ASKED = Heard(state=HeardState.NOT_ASKED)


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the agent's."""

    sequence: int
    at: datetime
    doing: str
    until: datetime
    order: str


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """The last of each kind that a console shows, None for none."""

    heartbeat: Heartbeat | None = None
    completion: Completion | None = None
    secrets: str | None = None
    sshd: str | None = None


def read_console(text: str) -> Spoken:
    """Find what the agent said last; lines that are not wholly as it writes them are none."""
    lines = [line.strip("\r") for line in reversed(text.split("\n"))]
    return Spoken(
        heartbeat=_last(lines, _heartbeat),
        completion=_last(lines, _completion),
        secrets=_last(lines, _secrets),
        sshd=_last(lines, _sshd),
    )


def _last(lines: Sequence[str], read: Callable[[str], _Said | None]) -> _Said | None:
    """Return what the first of the lines says that says anything."""
    return next((said for said in map(read, lines) if said is not None), None)


def _heartbeat(line: str) -> Heartbeat | None:
    match = _HEARTBEAT.fullmatch(line)
    if match is None:
        return None
    try:
        at, until = parse_instant(match[2]), parse_instant(match[4])
    except ValueError:
        return None
    return Heartbeat(
        sequence=int(match[1]), at=at, doing=match[3].strip(), until=until, order=match[5]
    )


def _completion(line: str) -> Completion | None:
    match = _COMPLETED.fullmatch(line)
    if match is None:
        return None
    try:
        said = msgspec.json.decode(match[1], type=Completion)
    except msgspec.MsgspecError:
        return None
    return Completion(
        status=_bounded(said.status, _LONGEST_STATUS),
        message=_bounded(said.message, _LONGEST_MESSAGE),
    )


def _secrets(line: str) -> str | None:
    match = _SECRETS.fullmatch(line)
    return None if match is None else match[1]


def _sshd(line: str) -> str | None:
    match = _SSHD.fullmatch(line)
    return None if match is None else match[1]


def _bounded(text: str, longest: int) -> str:
    """Return foreign text as printable ASCII, cut where it is too long."""
    safe = "".join(
        character if character.isascii() and character.isprintable() else ascii(character)[1:-1]
        for character in text
    )
    return safe[:longest]


def judge_heard(
    spoken: Spoken, tags: Mapping[str, str], *, started_at: datetime, now: datetime
) -> Heard:
    """Return what a running instance's console tells of its agent.

    It is the console as it shows now, of an instance that has an agent for all that is known.
    """
    beat = spoken.heartbeat
    if beat is None:
        is_young = now - started_at <= SILENT_AFTER
        return Heard(
            state=HeardState.UNKNOWN if is_young else HeardState.SILENT,
            why="it has only just started" if is_young else "its agent was never heard",
            completion=spoken.completion,
            secrets=spoken.secrets or "",
            sshd=spoken.sshd or "",
        )
    age = now - beat.at
    heard = Heard(
        state=HeardState.HEARD,
        at=beat.at,
        doing=beat.doing,
        until=beat.until,
        order=beat.order,
        sequence=beat.sequence,
        completion=spoken.completion,
        secrets=spoken.secrets or "",
        sshd=spoken.sshd or "",
    )
    if age < -_CLOCKS_DIFFER:
        why = "its clock, or this machine's, is wrong"
        return msgspec.structs.replace(heard, state=HeardState.UNKNOWN, why=why)
    if age > SILENT_AFTER:
        why = f"not heard for {format_duration(age)}"
        # A start shows up before the agent's first words do.
        is_young = now - started_at <= SILENT_AFTER
        state = HeardState.UNKNOWN if is_young else HeardState.SILENT
        return msgspec.structs.replace(heard, state=state, why=why)
    return msgspec.structs.replace(heard, difference=difference(beat, tags))


def expected_order(tags: Mapping[str, str]) -> str:
    """Return what an agent that has read these tags says of its order."""
    return order_id({key.value: tags[key] for key in _ORDERS if key in tags})


def difference(beat: Heartbeat, tags: Mapping[str, str]) -> str:
    """Return how an agent's end date differs from the one that its tags order, "" for not at all.

    What comes nearer does so with notice: the agent is right to go by a later date for a while.
    """
    until = format_instant(beat.until)
    if beat.order != expected_order(tags):
        return (
            f"it goes by other orders than its tags give, and ends at {until}; what was changed"
            " within the last minute it may not have read yet"
        )
    ordered = end_date(tags)
    if Tag.HOLD in tags or ordered is None or beat.until == ordered:
        return ""
    if ordered < beat.until <= beat.at + _NOTICE:
        return ""
    return f"it has read its tags, and yet ends at {until}"
