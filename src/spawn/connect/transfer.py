"""A directory to an instance, and what came of it back: tar at both ends of one ssh."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from spawn.connect.archive import Fetched, Tree, unpack, write_archive
from spawn.connect.connect import reach
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.programs import Completed
from spawn.connect.ssh import SshTarget, ssh_command
from spawn.connect.way import Way
from spawn.core.errors import AccountError, InputError

_NOT_INSTALLED = 127  # POSIX shell, "Exit Status for Commands"


def send_directory(
    way: Way,
    tree: Tree,
    destination: str,
    *,
    patience: Patience,
    progress: Progress = in_silence,
) -> None:
    """Put the tree into a directory of the instance, made where it is missing.

    `destination` is relative to the login user's home. What is there by the same name is
    overwritten. Raises AccountError where there is no connection, and where the instance or a
    file that changes meanwhile does not let it be whole.
    """

    def exchange(stdin: IO[bytes], _: IO[bytes]) -> None:
        # A tar that reads no further says why, and its exit code tells.
        with suppress(BrokenPipeError):
            write_archive(tree, stdin)

    script = f"mkdir -p -- {_quoted(destination)} && exec tar -x --no-same-owner -f - -C "
    ended = _stream(
        way, script + _quoted(destination), exchange, patience=patience, progress=progress
    )
    if ended.returncode != 0:
        raise _failed(way, ended, f"the directory {tree.root} did not arrive whole on")


def fetch_paths(
    way: Way,
    paths: Sequence[str],
    into: Path,
    *,
    base: str = ".",
    patience: Patience,
    progress: Progress = in_silence,
) -> Fetched:
    """Bring files and directories from an instance into a directory here, made where missing.

    `paths` are taken as they are, relative to `base` there, and keep their directories. Files of
    the same name here are overwritten; nothing outside `into` is touched. Raises AccountError
    where there is no connection, or no archive came; what the instance could not read is told in
    `messages`.
    """
    fetched = Fetched()

    def exchange(stdin: IO[bytes], stdout: IO[bytes]) -> None:
        stdin.close()
        unpack(stdout, into, fetched, asked=paths)

    words = " ".join(_quoted(path) for path in paths)
    pack = f"cd -- {_quoted(base)} && exec tar -c -f - -- {words}"
    ended = _stream(way, pack, exchange, patience=patience, progress=progress)
    # A tar that did all of it may still tell that it packs `/var/log` as `var/log`.
    fetched.messages = _messages(ended) if ended.returncode != 0 else ()
    if ended.returncode != 0 and not fetched.files:
        raise _failed(way, ended, "nothing could be fetched from")
    return fetched


def _stream(
    way: Way,
    script: str,
    exchange: Callable[[IO[bytes], IO[bytes]], None],
    *,
    patience: Patience,
    progress: Progress,
) -> Completed:
    """Run a line of the instance's shell with its input and output in `exchange`'s hands."""

    def start(target: SshTarget, log: Path) -> Completed:
        complaints = log.with_name("complaints")
        command = ssh_command(target, ("sh", "-c", script), log=log, terminal=False)
        code = way.machine.programs.stream(command, exchange, errors=complaints)
        return Completed(returncode=code, stdout=b"", stderr=complaints.read_bytes())

    return reach(way, start, terminal=False, patience=patience, progress=progress)


def _quoted(path: str) -> str:
    """Quote a path for the instance's shell. Raises InputError for what no path can be."""
    if not path or "\0" in path:
        raise InputError(f"{path!r} is no path")
    return shlex.quote(path)


def _messages(ended: Completed) -> tuple[str, ...]:
    text = ended.stderr.decode("utf-8", "replace")
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _failed(way: Way, ended: Completed, what: str) -> AccountError:
    said = "; ".join(_messages(ended)[-3:])
    if ended.returncode == _NOT_INSTALLED:
        said = said or "it has no tar"
    return AccountError(
        f"{what} {way.target.instance_id}",
        why=said or f"its tar ended with exit code {ended.returncode}",
        next_command=f"spawn connect {way.target.instance_id}",
    )
