"""What can't be asked of the agent's duties: found in the spec alone, before any question."""

from __future__ import annotations

from datetime import timedelta

from spawn.core.endings import LONGEST_PRE_STOP, End
from spawn.core.errors import InputError
from spawn.launch.spec import Completion, EndAction, Idle, LaunchSpec, PreStop

# The agent looks every ten seconds: three looks tell idleness from a pause.
SHORTEST_IDLE = timedelta(seconds=30)
LONGEST_COMMAND = 2048
LONGEST_PATH, LONGEST_PROCESS = 512, 64
_KEEPS_DISKS = frozenset({EndAction.STOP, EndAction.HIBERNATE})


def check_duties(spec: LaunchSpec) -> None:
    """Raise InputError, naming the flag, for what can't be meant or can't be had."""
    asked = {
        "--pre-stop": spec.pre_stop,
        "--idle-timeout": spec.idle,
        "--on-complete": spec.completion,
    }
    given = [flag for flag, value in asked.items() if value is not None]
    if given and not spec.agent:
        raise InputError(
            f"{given[0]} and --no-agent exclude each other",
            why="it is the agent on the instance that does it",
        )
    if spec.pre_stop is not None:
        _check_pre_stop(spec.pre_stop)
    if spec.idle is not None:
        _check_idle(spec.idle)
    if spec.completion is not None:
        _check_completion(spec.completion)
    _check_spot(spec)
    _check_power_off(spec)


def _check_pre_stop(pre_stop: PreStop) -> None:
    command = pre_stop.command
    if not command.strip() or "\0" in command or len(command) > LONGEST_COMMAND:
        raise InputError(
            "--pre-stop can't be used",
            why=f"write a shell command of up to {LONGEST_COMMAND} characters; "
            "a longer one goes into a script that user-data puts there",
        )
    if not timedelta(seconds=1) <= pre_stop.timeout <= LONGEST_PRE_STOP:
        raise InputError(
            "--pre-stop-timeout can't be used",
            why="write 1s to 1h: the instance costs as long as it is waited for",
        )


def _check_idle(idle: Idle) -> None:
    if idle.timeout < SHORTEST_IDLE:
        raise InputError(
            "--idle-timeout is shorter than idleness can be told",
            why="the instance is looked at every 10 seconds: write 30s or more",
        )
    for name in idle.processes:
        if not name.isprintable() or "/" in name or len(name) > LONGEST_PROCESS:
            raise InputError(
                f"--active-processes {name!r} is no name of a program",
                why="write it without its directory: python3, train.py",
            )
    for port in idle.ports:
        if not 1 <= port <= 65_535:
            raise InputError(f"--active-ports {port} is no port", why="write 1 to 65535")


def _check_completion(completion: Completion) -> None:
    file = completion.file
    if file and (not file.startswith("/") or not file.isprintable() or len(file) > LONGEST_PATH):
        raise InputError(
            f"--completion-file {file!r} can't be used", why="write a whole path: /tmp/done"
        )
    if completion.delay > timedelta(days=1):
        raise InputError("--completion-delay is too long", why="write a day or less: 30s, 10m")


def _check_power_off(spec: LaunchSpec) -> None:
    """What ends an instance by itself is its power-off, and that means one thing."""
    if spec.on_expiry is End.TERMINATE:
        return
    for flag, end in (("--on-idle", spec.idle), ("--on-complete", spec.completion)):
        if end is not None and end.action is EndAction.TERMINATE:
            raise InputError(
                f"{flag} terminate and --on-expiry stop exclude each other",
                why="powering off only stops it then: write stop for both, or terminate",
            )


def _check_spot(spec: LaunchSpec) -> None:
    """EC2 User Guide, "Spot Instance requests": one-time requests can't be stopped."""
    if not spec.spot:
        return
    asked = {
        "--on-idle": spec.idle is not None and spec.idle.action in _KEEPS_DISKS,
        "--on-complete": spec.completion is not None and spec.completion.action in _KEEPS_DISKS,
        "--hibernation": spec.hibernation,
    }
    for flag, is_asked in asked.items():
        if is_asked:
            raise InputError(
                f"{flag} and --spot exclude each other",
                why="a spot instance ends for good: it can't be stopped or hibernated",
            )
