"""To a shell, or a command, on an instance whose way is found.

1. ssh is started on the way, with its own messages kept apart.
2. A failure before login is tried again while it may pass: nothing has run there yet. A failure
   after login is never tried again: something may have.
3. What failed for good is looked into, and told with what to type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spawn.connect.explanations import explained
from spawn.connect.failures import NotConnected, judge
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.private_files import private_scratch
from spawn.connect.programs import Completed
from spawn.connect.ssh import ssh_command
from spawn.connect.way import Way
from spawn.core.errors import AccountError, Defect, InputError

_Start = Callable[[tuple[str, ...]], Completed]


def connect(
    way: Way,
    words: Sequence[str] = (),
    *,
    terminal: bool,
    patience: Patience,
    progress: Progress = in_silence,
) -> int:
    """Give this process's input and output to a shell, or to a command; return its exit code.

    `terminal` says whether there is one on which ssh may ask for a passphrase. A server that
    hangs up amid the session is told by ssh itself, and the exit code is its 255. Raises
    AccountError where there is no connection, InputError for what ssh can't be given.
    """

    def start(command: tuple[str, ...]) -> Completed:
        code = way.machine.programs.attach(command)
        return Completed(returncode=code, stdout=b"", stderr=b"")

    ended = _reach(way, words, start, terminal=terminal, patience=patience, progress=progress)
    return ended.returncode


def run(
    way: Way,
    words: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout_seconds: float | None = None,
    patience: Patience,
    progress: Progress = in_silence,
) -> Completed:
    """Run a command apart from the terminal; return its exit code and what it wrote.

    `timeout_seconds` bounds one try, from connecting to the command's end. Raises AccountError
    where there is no connection (any more) or no end in time, InputError for no words and for
    what ssh can't be given.
    """
    if not words:
        raise InputError("there is no command to run", why="give at least one word")

    def start(command: tuple[str, ...]) -> Completed:
        return way.machine.programs.run(command, stdin=stdin, timeout_seconds=timeout_seconds)

    try:
        return _reach(way, words, start, terminal=False, patience=patience, progress=progress)
    except TimeoutError as error:
        raise AccountError(
            f"the command on {way.target.instance_id} did not end within {timeout_seconds} s",
            why="the connection was given up; the command may go on running there",
            next_command=f"spawn connect {way.target.instance_id}",
        ) from error


def wait_for_ssh(way: Way, *, patience: Patience, progress: Progress = in_silence) -> None:
    """Return when the instance lets the person log in. Raises AccountError as `run` does."""
    run(way, ("true",), patience=patience, progress=progress)


def _reach(
    way: Way,
    words: Sequence[str],
    start: _Start,
    *,
    terminal: bool,
    patience: Patience,
    progress: Progress,
) -> Completed:
    trouble: NotConnected | None = None
    since_seconds = 0.0
    for elapsed_seconds in patience.attempts():
        before = trouble
        ended, trouble = _try_once(way, words, start, terminal=terminal)
        if trouble is None:
            return ended
        if before is None or trouble.failure is not before.failure:
            since_seconds = elapsed_seconds
            progress(f"{way.target.instance_id}: {trouble.failure.value}")
        if elapsed_seconds - since_seconds >= trouble.failure.passes_within_seconds:
            break
    if trouble is None:
        raise Defect("a connection was given up before it was tried")
    raise explained(way, trouble)


def _try_once(
    way: Way, words: Sequence[str], start: _Start, *, terminal: bool
) -> tuple[Completed, NotConnected | None]:
    with private_scratch(way.machine.state_directory) as scratch:
        log = scratch / "ssh.log"
        ended = start(ssh_command(way.target, words, log=log, terminal=terminal))
        said = log.read_text("utf-8", "replace") if log.exists() else ""
    return ended, judge(ended, said)
