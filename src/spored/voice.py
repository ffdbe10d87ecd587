"""What the agent says on the serial console, which AWS shows to whoever may ask for it."""

from __future__ import annotations

import os
from contextlib import suppress


def console(line: str) -> None:
    """Write a line. A console that nobody reads takes no more: then the line is lost."""
    name = (read("/sys/class/tty/console/active").split() or ["console"])[-1]
    with suppress(OSError):
        device = os.open(f"/dev/{name}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        with open(device, "wb", 0) as file:
            file.write(f"\r\nspored: {line}\r\n".encode("ascii", "backslashreplace"))


def read(path: str) -> str:
    """Return what a small file says, "" where it can't be read."""
    with suppress(OSError), open(path, "rb") as file:
        return file.read().decode("utf-8", "replace")
    return ""
