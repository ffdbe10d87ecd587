"""Who may do what with the person's keys at once.

A launch reads the key, plans, and uses it a little later; were the key pruned in between, nobody
could reach what was launched. So launches hold a lock together while they are carried out, and
pruning holds it alone. Rotating and pruning take turns by another one. Each ends with its process,
however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from spawn.connect.kept_keys import is_retired, note_use
from spawn.connect.keys import is_pair_name
from spawn.connect.private_files import blaming
from spawn.core.clock import Clock
from spawn.core.directories import make_private_directory
from spawn.core.errors import AccountError

_CHANGING = Path("keys", "changing.lock")
_LAUNCHING = Path("keys", "launching.lock")
# A rotation holds it for one call of AWS's, pruning for a look into all regions.
LONGEST_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.1


@contextlib.contextmanager
def changing_keys(state_directory: Path, clock: Clock) -> Iterator[None]:
    """Rotate or prune: alone. Raises AccountError where another one goes on for too long."""
    busy = "another spawn of yours is rotating or pruning your keys"
    with _held(state_directory / _CHANGING, fcntl.LOCK_EX, clock, busy=busy):
        yield


@contextlib.contextmanager
def no_launch_goes_on(state_directory: Path, clock: Clock) -> Iterator[None]:
    """Keep launches waiting. Raises AccountError where one goes on for too long."""
    busy = "a launch of yours is being carried out, and may use the key"
    with _held(state_directory / _LAUNCHING, fcntl.LOCK_EX, clock, busy=busy):
        yield


@contextlib.contextmanager
def launching_with(
    name: str, *, account: str, state_directory: Path, clock: Clock, by_name: bool
) -> Iterator[None]:
    """Carry out a launch with the key pair of that name; "" for none, or somebody else's.

    `by_name` says that the person asked for this very pair. Raises AccountError for a key of
    spawn's that was rotated since the launch was planned.
    """
    if not is_pair_name(name):
        yield
        return
    busy = "your keys are being pruned"
    with _held(state_directory / _LAUNCHING, fcntl.LOCK_SH, clock, busy=busy):
        if not by_name and is_retired(state_directory, name):
            raise AccountError(
                f"the key {name} was rotated since this launch was planned",
                why="new launches use the new key",
                next_command="spawn key list",
            )
        note_use(state_directory, name, account)
        yield


@contextlib.contextmanager
def _held(place: Path, kind: int, clock: Clock, *, busy: str) -> Iterator[None]:
    with blaming(place):
        make_private_directory(place.parent)
        file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _wait_for(file, kind, clock, place=place, busy=busy)
        yield
    finally:
        os.close(file)


def _wait_for(file: int, kind: int, clock: Clock, *, place: Path, busy: str) -> None:
    until = clock.monotonic() + LONGEST_WAIT_SECONDS
    with blaming(place):
        while not _locked(file, kind):
            if clock.monotonic() > until:
                raise AccountError(
                    busy, why="try again when it is done", next_command="spawn key list"
                )
            clock.sleep(_POLL_SECONDS)


def _locked(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: launches go on, and whoever needs to be alone does not.
        if kind == fcntl.LOCK_EX:
            raise
    return True
