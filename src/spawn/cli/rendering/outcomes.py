"""What became of several instances, and how one of them is named where it is asked about."""

from __future__ import annotations

from spawn.cli.rendering.terminal import escape
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.outcomes import Report, Result


def report_text(report: Report) -> str:
    """Return a line for each thing that was named."""
    return "\n".join(line for result in report.results for line in _lines(result))


def _lines(result: Result) -> list[str]:
    name = f"{result.name} " if result.name else ""
    why = f": {result.why}" if result.why else ""
    lines = [f"{name}{result.id} {result.outcome}{why}"]
    lines += [f"  warning: {warning}" for warning in result.warnings]
    return [escape(line) for line in lines]


def named(row: ListedInstance) -> str:
    """Name an instance, and whose it is where it is not the caller's. Not yet escaped."""
    return f"{row.name} {row.id}".strip() + f" in {row.region}, {row.state}{owned(row)}"


def owned(row: ListedInstance) -> str:
    """Say whose an instance is, "" where it is the caller's own beyond doubt."""
    if not row.is_mine:
        return f", BELONGS TO {row.owner or 'nobody'}"
    return "" if row.is_made_by_spawn else ", NOT LAUNCHED BY SPAWN whatever its tags say"
