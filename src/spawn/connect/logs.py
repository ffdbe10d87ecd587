"""What an instance's boot and user-data printed, and what its agent noted.

Over SSH from the files themselves; else from its console, and from CloudWatch Logs where the
instance ships its agent's log. All come as pieces of bytes in their order. Foreign text: whoever
shows it escapes it.
"""

from __future__ import annotations

import enum
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from spawn.aws.logs import LogEvent
from spawn.connect.connect import reach
from spawn.connect.feeds import ConsoleFeed, Feed, LogPart, ShippedFeed
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.programs import Completed
from spawn.connect.ssh import SshTarget, ssh_command
from spawn.connect.way import Way
from spawn.core.errors import AccountError, InputError

Show = Callable[[bytes], None]
BOOT_LOG, AGENT_LOG = "/var/log/cloud-init-output.log", "/var/log/spored.log"
_FILES = {
    LogPart.ALL: (BOOT_LOG, AGENT_LOG),
    LogPart.BOOT: (BOOT_LOG,),
    LogPart.AGENT: (AGENT_LOG,),
}
_CHUNK_BYTES = 64 * 1024
# GetConsoleOutput has a token bucket of its own for each account and region.
_FEED_PAUSE_SECONDS = 3.0
# A connection is cut some moments before AWS shows that the instance ends.
_END_SEEN_WITHIN_SECONDS = 20.0
# EC2 User Guide, "Instance lifecycle".
_ENDED_STATES = frozenset({"stopped", "terminated"})
_ENDING_STATES = _ENDED_STATES | {"shutting-down", "stopping"}


class LogSource(enum.StrEnum):
    """Where it is taken from: AUTO is SSH where there is a way now, else what there is."""

    AUTO = "auto"
    SSH = "ssh"
    CONSOLE = "console"
    CLOUDWATCH = "cloudwatch"


@dataclass(frozen=True, kw_only=True)
class LogRequest:
    """What is wanted: the last `lines` of each log, None for all, and what comes to it."""

    source: LogSource = LogSource.AUTO
    part: LogPart = LogPart.ALL
    lines: int | None = None
    follow: bool = False


@dataclass(frozen=True, kw_only=True)
class LoggedInstance:
    """An instance as its logs are read: the way to it, its console and its state now.

    find_way   is told the source that was asked for: AUTO does not wait for one that still boots
    log_group  the log group that it ships its agent's log to, "" for none
    shipped    what the group has of it, from a time on in milliseconds since 1970
    """

    instance_id: str
    find_way: Callable[[LogSource], tuple[Way, Patience]]
    console: Callable[[], str]
    state: Callable[[], str]
    log_group: Callable[[], str]
    shipped: Callable[[str, int], tuple[LogEvent, ...]]
    sleep: Callable[[float], None]


def show_output(
    logged: LoggedInstance, wanted: LogRequest, show: Show, *, progress: Progress = in_silence
) -> None:
    """Show what is wanted, following it to the instance's end where that is.

    Raises AccountError and InputError where SSH was asked for, or was cut off amid its output,
    and leads nowhere, and where CloudWatch Logs was asked for what it can't have; AwsRefusal where
    AWS can't be asked.
    """
    shown = 0

    def count(piece: bytes) -> None:
        nonlocal shown
        shown += len(piece)
        show(piece)

    is_auto, why = wanted.source is LogSource.AUTO, ""
    if wanted.source is LogSource.SSH or (is_auto and logged.state() not in _ENDING_STATES):
        try:
            _show_over_ssh(logged, wanted, count, progress=progress)
        except (AccountError, InputError) as error:
            if not is_auto or shown:
                raise
            why = error.what
        else:
            return
    feeds = _feeds(logged, wanted, progress)
    if why:
        progress(f"{why}: this is {' and '.join(feed.name for feed in feeds)}")
    _show_feeds(logged, feeds, count, follow=wanted.follow)


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


def _feeds(logged: LoggedInstance, wanted: LogRequest, progress: Progress) -> tuple[Feed, ...]:
    """Return what to read in place of the files; what is there twice, from where it is whole."""
    if wanted.source is LogSource.CLOUDWATCH and wanted.part is LogPart.BOOT:
        raise InputError(
            "--of boot and --source cloudwatch exclude each other",
            why="an instance ships its agent's log, and no other",
        )
    group = "" if wanted.source is LogSource.CONSOLE else logged.log_group()
    if wanted.source is LogSource.CLOUDWATCH and not group:
        raise AccountError(
            f"{logged.instance_id} ships no log to CloudWatch Logs",
            why="it was launched without --ship-logs",
            next_command=shlex.join(("spawn", "logs", logged.instance_id, "--source=console")),
        )

    def console(part: LogPart) -> Feed:
        return ConsoleFeed(logged.console, part, lines=wanted.lines, progress=progress)

    if not group or wanted.part is LogPart.BOOT:
        return (console(wanted.part),)
    shipped = ShippedFeed(
        lambda from_ms: logged.shipped(group, from_ms), lines=wanted.lines, progress=progress
    )
    has_boot = wanted.part is LogPart.ALL and wanted.source is LogSource.AUTO
    return (console(LogPart.BOOT), shipped) if has_boot else (shipped,)


def _show_feeds(logged: LoggedInstance, feeds: Sequence[Feed], show: Show, *, follow: bool) -> None:
    """Show what the feeds have; where they are followed, until the instance has ended."""
    while True:
        # Asked before the feeds are: what is printed last is read after the end.
        is_last = not follow or logged.state() in _ENDED_STATES
        for feed in feeds:
            show(feed.new(is_last=is_last).encode())
        if is_last:
            return
        logged.sleep(_FEED_PAUSE_SECONDS)


def show_log(
    way: Way,
    show: Show,
    *,
    wanted: LogRequest,
    patience: Patience,
    progress: Progress = in_silence,
) -> None:
    """Show the instance's logs over SSH, and what comes to them until the connection ends.

    Raises AccountError where there is no connection (any more), and where the login user may not
    read them or there is none.
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
            f"{' and '.join(_FILES[wanted.part])} of {way.target.instance_id} can't be read",
            why=ended.stderr.decode("utf-8", "replace").strip(),
            next_command=shlex.join(("spawn", "logs", way.target.instance_id, "--source=console")),
        )


def log_command(wanted: LogRequest) -> tuple[str, ...]:
    """Return the command that prints the logs on the instance, one after the other.

    Only root may read them on some images: whoever logs in there may become root without a
    password. An agent that had nothing to note yet has no log: one that is followed may come.
    """
    first, *others = _FILES[wanted.part]
    lines = "+1" if wanted.lines is None else str(wanted.lines)
    tail = shlex.join(("tail", "-q", "-n", lines, *(("-F",) if wanted.follow else ())))
    here = "true" if wanted.follow else '[ -e "$file" ]'
    script = (
        f"become=; set -- {first}\n"
        f'for file in {shlex.join(others)}; do {here} && set -- "$@" "$file"; done\n'
        'for file; do [ -r "$file" ] || ! [ -e "$file" ] || become="sudo -n"; done\n'
        f'exec $become {tail} "$@"'
    )
    return ("sh", "-c", script)
