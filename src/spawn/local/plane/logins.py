"""What a login is given, and who is logged in on a terminal: in /run/utmp, where `wall` looks.

Written as OpenSSH's server does it: a record for each terminal, taken over by the next login there.
"""

from __future__ import annotations

import contextlib
import os
import platform
import struct
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

PATH = Path("/run/utmp")
ENVIRONMENT = Path("/etc/environment")
USER_PROCESS, DEAD_PROCESS = 7, 8
_IDENTIFIER = slice(40, 44)


def login_variables() -> dict[str, str]:
    """What /etc/environment gives each login and each command over SSH, as pam_env(8) reads it."""
    try:
        lines = ENVIRONMENT.read_text().splitlines()
    except (OSError, UnicodeError):
        return {}
    pairs = (line.removeprefix("export ").partition("=") for line in lines if line[:1] != "#")
    return {name: _unquoted(value) for name, equals, value in pairs if name and equals}


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


def layout(machine: str) -> struct.Struct:
    """glibc's struct utmp on a 64-bit machine, by the machine's name (uname -m).

    Kind, process, line, id, user, host, two exit codes, session, seconds, microseconds, address.
    Machines that run 32-bit programs too keep those programs' widths (bits/utmp.h,
    __WORDSIZE_TIME64_COMPAT32); ARM's do not.
    """
    times = "lll" if machine in {"aarch64", "riscv64"} else "iii"
    return struct.Struct(f"@hi32s4s32s256shh{times}16s20x0l")


RECORD = layout(platform.machine())


def record(kind: int, line: str, *, user: str = "", host: str = "", now: float) -> bytes:
    """One record; `line` is the terminal's device without /dev/, `host` the client's address."""
    seconds, fraction = divmod(now, 1)
    # OpenSSH's line_abbrevname: what fits of the line's end, pts/10 as s/10.
    identifier = line.encode()[-4:]
    address = ip_address(host).packed if host else b""
    names = (line.encode(), identifier, user.encode(), host.encode())
    times = (0, int(seconds), int(fraction * 1_000_000))
    return RECORD.pack(kind, os.getpid(), *names, 0, 0, *times, address)


def place_of(identifier: bytes, records: bytes) -> int:
    """Where the record of a terminal begins, or where a new one goes: at the end."""
    for start in range(0, len(records) - RECORD.size + 1, RECORD.size):
        if records[start : start + RECORD.size][_IDENTIFIER] == identifier:
            return start
    return len(records) - len(records) % RECORD.size


@contextlib.contextmanager
def logged_in(terminal: str, *, user: str, host: str) -> Iterator[None]:
    """Have a user be logged in on a terminal's device, from a client's address."""
    line = terminal.removeprefix("/dev/")
    _put(record(USER_PROCESS, line, user=user, host=host, now=time.time()))
    try:
        yield
    finally:
        _put(record(DEAD_PROCESS, line, now=time.time()))


def _put(new: bytes) -> None:
    # A login goes on where it can't be recorded, as on a machine without the file.
    with contextlib.suppress(OSError), PATH.open("r+b") as file:
        file.seek(place_of(new[_IDENTIFIER], file.read()))
        file.write(new)
