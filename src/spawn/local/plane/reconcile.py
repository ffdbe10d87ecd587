"""What is to be done about one instance: a pure comparison of the world with what runs."""

from __future__ import annotations

import enum
import signal
from dataclasses import dataclass

from spawn.local.world import DesiredState, Ending, Instance


class Phase(enum.Enum):
    """Whether an instance's process tree exists."""

    OFF = "off"
    ON = "on"
    ENDING = "ending"  # it has been told to end


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the plane knows of an instance. `boot` is the last one that was tried."""

    phase: Phase = Phase.OFF
    boot: int = -1
    restarts: bool = False  # it has rebooted by itself
    has_disk: bool = False


class Action(enum.Enum):
    """The next thing to do about an instance."""

    NOTHING = "nothing"
    BOOT = "boot"
    END = "end"
    WIPE = "wipe"  # its disk goes, its console stays
    FORGET = "forget"  # nothing of it stays but its console, while that may be asked for


def next_action(wanted: Instance | None, machine: Machine) -> Action:
    """Decide. An instance that ended by itself is only booted again for a greater boot number."""
    if machine.phase is Phase.ENDING:
        return Action.NOTHING
    if machine.phase is Phase.ON:
        stays = (
            wanted is not None
            and wanted.state is DesiredState.RUNNING
            and wanted.boot <= machine.boot
        )
        return Action.NOTHING if stays else Action.END
    if wanted is None:
        return Action.FORGET
    if wanted.state is DesiredState.TERMINATED:
        return Action.WIPE if machine.has_disk else Action.NOTHING
    if wanted.state is DesiredState.STOPPED:
        return Action.NOTHING
    is_due = wanted.boot > machine.boot or machine.restarts
    return Action.BOOT if is_due else Action.NOTHING


def ending_of(exit_code: int, machine: Machine) -> Ending:
    """How an instance ended, by its first process's exit code (reboot(2) in a PID namespace)."""
    if exit_code == -signal.SIGINT:
        return Ending.POWER_OFF
    if machine.phase is Phase.ENDING:
        return Ending.ORDERED
    if exit_code == -signal.SIGHUP:
        return Ending.REBOOT
    return Ending.CRASHED
