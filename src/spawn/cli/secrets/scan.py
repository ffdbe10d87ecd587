"""`spawn secrets scan`."""

from __future__ import annotations

from pathlib import Path

import click

from spawn.cli.options import setting
from spawn.cli.rendering.linting import Report
from spawn.cli.rendering.secrets import secrets_report
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError, NamedThingNotFound
from spawn.secrets.files import LARGEST_BYTES, Scanned, scan_content, scan_paths

_FOUND, _UNREAD = 3, 6
_STDIN = "-"


@click.command(name="scan")
@click.argument("paths", metavar="PATH…|-", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Choice([report.value for report in Report]),
    help="How the findings are written; a table unless a setting names JSON.",
)
@click.pass_obj
def command(wiring: Wiring, /, *, paths: tuple[str, ...], output: str | None) -> int:
    """Find secrets in files and directories; what is found is never shown itself.

    No AWS is needed. Directories are walked; version control's and package managers' own, links
    and binaries are left out, and counted. A line with `spawn:allow-secret`, or below one, is let
    pass here, and by no launch. Exit code 0: nothing found; 3: a secret, or what may be one;
    6: nothing found, and not all could be read.
    """
    scanned = _scanned(wiring, paths)
    wanted = setting(wiring, "output", typed=output)
    report = Report(wanted) if wanted in set(Report) else Report.TABLE
    wiring.show(secrets_report(scanned, report))
    if scanned.findings:
        return _FOUND
    return _UNREAD if scanned.unread else 0


def _scanned(wiring: Wiring, paths: tuple[str, ...]) -> Scanned:
    if _STDIN in paths:
        if len(paths) > 1:
            raise InputError("- stands alone", why="a text from a pipe has no place among files")
        return scan_content("stdin", wiring.stdin.buffer.read(LARGEST_BYTES + 1))
    try:
        return scan_paths(Path(path) for path in paths)
    except OSError as error:
        raise NamedThingNotFound(
            f"{error.filename} can't be read", why=error.strerror or str(error)
        ) from error
