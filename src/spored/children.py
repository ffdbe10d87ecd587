"""Processes that the agent starts and never waits for.

What writes to disk does so in one of them: a disk that is stuck must not keep the machine on.
"""

from __future__ import annotations

import os
from collections.abc import Callable


class Children:
    """Processes by name, of which one of a name runs at a time; exit codes of those that ended."""

    def __init__(self) -> None:
        self.running: dict[str, int] = {}
        self.codes: dict[str, int] = {}

    def start(self, name: str, job: Callable[[], object]) -> bool:
        """Do a job in a process of its own, unless one of that name runs; say whether it began."""
        if name in self.running:
            return False
        self.codes.pop(name, None)
        try:
            pid = os.fork()
        except OSError:
            self.codes[name] = 1
            return False
        if pid == 0:
            try:
                os.setsid()
                job()
                os._exit(0)
            finally:
                os._exit(1)
        self.running[name] = pid
        return True

    def run(self, name: str, seconds: float, command: str, *words: str) -> bool:
        """Run a shell command in the same way, `words` as $1 and on; it is killed after a while."""
        whole = ("timeout", "-s", "KILL", f"{seconds}", "sh", "-c", command, "spored", *words)
        return self.start(name, lambda: os.execvp(whole[0], whole))  # noqa: S606  no shell of ours

    def reap(self) -> None:
        """Note the exit codes of those that have ended."""
        for name, pid in list(self.running.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del self.running[name]
                self.codes[name] = os.waitstatus_to_exitcode(status)
