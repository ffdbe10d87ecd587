"""What can be read of an instance without a way to it: its console, and what it shipped of its log.

A feed is asked again and again, and returns what is new. Foreign text: whoever shows it escapes it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Protocol

from spawn.aws.logs import LogEvent
from spawn.connect.patience import Progress

# How much must be the same to be taken for what was seen: a blank line or a prompt comes again.
_ANCHOR_CHARACTERS = 256
# How `spored.voice` begins each line.
_AGENTS_MARK = "spored: "
# CloudWatch Logs shows events some seconds after it took them, later ones at times before.
_LATE_MS = 300_000


class LogPart(enum.StrEnum):
    """Which of its logs: what boot and user-data print, what the agent notes, or both."""

    ALL = "all"
    BOOT = "boot"
    AGENT = "agent"


class Feed(Protocol):
    """Something that text comes out of."""

    name: str

    def new(self, *, is_last: bool) -> str:
        """Return what is there and was not before; `is_last`: it is not asked again."""


class ConsoleFeed:
    """A console; of what is there at first, the last `lines`, None for all."""

    name = "its console"

    def __init__(
        self, read: Callable[[], str], part: LogPart, *, lines: int | None, progress: Progress
    ) -> None:
        self._read, self._part, self._lines, self._progress = read, part, lines, progress
        self._before, self._begun = "", ""

    def new(self, *, is_last: bool) -> str:
        """Return what it shows now and did not before, of the part that is wanted."""
        is_first, now = not self._before, self._read()
        new, is_whole = new_output(self._before, now)
        if not is_whole:
            self._progress("the console moved on too fast: some of it may be missing here")
        if not now and is_first and is_last:
            self._progress("its console shows nothing (yet): it takes some minutes after a start")
        self._before = now or self._before
        wanted = self._wanted(new, is_last=is_last)
        return wanted if self._lines is None or not is_first else last_lines(wanted, self._lines)

    def _wanted(self, new: str, *, is_last: bool) -> str:
        """Return the lines of the part; one that is not whole yet is kept for later."""
        if self._part is LogPart.ALL:
            return new
        text = self._begun + new
        lines = text.splitlines(keepends=True)
        is_cut = bool(lines) and not lines[-1].endswith("\n") and not is_last
        self._begun = lines.pop() if is_cut else ""
        is_agents = self._part is LogPart.AGENT
        return "".join(line for line in lines if line.startswith(_AGENTS_MARK) is is_agents)


class ShippedFeed:
    """The agent's log, as far as CloudWatch Logs has it; `read` is told from when on."""

    name = "CloudWatch Logs"

    def __init__(
        self,
        read: Callable[[int], tuple[LogEvent, ...]],
        *,
        lines: int | None,
        progress: Progress,
    ) -> None:
        self._read, self._lines, self._progress = read, lines, progress
        self._from_ms, self._seen = 0, set[str]()

    def new(self, *, is_last: bool) -> str:
        """Return the lines that were not there before, in their order."""
        is_first = not self._seen
        events = [one for one in self._read(self._from_ms) if one.event_id not in self._seen]
        if is_first and is_last and not events:
            self._progress("CloudWatch Logs has nothing of it (yet): it is sent every half minute")
        self._seen |= {one.event_id for one in events}
        newest = max((one.timestamp for one in events), default=0)
        self._from_ms = max(self._from_ms, newest - _LATE_MS)
        text = "".join(f"{one.message.rstrip()}\n" for one in events)
        return text if self._lines is None or not is_first else last_lines(text, self._lines)


def new_output(before: str, now: str) -> tuple[str, bool]:
    """Return what a console shows now and did not before, and whether all of it is there.

    The console keeps its last 64 KB: what was seen has moved up in it, and may have begun to
    leave it. Where nothing is left of that, what came in between may be lost. Nothing at all
    means that AWS does not show it (any more).
    """
    if now.startswith(before):
        return now[len(before) :], True
    if not now:
        return "", True
    anchor = now[:_ANCHOR_CHARACTERS]
    at = before.find(anchor) if len(anchor) == _ANCHOR_CHARACTERS else -1
    while at >= 0:
        if now.startswith(before[at:]):
            return now[len(before) - at :], True
        at = before.find(anchor, at + 1)
    return now, False


def last_lines(text: str, count: int) -> str:
    """Return the last lines, line ends included."""
    return "".join(text.splitlines(keepends=True)[-count:]) if count else ""
