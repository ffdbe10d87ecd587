"""The end of instances: asked about beforehand, reported afterwards."""

from __future__ import annotations

from spawn.cli.rendering.terminal import escape
from spawn.lifecycle.cancel import CancelPlan, CancelReport, CancelResult
from spawn.lifecycle.listed import ListedInstance


def cancel_question(plan: CancelPlan) -> str:
    """Ask whether these instances shall end; those of others are pointed out."""
    rows = [one.instance for one in plan.cancellations]
    lines = [escape(f"  {_named(row)}{_owned(row)}") for row in rows]
    count = "this instance" if len(rows) == 1 else f"these {len(rows)} instances"
    return "\n".join(lines) + f"\nEnd {count}? The disks go with it."


def cancel_text(report: CancelReport) -> str:
    """Return a line for each thing that was named."""
    return "\n".join(line for result in report.results for line in _lines(result))


def _lines(result: CancelResult) -> list[str]:
    name = f"{result.name} " if result.name else ""
    why = f": {result.why}" if result.why else ""
    lines = [f"{name}{result.id} {result.outcome}{why}"]
    lines += [f"  warning: {warning}" for warning in result.warnings]
    return [escape(line) for line in lines]


def _named(row: ListedInstance) -> str:
    return f"{row.name} {row.id}".strip() + f" in {row.region}, {row.state}"


def _owned(row: ListedInstance) -> str:
    if not row.is_mine:
        return f", BELONGS TO {row.owner or 'nobody'}"
    return "" if row.is_made_by_spawn else ", NOT LAUNCHED BY SPAWN whatever its tags say"
