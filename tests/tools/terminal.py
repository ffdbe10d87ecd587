"""A real terminal, of some width, in which a program runs and somebody types."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.tools.programs import TIMEOUT_SECONDS

INTERRUPT = "\x03"
END_OF_INPUT = "\x04"
KILL_LINE = "\x15"
TAB = "\t"
# ECMA-48, 5.4: control sequences; xterm's operating system commands end with BEL.
_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x07")


class Terminal:
    """What stands on it so far, and its keyboard."""

    def __init__(self, keyboard: int, process: subprocess.Popen[bytes]) -> None:
        self._keyboard = keyboard
        self._process = process
        self._read = b""

    @property
    def text(self) -> str:
        """All that was written, without what only moves the cursor or colours it."""
        text = self._read.decode("utf-8", "replace").replace("\r\n", "\n")
        return _CONTROLS.sub("", text)

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._keyboard, keys.encode())

    def has(self, text: str, *, after: int = 0, within_seconds: float = TIMEOUT_SECONDS) -> bool:
        """Wait until the text stands there, in what follows the first `after` characters."""
        end = time.monotonic() + within_seconds
        while text not in self.text[after:]:
            if not self._read_more(end - time.monotonic()):
                return text in self.text[after:]
        return True

    def expect(self, text: str, *, after: int = 0) -> None:
        """Fail where the text does not come."""
        assert self.has(text, after=after), f"{text!r} did not come:\n{self.text}"

    def finish(self) -> int:
        """Return the exit code, having read everything to the end."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while self._read_more(end - time.monotonic()):
            pass
        return self._process.wait(timeout=TIMEOUT_SECONDS)

    def _read_more(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self._keyboard], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._keyboard, 65536)
        except OSError:  # EIO: nobody has it open any more
            return False
        self._read += piece
        return bool(piece)


@contextmanager
def terminal(
    words: Sequence[str], *, environment: Mapping[str, str], directory: Path, columns: int = 80
) -> Iterator[Terminal]:
    """Run a program on a terminal of its own; it is ended, with its children, at the end."""
    keyboard, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        # So that Ctrl-C and Ctrl-D mean there what they mean to a person.
        ("setsid", "--ctty", "--wait", *words),
        env={**environment, "TERM": "xterm"},
        cwd=directory,
        stdin=screen,
        stdout=screen,
        stderr=screen,
    )
    os.close(screen)
    try:
        yield Terminal(keyboard, process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=TIMEOUT_SECONDS)
        os.close(keyboard)
