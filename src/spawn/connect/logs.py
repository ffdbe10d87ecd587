"""What an instance's boot and its user-data printed: from its log over SSH, or from its console.

Both come as pieces of bytes in their order. Foreign text: whoever shows it escapes it.
"""

from __future__ import annotations

import enum
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from spawn.connect.connect import reach
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.programs import Completed
from spawn.connect.ssh import SshTarget, ssh_command
from spawn.connect.way import Way
from spawn.core.errors import AccountError, InputError

Show = Callable[[bytes], None]
LOG_FILE = "/var/log/cloud-init-output.log"
_CHUNK_BYTES = 64 * 1024
# How much must be the same to be taken for what was seen: a blank line or a prompt comes again.
_ANCHOR_CHARACTERS = 256
# GetConsoleOutput has a token bucket of its own for each account and region.
_CONSOLE_PAUSE_SECONDS = 3.0
# A connection is cut some moments before AWS shows that the instance ends.
_END_SEEN_WITHIN_SECONDS = 20.0
# EC2 User Guide, "Instance lifecycle".
_ENDED_STATES = frozenset({"stopped", "terminated"})
_ENDING_STATES = _ENDED_STATES | {"shutting-down", "stopping"}


class LogSource(enum.StrEnum):
    """Where the output is taken from: AUTO is SSH where there is a way now, the console else."""

    AUTO = "auto"
    SSH = "ssh"
    CONSOLE = "console"


@dataclass(frozen=True, kw_only=True)
class LogRequest:
    """What of the output is wanted: the last `lines`, None for all, and what comes to it."""

    source: LogSource = LogSource.AUTO
    lines: int | None = None
    follow: bool = False


@dataclass(frozen=True, kw_only=True)
class LoggedInstance:
    """An instance as its output is read: the way to it, its console and its state now.

    `find_way` is told the source that was asked for: AUTO does not wait for one that still boots.
    """

    find_way: Callable[[LogSource], tuple[Way, Patience]]
    console: Callable[[], str]
    state: Callable[[], str]
    sleep: Callable[[float], None]


def show_output(
    logged: LoggedInstance, wanted: LogRequest, show: Show, *, progress: Progress = in_silence
) -> None:
    """Show what is wanted, following it to the instance's end where that is.

    Raises AccountError and InputError where SSH was asked for, or was cut off amid its output,
    and leads nowhere; AwsRefusal where AWS can't be asked.
    """
    shown = 0

    def count(piece: bytes) -> None:
        nonlocal shown
        shown += len(piece)
        show(piece)

    ending = logged.state() in _ENDING_STATES
    if wanted.source is LogSource.SSH or (wanted.source is LogSource.AUTO and not ending):
        try:
            _show_over_ssh(logged, wanted, count, progress=progress)
        except (AccountError, InputError) as error:
            if wanted.source is LogSource.SSH or shown:
                raise
            progress(f"{error.what}: this is its console")
        else:
            return
    _show_console(logged, wanted, count, progress=progress)


def _show_over_ssh(
    logged: LoggedInstance, wanted: LogRequest, show: Show, *, progress: Progress
) -> None:
    way, patience = logged.find_way(wanted.source)
    try:
        show_log(way, show, wanted=wanted, patience=patience, progress=progress)
    except AccountError:
        short = replace(patience, limit_seconds=_END_SEEN_WITHIN_SECONDS)
        followed_to_the_end = wanted.follow and any(
            logged.state() in _ENDING_STATES for _ in short.attempts()
        )
        if not followed_to_the_end:
            raise


def _show_console(
    logged: LoggedInstance, wanted: LogRequest, show: Show, *, progress: Progress
) -> None:
    if wanted.follow:
        follow_console(logged, show, lines=wanted.lines, progress=progress)
        return
    text = logged.console()
    if not text:
        progress("its console shows nothing (yet): it takes some minutes after a start")
    show((text if wanted.lines is None else last_lines(text, wanted.lines)).encode())


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


def follow_console(
    logged: LoggedInstance, show: Show, *, lines: int | None, progress: Progress = in_silence
) -> None:
    """Show what the console shows, and then what comes to it, until the instance has ended.

    `lines` is how many of those that are there already are shown, None for all.
    """
    before = ""
    is_first = True
    while True:
        # Asked before the console is read: what is printed last is read after the end.
        ended = logged.state() in _ENDED_STATES
        now = logged.console()
        new, is_whole = new_output(before, now)
        if not is_whole:
            progress("the console moved on too fast: some of it may be missing here")
        show((last_lines(new, lines) if is_first and lines is not None else new).encode())
        if ended:
            return
        is_first = is_first and not now
        before = now or before
        logged.sleep(_CONSOLE_PAUSE_SECONDS)


def show_log(
    way: Way,
    show: Show,
    *,
    wanted: LogRequest,
    patience: Patience,
    progress: Progress = in_silence,
) -> None:
    """Show the instance's log over SSH, and what comes to it until the connection ends.

    Raises AccountError where there is no connection (any more), and where the login user may not
    read the log or there is none.
    """

    def exchange(stdin: IO[bytes], stdout: IO[bytes]) -> None:
        stdin.close()
        while piece := os.read(stdout.fileno(), _CHUNK_BYTES):
            show(piece)

    def start(target: SshTarget, log: Path) -> Completed:
        complaints = log.with_name("complaints")
        command = ssh_command(target, log_command(wanted), log=log, terminal=False)
        code = way.machine.programs.stream(command, exchange, errors=complaints)
        return Completed(returncode=code, stdout=b"", stderr=complaints.read_bytes())

    ended = reach(way, start, terminal=False, patience=patience, progress=progress)
    if ended.returncode != 0:
        raise AccountError(
            f"the log {LOG_FILE} of {way.target.instance_id} can't be read",
            why=ended.stderr.decode("utf-8", "replace").strip(),
            next_command=shlex.join(("spawn", "logs", way.target.instance_id, "--source=console")),
        )


def log_command(wanted: LogRequest) -> tuple[str, ...]:
    """Return the command that prints the log on the instance.

    Only root may read it on some images: whoever logs in there may become root without a password.
    """
    first = "+1" if wanted.lines is None else str(wanted.lines)
    read = shlex.join(("tail", "-n", first, *(("-F",) if wanted.follow else ()), LOG_FILE))
    readable = f"[ -r {LOG_FILE} ] || ! [ -e {LOG_FILE} ]"
    return ("sh", "-c", f"if {readable}; then exec {read}; else exec sudo -n {read}; fi")
