"""Files that are nobody else's: made whole or not at all, 0600 in directories of 0700."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from spawn.core.directories import make_private_directory
from spawn.core.errors import AccountError

_OTHERS = 0o077
_SCRATCH = ".scratch-"


@contextlib.contextmanager
def private_scratch(parent: Path) -> Iterator[Path]:
    """Lend a directory of its own inside `parent`, gone with all that is in it afterwards.

    What a process left there that was killed is removed now: it may hold keys. Raises AccountError
    where there can be none.
    """
    with blaming(parent):
        make_private_directory(parent)
        for left in parent.glob(f"{_SCRATCH}*"):
            _remove_unless_in_use(left)
        path, lock = _make_scratch(parent)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _make_scratch(parent: Path) -> tuple[Path, int]:
    """Make a directory and hold the lock that says it is in use, which ends with the process.

    Before the lock was held, somebody who clears up may have taken it for left behind.
    """
    while True:
        path = Path(tempfile.mkdtemp(dir=parent, prefix=_SCRATCH))
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                return path, lock
            os.close(lock)


def _remove_unless_in_use(scratch: Path) -> None:
    with contextlib.suppress(OSError):
        lock = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(scratch, ignore_errors=True)
        finally:
            os.close(lock)


def place_once(finished: Path, place: Path) -> bool:
    """Put a finished file at its place unless one is there already; say whether it was put.

    Of several that race for the place exactly one is put there, and none is ever seen half
    written: link(2) makes the name and the content appear together. Raises AccountError.
    """
    try:
        with blaming(place):
            os.link(finished, place)
    except FileExistsError:
        return False
    return True


def write_once(place: Path, text: str) -> bool:
    """Write a new private file, and say whether it was new; one that is there stays as it is.

    Raises AccountError where it can't be written.
    """
    with private_scratch(place.parent) as scratch:
        draft = scratch / place.name
        with blaming(draft):
            draft.touch(mode=0o600, exist_ok=False)
            draft.write_text(text, encoding="utf-8")
        return place_once(draft, place)


def read_private(place: Path) -> str | None:
    """Return a private file's text, None where there is no such file.

    Raises AccountError where it can't be read, and where it is somebody else's or others may
    read it.
    """
    try:
        with blaming(place), place.open(encoding="utf-8", errors="replace") as file:
            status = os.fstat(file.fileno())
            text = file.read()
    except FileNotFoundError:
        return None
    if status.st_uid != os.geteuid():
        raise AccountError(
            f"{place} belongs to another user of this machine (uid {status.st_uid})",
            why="what it holds decides who is trusted, and only you may say so",
            next_command=shlex.join(("ls", "-l", str(place))),
        )
    if status.st_mode & _OTHERS:
        raise AccountError(
            f"{place} is open to other users of this machine",
            why="what it holds decides who is trusted, and can't be relied on any more",
            next_command=shlex.join(("ls", "-l", str(place))),
        )
    return text


def open_without_waiting(path: str, flags: int) -> int:
    """Open a file so that a named pipe in its place can't hold us up: an `opener` for `open`."""
    return os.open(path, flags | os.O_NONBLOCK)


@contextlib.contextmanager
def blaming(place: Path) -> Iterator[None]:
    """Turn the system's refusals into help; whether a file exists is left to the caller."""
    try:
        yield
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError as error:
        raise AccountError(
            f"{place} can't be used",
            why=error.strerror or str(error),
            next_command=shlex.join(("ls", "-ld", str(place))),
        ) from error
