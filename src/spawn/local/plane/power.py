"""`poweroff`, `halt`, `reboot` and `shutdown` on an instance; run as a program there.

They end the instance's process namespace by reboot(2), after giving its processes a moment.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spawn.local.plane import kernel

_PENDING = Path("/run/shutdown.pid")
# systemd gives services 90 s; what runs on these instances is gone long before.
_GRACE_SECONDS = 2.0


@dataclass(frozen=True)
class PowerOrder:
    """What to do with the machine: `command` is reboot(2)'s; None cancels a pending order."""

    command: int | None
    delay_seconds: float = 0.0
    at_once: bool = False  # without a word to the processes, as -f says


class UsageError(Exception):
    """The arguments are not understood."""


def parse_order(program: str, arguments: Sequence[str]) -> PowerOrder:
    """Read a command line of one of the four programs. Raises UsageError."""
    defaults = {
        "poweroff": kernel.RB_POWER_OFF,
        "halt": kernel.RB_HALT,
        "reboot": kernel.RB_AUTOBOOT,
        "shutdown": kernel.RB_POWER_OFF,
    }
    if program not in defaults:
        raise UsageError(f"{program}: there is no systemd on this instance")
    options = [word for word in arguments if word.startswith("-")]
    words = [word for word in arguments if not word.startswith("-")]
    command = defaults[program]
    # util-linux and systemd let each of the four take the others' part by an option.
    meanings = {
        "-h": kernel.RB_POWER_OFF, "-P": kernel.RB_POWER_OFF, "-p": kernel.RB_POWER_OFF,
        "--poweroff": kernel.RB_POWER_OFF, "-H": kernel.RB_HALT, "--halt": kernel.RB_HALT,
        "-r": kernel.RB_AUTOBOOT, "--reboot": kernel.RB_AUTOBOOT,
    }  # fmt: skip
    for option in options:
        if program == "shutdown" and option == "-c":
            return PowerOrder(None)
        command = meanings.get(option, command)
    at_once = any(option in ("-f", "-ff", "--force") for option in options)
    # Without a time, `shutdown` waits a minute: that is its documented default.
    when = words[0] if words else "+1"
    delay_seconds = _delay_seconds(when) if program == "shutdown" else 0.0
    return PowerOrder(command, delay_seconds=delay_seconds, at_once=at_once)


def _delay_seconds(when: str) -> float:
    if when == "now":
        return 0.0
    minutes = re.fullmatch(r"\+?([0-9]{1,6})", when)
    if minutes is None:
        raise UsageError(f"shutdown: only 'now' and minutes as in '+5' are understood, not {when}")
    return 60.0 * int(minutes[1])


def main(arguments: Sequence[str]) -> int:
    """Do what the program called `arguments[0]` does with the rest."""
    try:
        order = parse_order(arguments[0], arguments[1:])
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if order.command is None:
        _cancel()
        return 0
    command = order.command
    if order.delay_seconds:
        minutes = order.delay_seconds / 60
        sys.stdout.write(f"Shutdown in {minutes:g} minutes, use 'shutdown -c' to cancel.\n")
        sys.stdout.flush()
        if os.fork():
            return 0
        os.setsid()
        _PENDING.write_text(str(os.getpid()))
        time.sleep(order.delay_seconds)
    _carry_out(command, at_once=order.at_once)
    return 1


def _cancel() -> None:
    try:
        os.kill(int(_PENDING.read_text()), signal.SIGTERM)
        _PENDING.unlink()
    except (OSError, ValueError):
        return  # nothing is pending, as far as anyone can tell


def _carry_out(command: int, *, at_once: bool) -> None:
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    if not at_once:
        os.kill(-1, signal.SIGTERM)
        _await_quiet(time.monotonic() + _GRACE_SECONDS)
    os.sync()
    kernel.reboot(command)


def _await_quiet(deadline: float) -> None:
    """Wait until only the first process and this one are left, or the deadline has passed."""
    while time.monotonic() < deadline:
        others = {entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        if others <= {"1", str(os.getpid())}:
            return
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
