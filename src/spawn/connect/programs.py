"""The programs of this machine, started from a list of words and never through a shell."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, NoReturn, Protocol

from spawn.core.errors import AccountError, Defect

# What a shell reports for a child that a signal ended: 128 and the signal's number.
_SIGNALLED = 128
_FAILED = 255  # ssh(1), "Exit status"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_CTRL_C = (signal.SIGINT,)
_ENDING = (signal.SIGTERM, signal.SIGHUP)


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

        Raises ProgramMissing where it is not installed, AccountError where it can't be started,
        TimeoutError (the program is ended) when it takes longer than `timeout_seconds`.
        """

    def attach(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str] = _NOTHING,
        left_to_it: tuple[signal.Signals, ...] = _CTRL_C,
        errors: Path | None = None,
    ) -> int:
        """Run a program on this process's own input, output and terminal; return its exit code.

        `environment` is added to the program's: what no process list may show. `left_to_it` are
        the keyboard's signals that mean what the program makes of them: where it makes a failure
        of one, the exit code is the signal's. `errors` is a file for what it writes to standard
        error. Raises as `run` does.
        """

    def stream(
        self,
        words: Sequence[str],
        exchange: Callable[[IO[bytes], IO[bytes]], None],
        *,
        errors: Path,
    ) -> int:
        """Run a program while `exchange` writes its input and reads its output; return its code.

        Nothing is kept in memory. `errors` is the file for its standard error. Raises as `run`
        does, and what `exchange` raises, the program then being ended.
        """

    def replace(
        self, words: Sequence[str], *, environment: Mapping[str, str] = _NOTHING
    ) -> NoReturn:
        """Become the program, as exec(2) does; `environment` is added to the program's.

        Raises AccountError where it can't be started.
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
        except OSError as error:
            raise _not_started(words[0], error) from error
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{words[0]} took longer than {timeout_seconds} s") from error
        return Completed(
            returncode=_exit_code(ended.returncode), stdout=ended.stdout, stderr=ended.stderr
        )

    def attach(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str] = _NOTHING,
        left_to_it: tuple[signal.Signals, ...] = _CTRL_C,
        errors: Path | None = None,
    ) -> int:
        """Run a program on the terminal, as `Programs.attach` says."""
        with (
            contextlib.nullcontext() if errors is None else errors.open("ab") as standard_error,
            _left_to_the_program(left_to_it) as pressed,
            _ending_with_us() as runs,
        ):
            try:
                process = subprocess.Popen(
                    list(words), env=self._with(environment), stderr=standard_error
                )
            except OSError as error:
                raise _not_started(words[0], error) from error
            runs(process)
            code = _exit_code(process.wait())
        # Stopped from the keyboard, ssh says no more than that it failed.
        return _SIGNALLED + pressed[-1] if pressed and code == _FAILED else code

    def stream(
        self,
        words: Sequence[str],
        exchange: Callable[[IO[bytes], IO[bytes]], None],
        *,
        errors: Path,
    ) -> int:
        """Run a program with its input and output in hand, as `Programs.stream` says."""
        with errors.open("ab") as standard_error:
            try:
                process = subprocess.Popen(
                    list(words),
                    env=self.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=standard_error,
                )
            except OSError as error:
                raise _not_started(words[0], error) from error
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            exchange(process.stdin, process.stdout)
        except BaseException:
            process.kill()
            raise
        finally:
            # What it has not read is of no use any more: its exit code tells.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
            code = process.wait()
        return _exit_code(code)

    def replace(
        self, words: Sequence[str], *, environment: Mapping[str, str] = _NOTHING
    ) -> NoReturn:
        """Become the program, as `Programs.replace` says."""
        # Python ignores SIGPIPE, and what is ignored stays so through exec(2).
        before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        try:
            together = self._with(environment)
            if together is None:
                os.execvp(words[0], list(words))  # noqa: S606  no shell is what is wanted
            os.execvpe(words[0], list(words), dict(together))  # noqa: S606  likewise
        except OSError as error:
            raise _not_started(words[0], error) from error
        finally:
            signal.signal(signal.SIGPIPE, before)

    def _with(self, more: Mapping[str, str]) -> Mapping[str, str] | None:
        if not more:
            return self.environment
        if self.environment is None:
            raise Defect("something was added to an environment that was not handed in")
        return {**self.environment, **more}


@contextlib.contextmanager
def _ending_with_us() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Pass on what asks this process alone to end: ssh would stay, and keep its ports open.

    What is lent takes the program once it runs; what came before is passed on then.
    """
    programs: list[subprocess.Popen[bytes]] = []
    asked: list[int] = []

    def pass_on(number: int, _frame: object) -> None:
        asked.append(number)
        for program in programs:
            program.send_signal(number)

    def runs(program: subprocess.Popen[bytes]) -> None:
        programs.append(program)
        for number in asked:
            program.send_signal(number)

    before: dict[signal.Signals, signal._HANDLER] = {}
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, pass_on)
    try:
        yield runs
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _left_to_the_program(numbers: tuple[signal.Signals, ...]) -> Iterator[list[int]]:
    """Let signals that reach the whole foreground group mean what the program makes of them.

    What is lent is a list of those that came. A handler is not inherited through exec(2), as
    ignoring the signal would be.
    """
    before: dict[signal.Signals, signal._HANDLER] = {}
    pressed: list[int] = []
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, lambda came, _frame: pressed.append(came))
    try:
        yield pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_code(returncode: int) -> int:
    return returncode if returncode >= 0 else _SIGNALLED - returncode


class ProgramMissing(AccountError):
    """A program is not installed on this machine."""


def _not_started(program: str, error: OSError) -> AccountError:
    if isinstance(error, FileNotFoundError):
        return ProgramMissing(
            f"the program {program} is not installed on this machine",
            why="spawn uses the OpenSSH client for keys and connections",
            next_command="sudo apt-get install openssh-client",
        )
    return AccountError(
        f"the program {program} can't be started", why=error.strerror or type(error).__name__
    )
