"""To a shell, or a command, on an instance whose way is found.

1. ssh is started on the way, with its own messages kept apart.
2. A failure before login is tried again while it may pass: nothing has run there yet. A failure
   after login is never tried again: something may have.
3. Where nothing answers the first knock, what stands in the way is looked at before any waiting.
4. What failed for good is looked into, and told with what to type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from spawn.connect.attempts import Hop, Trouble, hops
from spawn.connect.authentication import offering
from spawn.connect.explanations import explained, obstacle
from spawn.connect.failures import SILENT
from spawn.connect.forwarding import NO_FORWARDING, Forwarding
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.programs import Completed
from spawn.connect.routes import Route
from spawn.connect.ssh import SshTarget, ssh_command
from spawn.connect.way import Way
from spawn.core.errors import AccountError, Defect, InputError

# Starts ssh, or what uses it, for one try; ssh's own messages are to be in the file afterwards.
Start = Callable[[SshTarget, Path], Completed]


def connect(
    way: Way,
    words: Sequence[str] = (),
    *,
    terminal: bool,
    patience: Patience,
    progress: Progress = in_silence,
    forwarding: Forwarding = NO_FORWARDING,
) -> int:
    """Give this process's input and output to a shell, or to a command; return its exit code.

    `terminal` says whether there is one on which ssh may ask for a passphrase, and on which a
    person is told how they get in. A server that hangs up amid the session is told by ssh itself,
    and the exit code is its 255. Raises AccountError where there is no connection, InputError for
    what ssh can't be given.
    """
    if words and forwarding.only:
        raise InputError("-N runs nothing, and a command was given", why="leave out one of them")

    def start(target: SshTarget, log: Path) -> Completed:
        command = ssh_command(target, words, log=log, terminal=terminal, forwarding=forwarding)
        code = way.machine.programs.attach(command)
        return Completed(returncode=code, stdout=b"", stderr=b"")

    ended = reach(
        way,
        start,
        terminal=terminal,
        patience=patience,
        progress=progress,
        forwards=bool(forwarding.forwards),
    )
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

    def start(target: SshTarget, log: Path) -> Completed:
        command = ssh_command(target, words, log=log, terminal=False)
        return way.machine.programs.run(command, stdin=stdin, timeout_seconds=timeout_seconds)

    try:
        return reach(way, start, terminal=False, patience=patience, progress=progress)
    except TimeoutError as error:
        raise AccountError(
            f"the command on {way.target.instance_id} did not end within {timeout_seconds} s",
            why="the connection was given up; the command may go on running there",
            next_command=f"spawn connect {way.target.instance_id}",
        ) from error


def wait_for_ssh(way: Way, *, patience: Patience, progress: Progress = in_silence) -> None:
    """Return when the instance lets the person log in. Raises AccountError as `run` does."""
    run(way, ("true",), patience=patience, progress=progress)


def reach(
    way: Way,
    start: Start,
    *,
    terminal: bool,
    patience: Patience,
    progress: Progress = in_silence,
    forwards: bool = False,
) -> Completed:
    """Start something that uses SSH until it gets there; return how it ended.

    `forwards` is whether it carries ports: a certificate has to allow that.

    Raises AccountError, explained, where it does not get there in time, and at once where AWS
    shows what stands in the way: NotAdmitted where that is the caller's own address.
    """
    if terminal:
        offered = offering(way.authentication, instance_connect=way.send_key is not None)
        progress(f"{way.target.instance_id}: {way.chosen}; {offered}")
    trouble: Trouble | None = None
    since_seconds = 0.0
    with hops(way, clock=patience.clock, progress=progress, forwards=forwards) as hop:
        for elapsed_seconds in patience.attempts():
            before = trouble
            ended, trouble = _try_once(hop, start, terminal=terminal, is_first=before is None)
            if trouble is None:
                return ended
            failure = trouble.cause.failure
            if before is None or failure is not before.cause.failure:
                since_seconds = elapsed_seconds
                progress(f"{trouble.way.target.instance_id}: {failure.value}")
            if elapsed_seconds - since_seconds >= failure.passes_within_seconds:
                break
    if trouble is None:
        raise Defect("a connection was given up before it was tried")
    raise explained(trouble.way, trouble.cause)


def _try_once(
    hop: Hop, start: Start, *, terminal: bool, is_first: bool
) -> tuple[Completed, Trouble | None]:
    ended = start(hop.ready(terminal=terminal, knock=is_first), hop.log)
    trouble = hop.judge(ended)
    if not is_first or trouble is None or trouble.cause.failure not in SILENT:
        return ended, trouble
    blocked = obstacle(trouble.way, trouble.way.outlook())
    if blocked is not None:
        raise blocked
    if trouble.way.route is not Route.DIRECT:
        return ended, trouble
    ended = start(hop.ready(terminal=terminal, knock=False), hop.log)
    return ended, hop.judge(ended)
