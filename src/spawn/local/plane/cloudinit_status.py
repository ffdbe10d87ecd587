"""`cloud-init status` on an instance: how far the boot is, from what cloud-init wrote down.

Output and exit codes are those of cloud-init's `cmd/status.py`, which in turn are described in
https://docs.cloud-init.io/en/latest/explanation/return_codes.html: 0 where all is well so far,
1 after an error, and 2, in releases that count warnings, after a warning.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from spawn.local.plane.cloudinit_release import RESULT, RUN, STAGES, STATUS, VERSION, Release

# What cloud-init itself waits between two looks.
_PAUSE_SECONDS = 0.25
_BOOT_CODE = "enabled-by-generator"


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a boot stands. `v1` is the status file's content, empty where there is none yet."""

    v1: Mapping[str, object]
    is_over: bool

    @property
    def errors(self) -> list[str]:
        """What failed, in the order of the stages' names."""
        return [str(error) for stage in self._stages() for error in _list(stage.get("errors"))]

    @property
    def recoverable_errors(self) -> dict[str, list[str]]:
        """Warnings by their level."""
        merged: dict[str, list[str]] = {}
        for stage in self._stages():
            found = stage.get("recoverable_errors")
            for level, texts in found.items() if isinstance(found, dict) else ():
                merged.setdefault(str(level), []).extend(str(text) for text in _list(texts))
        return merged

    def _stages(self) -> list[Mapping[str, object]]:
        return [stage for _, stage in sorted(self.v1.items()) if isinstance(stage, dict)]

    @property
    def _progress(self) -> str:
        if self.is_over:
            return "done"
        return "running" if self.v1 else "not started"

    @property
    def status(self) -> str:
        """One word."""
        return "error" if self.errors else self._progress

    @property
    def extended_status(self) -> str:
        """The word with what newer releases add to it."""
        if self.errors:
            return f"error - {self._progress}"
        return f"degraded {self._progress}" if self.recoverable_errors else self._progress

    @property
    def exit_code(self) -> int:
        """What the program returns."""
        if self.errors:
            return 1
        return 2 if self.recoverable_errors else 0

    @property
    def datasource(self) -> str:
        """The datasource's class, empty before it is known."""
        return str(self.v1.get("datasource") or "")

    @property
    def detail(self) -> str:
        """Where it is, or what it found."""
        stage = self.v1.get("stage")
        return self.datasource or (f"Running in stage: {stage}" if stage else "")

    @property
    def last_update(self) -> str:
        """When a stage last began or ended; empty before the first."""
        moments = [stage.get(name) for stage in self._stages() for name in ("start", "finished")]
        latest = max((each for each in moments if isinstance(each, float)), default=None)
        if latest is None:
            return ""
        return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(latest))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def read_report(directory: Path) -> Report:
    """Read what is below /run/cloud-init now."""
    try:
        v1 = json.loads((directory / STATUS).read_text())["v1"]
    except FileNotFoundError:
        v1 = {}
    return Report(v1=v1, is_over=(directory / RESULT).exists())


def render(report: Report, release: Release, *, form: str, is_long: bool) -> str:
    """The report as the release prints it; `form` is tabular, json or yaml."""
    document = _document(report, release)
    if form == "json":
        return json.dumps(document, indent=2, sort_keys=True) + "\n"
    if form == "yaml":
        return "---\n" + yaml.safe_dump(document) + "...\n"
    first = f"status: {report.status}\n"
    if not is_long:
        return first
    if not release.has_formats:
        when = f"time: {report.last_update}\n" if report.last_update else ""
        detail = "\n".join(report.errors) or report.detail
        return f"{first}{when}detail:\n{detail}\n"
    return first + _long_lines(report, release)


def _document(report: Report, release: Release) -> dict[str, object]:
    document: dict[str, object] = {
        "boot_status_code": _BOOT_CODE,
        "datasource": report.datasource.removeprefix("DataSource").lower(),
        "detail": report.detail,
        "errors": report.errors,
        "last_update": report.last_update,
        "status": report.status,
    }
    if not release.has_recoverable_errors:
        return document
    stages = {name: report.v1[name] for name in (*STAGES, "stage") if name in report.v1}
    return {
        **stages,
        **document,
        "extended_status": report.extended_status,
        "recoverable_errors": report.recoverable_errors,
    }


def _long_lines(report: Report, release: Release) -> str:
    code = f"boot_status_code: {_BOOT_CODE}\n"
    when = f"last_update: {report.last_update}\n" if report.last_update else ""
    if not release.has_recoverable_errors:
        return f"{code}{when}detail:\n" + ("\n".join(report.errors) or report.detail) + "\n"
    errors = "".join(f"\n\t- {error}" for error in report.errors) or " []"
    warnings = "".join(
        f"\n{level}:" + "".join(f"\n\t- {text}" for text in texts)
        for level, texts in report.recoverable_errors.items()
    )
    return (
        f"extended_status: {report.extended_status}\n{code}{when}detail: {report.detail}\n"
        f"errors:{errors}\nrecoverable_errors:{warnings or ' {}'}\n"
    )


def _parser(release: Release) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cloud-init")
    version = f"/usr/bin/cloud-init {release.version}"
    parser.add_argument("--version", "-v", action="version", version=version)
    commands = parser.add_subparsers(dest="command", required=True)
    status = commands.add_parser("status", help="Report cloud-init status or wait on completion.")
    status.add_argument("--long", "-l", action="store_true")
    status.add_argument("--wait", "-w", action="store_true")
    status.set_defaults(format="tabular")
    if release.has_formats:
        status.add_argument("--format", choices=("json", "tabular", "yaml"), default="tabular")
    return parser


def _wait(look: Callable[[], Report], *, with_dots: bool) -> Report:
    report = look()
    while not report.is_over:
        if with_dots:
            sys.stdout.write(".")
            sys.stdout.flush()
        time.sleep(_PAUSE_SECONDS)
        report = look()
    return report


def main(arguments: Sequence[str]) -> int:
    """Answer `cloud-init status …`; returns its exit code."""
    directory = Path(RUN)
    try:
        release = Release((directory / VERSION).read_text())
    except FileNotFoundError:
        release = Release("")  # cloud-init has not begun
    options = _parser(release).parse_args(arguments)
    is_table = options.format == "tabular"
    if options.wait:
        report = _wait(lambda: read_report(directory), with_dots=is_table)
        sys.stdout.write("\n" if is_table else "")
    else:
        report = read_report(directory)
    sys.stdout.write(render(report, release, form=options.format, is_long=options.long))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
