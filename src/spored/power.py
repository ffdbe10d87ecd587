"""Ending processes, and the machine: as shell commands for a child, and with no help at all."""

from __future__ import annotations

import ctypes
import time
from contextlib import suppress

# The processes of logins and of cloud-init's scripts: systemd ends the services, in their order,
# when it powers off; so does `poweroff` with all processes where there is no systemd.
END_PROCESSES = "systemctl kill user.slice cloud-final.service"
POWER_OFF = "systemctl poweroff -i || poweroff"
_RB_POWER_OFF = 0x4321FEDC  # linux/reboot.h
_ALL_ON_FAULT = 7  # linux/mman.h: pages of now and later, once they are used
_SYNC_SECONDS = 2
_libc = ctypes.CDLL(None)


def stay_in_memory() -> None:
    """Be not swapped out, as far as the system lets us."""
    _libc.mlockall(_ALL_ON_FAULT)


def force_off() -> None:
    """Power off with no help of other programs. Returns only where the system does not do it."""
    _sysrq("s")  # begins to write to the disks, and does not wait for them
    time.sleep(_SYNC_SECONDS)
    _libc.reboot(_RB_POWER_OFF)
    _sysrq("o")


def _sysrq(letter: str) -> None:
    with suppress(OSError), open("/proc/sysrq-trigger", "w") as file:
        file.write(letter)
