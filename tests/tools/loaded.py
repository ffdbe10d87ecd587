"""`spawn`, loaded once and forked for each run: most of what a short run costs is its imports.

A process that has imported the command line and done nothing else waits for requests. For each it
forks a process of its own session, with the request's environment, directory and streams, which
runs the program's own entry to its end. What depends on the start itself (signals to a real
process, command lines, terminals, cold start) is tested on the program: `Program`.

    python -m tests.tools.loaded      the waiting process; its stdin is the socket of requests
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tests.tools.programs import (
    PROGRAMS,
    TIMEOUT_SECONDS,
    Finished,
    Program,
    clean_environment,
)

REPOSITORY = Path(__file__).resolve().parents[2]
# What the commands import when they are called, and what AWS's client does.
PRELOADED = (
    *("spawn.cli.root", "spawn.cli.launch", "spawn.cli.list", "spawn.cli.status"),
    *("spawn.cli.assembly", "spawn.cli.launching", "spawn.cli.settings", "spawn.cli.mending"),
    *("botocore.session", "botocore.client", "botocore.auth", "botocore.endpoint"),
)
FILES_OF_A_REQUEST = 5


@dataclass(frozen=True, kw_only=True)
class LoadedProgram(Program):
    """`spawn` as `Program` runs it, but for the time that its start takes."""

    def __call__(
        self, *words: str, stdin: str = "", timeout_seconds: float = TIMEOUT_SECONDS, **extra: str
    ) -> Finished:
        """Run it to its end. Raises as `Program` does."""
        if self.path.name != "spawn":  # another program, in the same environment
            return super().__call__(*words, stdin=stdin, timeout_seconds=timeout_seconds, **extra)
        asked = {
            "words": [str(self.path), *words],
            "environment": {**self.environment, **extra},
            "directory": str(self.directory),
        }
        with (
            tempfile.TemporaryFile() as request,
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as stdout,
            tempfile.TemporaryFile() as stderr,
        ):
            request.write(json.dumps(asked).encode())
            given.write(stdin.encode())
            given.seek(0)
            code = _ask((request, given, stdout, stderr), words, timeout_seconds)
            return Finished(code=code, stdout=_text(stdout), stderr=_text(stderr))


def loaded_spawn(environment: Mapping[str, str], directory: Path) -> Program:
    """Return `spawn`, as a person with this environment runs it in the directory."""
    return LoadedProgram(path=PROGRAMS / "spawn", environment=environment, directory=directory)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    # As subprocess reads text: every kind of line end is one.
    return file.read().decode().replace("\r\n", "\n").replace("\r", "\n")


def _ask(files: tuple[BinaryIO, ...], words: tuple[str, ...], timeout_seconds: float) -> int:
    """Have a run forked, and wait for its exit code (negative: the signal that ended it)."""
    for file in files:
        file.flush()
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            descriptors = [*(file.fileno() for file in files), theirs.fileno()]
            socket.send_fds(_waiting_process(), [b"run"], descriptors)
        ours.settimeout(timeout_seconds)
        with ours.makefile("r") as answers:
            process_id = int(answers.readline())
            try:
                return os.waitstatus_to_exitcode(int(answers.readline()))
            except TimeoutError as error:
                os.killpg(process_id, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["spawn", *words], timeout_seconds) from error


_lock = threading.Lock()
_socket: list[socket.socket] = []


def _waiting_process() -> socket.socket:
    """Return the socket to this process's own, which is started for the first request."""
    with _lock:
        if not _socket:
            ours, theirs = socket.socketpair()
            home = tempfile.TemporaryDirectory(prefix="spawn-loaded-")
            process = subprocess.Popen(
                (sys.executable, "-m", "tests.tools.loaded"),
                env=clean_environment(Path(home.name)),
                cwd=REPOSITORY,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
            )
            theirs.close()
            _socket.append(ours)
            atexit.register(_end, ours, process, home)
        return _socket[0]


def _end(
    ours: socket.socket,
    process: subprocess.Popen[bytes],
    home: tempfile.TemporaryDirectory[str],
) -> None:
    ours.close()
    process.wait()
    home.cleanup()


def serve(requests: socket.socket) -> None:
    """Fork a run for each request, until nobody can ask any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for a run
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 8, FILES_OF_A_REQUEST)
        if not message:
            return
        if os.fork() == 0:
            requests.close()
            _run_and_tell(descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _run_and_tell(descriptors: list[int]) -> None:
    *files, answers = descriptors
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process_id = os.fork()
    if process_id == 0:
        os.setsid()
        _become(*files)
    for descriptor in files:
        os.close(descriptor)
    os.write(answers, f"{process_id}\n".encode())
    _, status = os.waitpid(process_id, 0)
    os.write(answers, f"{status}\n".encode())
    os._exit(0)


def _become(request: int, stdin: int, stdout: int, stderr: int) -> None:
    """Turn this process into the run that was asked for, and end with it."""
    os.lseek(request, 0, os.SEEK_SET)
    with os.fdopen(request, "rb") as file:
        asked = json.loads(file.read())
    # Python's own streams stay: they write to these numbers, whatever lies behind them.
    for target, source in enumerate((stdin, stdout, stderr)):
        os.dup2(source, target)
    os.closerange(3, max(stdin, stdout, stderr) + 2)
    _enter(asked["directory"], asked["environment"])
    sys.argv = asked["words"]
    entry = importlib.import_module("spawn.cli.entry")
    entry.main()
    sys.exit(0)


def _enter(directory: str, environment: Mapping[str, str]) -> None:
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.path[:] = [place for place in sys.path if place not in ("", str(REPOSITORY))]


if __name__ == "__main__":
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    serve(socket.socket(fileno=0))
