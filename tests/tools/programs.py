"""Runs programs as a person would, on a machine where nothing has been set up yet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

PROGRAMS = Path(sys.executable).parent
TIMEOUT_SECONDS = 60.0
# Debian keeps nft and ip where an ordinary user's PATH does not look.
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a program left: its exit code (negative: the signal that ended it) and its words."""

    code: int
    stdout: str
    stderr: str

    def document(self) -> Any:
        """Return stdout read as one JSON document. Raises msgspec.DecodeError where it is none."""
        return msgspec.json.decode(self.stdout)


def clean_environment(home: Path) -> dict[str, str]:
    """Return the whole environment of a person who has only `home`, which is made where missing.

    Nothing of the surrounding process is in it: no credentials, settings, proxies or terminal.
    """
    runtime = home / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "PATH": f"{PROGRAMS}:{SYSTEM_PATH}",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(runtime),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        # Or botocore asks the metadata service of the machine that runs the tests.
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program with the environment and the directory that it is always started in."""

    path: Path
    environment: Mapping[str, str]
    directory: Path

    def __call__(
        self, *words: str, stdin: str = "", timeout_seconds: float = TIMEOUT_SECONDS, **extra: str
    ) -> Finished:
        """Run it to its end; `extra` is added to the environment.

        Raises subprocess.TimeoutExpired when it takes too long, after ending it and its children.
        """
        return run(
            (str(self.path), *words),
            environment={**self.environment, **extra},
            directory=self.directory,
            stdin=stdin,
            timeout_seconds=timeout_seconds,
        )


def run(
    words: tuple[str, ...],
    *,
    environment: Mapping[str, str],
    directory: Path,
    stdin: str = "",
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Finished:
    """Run a program to its end, in a session of its own. Raises as `Program` does."""
    process = subprocess.Popen(
        words,
        env=dict(environment),
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            stdout, stderr = process.communicate(stdin, timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return Finished(code=process.returncode, stdout=stdout, stderr=stderr)
