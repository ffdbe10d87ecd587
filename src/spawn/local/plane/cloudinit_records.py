"""What cloud-init writes down about a boot: two logs, and how far it is, for its `status`.

Words and shapes are those of cloud-init's sources: `cmd/main.py` (status_wrapper, welcome),
`subp.py` (ProcessExecutionError), `stages.py`/`config/modules.py` (a module's failure).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from spawn.local.plane.cloudinit_release import (
    DATA,
    RESULT,
    RUN,
    STAGES,
    STATUS,
    VERSION,
    Release,
)

_LOG = Path("/var/log/cloud-init.log")


class ProcessExecutionError(OSError):
    """A program failed; the text is cloud-init's. `exit_code` is None where it did not start."""

    def __init__(
        self, command: list[str], *, exit_code: int | None, reason: OSError | None = None
    ) -> None:
        description = "Unexpected error while running command."
        if reason is not None and reason.errno == errno.ENOEXEC:
            description = "Exec format error. Missing #! in script?"
        super().__init__(
            f"{description}\nCommand: {command}\nExit code: {_or_dash(exit_code)}\n"
            f"Reason: {_or_dash(reason)}\nStdout: -\nStderr: -"
        )


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


class Records:
    """The logs and status files of one boot. `booted_at` is when it began, by time.monotonic."""

    def __init__(self, release: Release, datasource: str, *, booted_at: float) -> None:
        self.release = release
        self.datasource = datasource
        self._booted_at = booted_at
        self._errors: list[str] = []
        self._warnings: list[str] = []
        self._v1: dict[str, object] = {"datasource": None, "stage": None}
        for stage in STAGES:
            self._v1[stage] = self._stage_record(start=None)
        _forget_last_boot(release)

    def uptime(self) -> str:
        """Seconds since the boot began, as /proc/uptime has them."""
        return f"{time.monotonic() - self._booted_at:.2f}"

    def say(self, text: str) -> None:
        """Write a line to the console and to cloud-init-output.log, where standard output goes."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def debug(self, source: str, message: str) -> None:
        """Write to cloud-init.log. `source` is the file of cloud-init that says it."""
        with _LOG.open("a") as log:
            log.write(_line(source, "DEBUG", message))
        _LOG.chmod(0o640)

    def warning(self, source: str, message: str) -> None:
        """Write to both logs and the console; newer releases count it for their status."""
        self._warnings.append(message)
        line = _line(source, "WARNING", message)
        with _LOG.open("a") as log:
            log.write(line)
        self.say(line.removesuffix("\n"))

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announce one of cloud-init's stages, and record its begin, errors and end."""
        self._errors, self._warnings = [], []
        start = time.time()
        self._v1 |= {"stage": name, name: self._stage_record(start=start)}
        self._write_status()
        words = name.replace("modules-", "modules:")
        version, now = self.release.version, rfc_2822_now()
        self.say(f"Cloud-init v. {version} running '{words}' at {now}. Up {self.uptime()} seconds.")
        yield
        self._v1 |= {
            "datasource": self.datasource,
            "stage": None,
            name: self._stage_record(start=start, finished=time.time()),
        }
        self._write_status()
        if name == STAGES[-1]:
            self._write_result()

    def module(self, name: str, work: Callable[[], None]) -> None:
        """Do the work of a module, which raises OSError, RuntimeError or ValueError on failure."""
        own_name = self.release.module(name)
        try:
            work()
        except (OSError, RuntimeError, ValueError) as error:
            place = f"/usr/lib/python3/dist-packages/cloudinit/config/cc_{name}.py"
            module = f"<module 'cloudinit.config.cc_{name}' from '{place}'>"
            self.warning("util.py", f"Running module {own_name} ({module}) failed")
            self._errors.append(str((own_name, error)))

    def _stage_record(
        self, *, start: float | None, finished: float | None = None
    ) -> dict[str, object]:
        record: dict[str, object] = {
            "errors": list(self._errors),
            "start": start,
            "finished": finished,
        }
        if not self.release.has_recoverable_errors:
            return record
        warnings = {"WARNING": list(self._warnings)} if self._warnings else {}
        return {**record, "recoverable_errors": warnings}

    def _write_status(self) -> None:
        _write_linked(STATUS, {"v1": self._v1})

    def _write_result(self) -> None:
        stages = (self._v1[stage] for stage in STAGES)
        errors = [error for stage in stages if isinstance(stage, dict) for error in stage["errors"]]
        _write_linked(RESULT, {"v1": {"datasource": self.datasource, "errors": errors}})


def rfc_2822_now() -> str:
    """The time in the words that cloud-init's announcements have."""
    return datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")


def _line(source: str, level: str, message: str) -> str:
    now = datetime.now(UTC)
    milliseconds = now.microsecond // 1000
    return f"{now:%Y-%m-%d %H:%M:%S},{milliseconds:03d} - {source}[{level}]: {message}\n"


def _forget_last_boot(release: Release) -> None:
    for directory in (Path(DATA), Path(RUN)):
        directory.mkdir(parents=True, exist_ok=True)
        for name in (STATUS, RESULT):
            (directory / name).unlink(missing_ok=True)
    (Path(RUN) / VERSION).write_text(release.version)


def _write_linked(name: str, document: dict[str, object]) -> None:
    """Replace a file at once, and have its link below /run lead to it."""
    file, link = Path(DATA) / name, Path(RUN) / name
    new = file.with_suffix(".new")
    new.write_text(json.dumps(document, indent=1) + "\n")
    new.replace(file)
    if not link.is_symlink():
        link.symlink_to(os.path.relpath(file, RUN))
