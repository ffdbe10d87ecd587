"""A launch that something happens to, placed by the proxy in front of AWS."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field

from tests.tools.programs import Finished, Program

STARTED_WITHIN_SECONDS = 10.0
# Five attempts with pauses in between, twice: the launch's own request, and taking it back.
LONGEST_SECONDS = 90.0


@dataclass(frozen=True)
class Victim:
    """A run of the program that can be killed from within a fault's hook."""

    program: Program
    _pid: list[int] = field(default_factory=list)
    _started: threading.Event = field(default_factory=threading.Event)

    def run(self, *words: str) -> Finished:
        """Run it to its end, whoever brings that about."""
        with subprocess.Popen(
            (str(self.program.path), *words),
            env=dict(self.program.environment),
            cwd=self.program.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            self._pid.append(process.pid)
            self._started.set()
            try:
                stdout, stderr = process.communicate(timeout=LONGEST_SECONDS)
            finally:
                process.kill()
        return Finished(code=process.returncode, stdout=stdout, stderr=stderr)

    def kill(self) -> None:
        """Kill it as it stands, and return when it is dead: it notices nothing that follows."""
        assert self._started.wait(STARTED_WITHIN_SECONDS)
        os.kill(self._pid[0], signal.SIGKILL)
        os.waitid(os.P_PID, self._pid[0], os.WEXITED | os.WNOWAIT)
