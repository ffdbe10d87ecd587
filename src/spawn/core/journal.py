"""The journal: what one launch did, written down before and after each of its steps.

It holds facts only, one JSON document a line, each on the disk before the next step begins: a
process that is killed leaves behind what it had planned and how far it came. Nothing in it is an
order. Undo is planned anew from what AWS shows, and touches only what carries the launch's id in
this account; so a journal that someone has changed can at worst be wrong about the past.

No secret and no user-data goes into it: entries have no field for either.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol

import msgspec

from spawn.core.directories import make_private_directory
from spawn.core.steps import Output, Outputs

SUFFIX = ".jsonl"
# What CloudTrail's event history keeps: beyond that the two can't be compared any more.
KEPT = timedelta(days=90)
# A launch has some thirty steps of a few hundred bytes; more was not written by spawn.
LARGEST_FILE_BYTES = 4 * 1024 * 1024
_LAUNCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


class Planned(msgspec.Struct, frozen=True, kw_only=True, tag="planned"):
    """A launch is about to begin; always the first entry.

    `client_tokens` are those that make its requests idempotent, by operation. `record` is what
    the registry is to remember of it, as JSON; only spawn.registry knows its shape.
    """

    at: datetime
    launch_id: str
    account: str
    region: str
    endpoint: str
    plan_digest: str
    client_tokens: dict[str, tuple[str, ...]] = {}
    record: msgspec.Raw = msgspec.Raw(b"null")


class StepStarted(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """A step is about to be performed. `step` is its number in the plan, from 0."""

    at: datetime
    step: int
    operation: str
    region: str


class StepDone(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """A step is done, and yielded this."""

    at: datetime
    step: int
    outputs: dict[Output, tuple[str, ...]] = {}


class StepFailed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """A step failed. `code` is AWS's error code, "" where no answer came."""

    at: datetime
    step: int
    code: str


class StepUndone(msgspec.Struct, frozen=True, kw_only=True, tag="undone"):
    """A step that was done has been taken back."""

    at: datetime
    step: int


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """Nothing is left to do or to undo; always the last entry."""

    at: datetime
    succeeded: bool


Entry = Planned | StepStarted | StepDone | StepFailed | StepUndone | Finished


class Journal(Protocol):
    """Where the steps of a launch are written down."""

    def write(self, entry: Entry) -> None:
        """Keep an entry; it is safe when this returns. Raises OSError where it can't be."""


class FileJournal:
    """One launch's journal on the disk. Opened for one process, appended to, never changed."""

    def __init__(self, path: Path) -> None:
        make_private_directory(path.parent)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        # Held until the process ends, however it ends: who can take it knows that nobody writes.
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The name of a new file is in its directory, which has to reach the disk as well.
        _sync_directory(path.parent)

    def write(self, entry: Entry) -> None:
        """Append the entry and wait until it is on the disk. Raises OSError."""
        line = msgspec.json.encode(entry) + b"\n"
        written = os.write(self._fd, line)
        if written != len(line):
            raise OSError(f"only {written} of {len(line)} bytes of the journal were written")
        os.fsync(self._fd)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def __enter__(self) -> FileJournal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, kw_only=True)
class JournalledLaunch:
    """A journal as it was read back. `planned` is its first entry, `steps` all others.

    `is_being_written` says that the process that launches still runs.
    """

    path: Path
    planned: Planned
    steps: tuple[Entry, ...]
    is_being_written: bool = False

    @property
    def is_finished(self) -> bool:
        """Whether nothing of it was left half-done."""
        return any(isinstance(entry, Finished) for entry in self.steps)

    @property
    def is_cut_off(self) -> bool:
        """Whether its process ended before it was finished."""
        return not self.is_finished and not self.is_being_written

    @property
    def outputs(self) -> Outputs:
        """All that its steps yielded."""
        return {
            output: value
            for entry in self.steps
            if isinstance(entry, StepDone)
            for output, value in entry.outputs.items()
        }

    def times_done(self, operations: Iterable[str]) -> int:
        """Return how many steps of these operations are done."""
        wanted = frozenset(operations)
        started = {
            entry.step
            for entry in self.steps
            if isinstance(entry, StepStarted) and entry.operation in wanted
        }
        done = {entry.step for entry in self.steps if isinstance(entry, StepDone)}
        return len(done & started)


def journal_path(directory: Path, launch_id: str) -> Path:
    """Return where a launch's journal lies. Raises ValueError for an id that is not a file name."""
    if not _LAUNCH_ID.fullmatch(launch_id):
        raise ValueError(f"not a launch id: {launch_id!r}")
    return directory / f"{launch_id}{SUFFIX}"


def read_journal(path: Path) -> JournalledLaunch | None:
    """Read one journal back; None for a file that is none.

    A last line that was torn (the machine stopped while it was written) is passed over: its step
    had not begun. Raises OSError.
    """
    with path.open("rb") as file:
        is_being_written = _is_locked(file.fileno())
        lines = file.read(LARGEST_FILE_BYTES).split(b"\n")
    entries = tuple(_entries(lines))
    if not entries or not isinstance(entries[0], Planned):
        return None
    return JournalledLaunch(
        path=path, planned=entries[0], steps=entries[1:], is_being_written=is_being_written
    )


def _is_locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """Yield entries up to the first line that is none: what follows it can't be trusted."""
    decoder = msgspec.json.Decoder(Entry)
    for line in lines:
        try:
            yield decoder.decode(line)
        except msgspec.MsgspecError:
            return


def journalled_launches(directory: Path) -> tuple[JournalledLaunch, ...]:
    """Return all launches that the directory tells of, the oldest first."""
    found = (_readable(path) for path in sorted(directory.glob(f"*{SUFFIX}")))
    launches = [launch for launch in found if launch is not None]
    return tuple(sorted(launches, key=lambda launch: launch.planned.at))


def add_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write what became known of a launch after its process had ended.

    Raises OSError; where another process writes to it, that is BlockingIOError.
    """
    with path.open("r+b") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A line that was torn goes: nothing that follows it would be read.
        file.truncate(file.read().rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
        file.write(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))
        file.flush()
        os.fsync(file.fileno())


def prune(directory: Path, *, now: datetime) -> tuple[Path, ...]:
    """Delete the journals of launches that finished long ago; return which they were."""
    gone = tuple(
        launch.path
        for launch in journalled_launches(directory)
        if launch.is_finished and now - launch.planned.at > KEPT
    )
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _readable(path: Path) -> JournalledLaunch | None:
    """Another process may delete a journal while this one reads the directory."""
    with suppress(OSError):
        return read_journal(path)
    return None


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
