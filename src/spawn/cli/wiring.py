"""The one place that looks at the environment, the terminal and the time, and hands them on."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TextIO

from spawn.cli.rendering.terminal import escape
from spawn.core.errors import InputError
from spawn.core.ids import LAUNCH_ID_BYTES, launch_id

LOCAL_SWITCH = "SPAWN_LOCAL"
COMPLETION_SWITCH = "_SPAWN_COMPLETE"  # set by the script that `spawn completion` prints
PROJECT_FILE = "spawn.toml"


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the wall clock's time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds from some fixed point, never going back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Paths:
    """Where spawn keeps what is its own, by the XDG base directory specification."""

    state: Path
    cache: Path
    config: Path
    home: Path

    @property
    def journal(self) -> Path:
        """One file a launch."""
        return self.state / "journal"


def paths_of(environment: Mapping[str, str]) -> Paths:
    """Return the directories; none of them is made here."""
    home = Path(environment.get("HOME") or "~").expanduser()
    state = environment.get("XDG_STATE_HOME") or home / ".local" / "state"
    cache = environment.get("XDG_CACHE_HOME") or home / ".cache"
    config = environment.get("XDG_CONFIG_HOME") or home / ".config"
    return Paths(Path(state) / "spawn", Path(cache) / "spawn", Path(config) / "spawn", home)


@dataclass(frozen=True)
class Wiring:
    """What a command is given of the world."""

    environment: Mapping[str, str]
    paths: Paths
    clock: SystemClock
    stdout: TextIO
    stderr: TextIO
    stdin: TextIO

    @property
    def is_terminal(self) -> bool:
        """Whether a person can be asked something, and sees progress."""
        return self.stdin.isatty() and self.stderr.isatty()

    @cached_property
    def in_colour(self) -> bool:
        """Whether stdout may be coloured (no-color.org)."""
        return self.stdout.isatty() and not self.environment.get("NO_COLOR")

    @property
    def columns(self) -> int | None:
        """How wide stdout is, None where it is no terminal."""
        return os.get_terminal_size(self.stdout.fileno()).columns if self.stdout.isatty() else None

    @property
    def settings_files(self) -> tuple[Path, Path]:
        """Where settings may lie: with the directory that one stands in, and one's own."""
        return Path(PROJECT_FILE), self.paths.config / "config.toml"

    def randomness(self, count: int) -> bytes:
        """Return so many random bytes."""
        return secrets.token_bytes(count)

    def new_launch_id(self) -> str:
        """Return an id that no launch had before."""
        return launch_id(self.randomness(LAUNCH_ID_BYTES))

    def say(self, text: str) -> None:
        """Write words for the person to stderr."""
        self.stderr.write(text if text.endswith("\n") else f"{text}\n")
        self.stderr.flush()

    def tell(self, sentence: str) -> None:
        """Write a sentence to stderr that may hold a stranger's words: how a thing goes on."""
        self.say(escape(sentence))

    def show(self, text: str) -> None:
        """Write the result to stdout."""
        self.stdout.write(text if text.endswith("\n") else f"{text}\n")
        self.stdout.flush()

    def show_ids(self, ids: Iterable[str]) -> None:
        """Write a line an id to stdout; nothing at all for none.

        An id comes from whatever answers for AWS: what is none must not act on a terminal.
        """
        self.stdout.writelines(f"{escape(one)}\n" for one in ids)
        self.stdout.flush()

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Ask on a terminal; without one, raise InputError unless `--yes` was given."""
        if yes:
            return True
        if not self.is_terminal:
            raise InputError(
                "this needs a confirmation, and there is no terminal to ask on",
                why="--yes confirms it",
            )
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        return self.stdin.readline().strip().casefold() in {"y", "yes"}


def wiring_of(stdout: TextIO, stderr: TextIO, stdin: TextIO) -> Wiring:
    """Look at the process that this is."""
    return Wiring(os.environ, paths_of(os.environ), SystemClock(), stdout, stderr, stdin)
