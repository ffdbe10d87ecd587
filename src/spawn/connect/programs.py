"""The programs of this machine, started from a list of words and never through a shell."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from spawn.core.errors import AccountError

# What a shell reports for a child that a signal ended: 128 and the signal's number.
_SIGNALLED = 128


@dataclass(frozen=True, kw_only=True)
class Completed:
    """A program that has ended, with the bytes that it wrote."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Programs(Protocol):
    """Whatever can start a program and wait for its end."""

    def run(
        self, words: Sequence[str], *, stdin: bytes = b"", timeout_seconds: float | None = None
    ) -> Completed:
        """Run a program apart from the terminal and return what it wrote.

        Raises AccountError where it is not installed, TimeoutError (the program is ended) when
        it takes longer than `timeout_seconds`.
        """

    def attach(self, words: Sequence[str]) -> int:
        """Run a program on this process's own input, output and terminal; return its exit code.

        Raises AccountError where it is not installed.
        """


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without AWS's settings, and so without its keys.

    ssh and ssh-keygen need none of them, and a process's environment shows in /proc.
    """
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


@dataclass(frozen=True)
class LocalPrograms:
    """The programs that the search path leads to, with this environment; None: this process's."""

    environment: Mapping[str, str] | None = None

    def run(
        self, words: Sequence[str], *, stdin: bytes = b"", timeout_seconds: float | None = None
    ) -> Completed:
        """Run a program apart from the terminal, as `Programs.run` says."""
        try:
            ended = subprocess.run(
                list(words),
                input=stdin,
                capture_output=True,
                timeout=timeout_seconds,
                check=False,
                env=self.environment,
            )
        except FileNotFoundError as error:
            raise _not_installed(words[0]) from error
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{words[0]} took longer than {timeout_seconds} s") from error
        return Completed(
            returncode=_exit_code(ended.returncode), stdout=ended.stdout, stderr=ended.stderr
        )

    def attach(self, words: Sequence[str]) -> int:
        """Run a program on the terminal, as `Programs.attach` says."""
        with _interrupts_left_to_the_program():
            try:
                process = subprocess.Popen(list(words), env=self.environment)
            except FileNotFoundError as error:
                raise _not_installed(words[0]) from error
            return _exit_code(process.wait())


@contextlib.contextmanager
def _interrupts_left_to_the_program() -> Iterator[None]:
    """Let Ctrl-C, which reaches the whole foreground group, mean what the program makes of it.

    A handler that does nothing is not inherited through exec(2), as ignoring the signal would be.
    """
    if threading.current_thread() is not threading.main_thread() or (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):
        yield
        return
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _exit_code(returncode: int) -> int:
    return returncode if returncode >= 0 else _SIGNALLED - returncode


def _not_installed(program: str) -> AccountError:
    return AccountError(
        f"the program {program} is not installed on this machine",
        why="spawn uses the OpenSSH client for keys and connections",
        next_command="sudo apt-get install openssh-client",
    )
