"""An instance that is held as evidence, or released: planned, asked about, and done."""

from __future__ import annotations

from spawn.cli.rendering.outcomes import named, owned
from spawn.cli.rendering.planned import planned_text
from spawn.cli.rendering.terminal import escape
from spawn.cli.rendering.whose import endpoint_words
from spawn.core.instants import format_instant
from spawn.lifecycle.hold import HeldPart, HoldPlan
from spawn.lifecycle.hold_apply import HoldReport


def hold_plan_text(plan: HoldPlan, *, endpoint: str) -> str:
    """Return what holds now, and the steps in the order in which they are performed."""
    pairs = (
        ("instance", named(plan.instance)),
        ("account", plan.account),
        ("endpoint", endpoint_words(endpoint)),
        ("case", plan.case),
        ("reason", plan.reason),
        ("now", [part_words(one) for one in plan.parts]),
    )
    return planned_text(pairs, plan.stages, notes=plan.notes)


def part_words(one: HeldPart) -> str:
    """Say whether one of the five holds. Not yet escaped."""
    return f"{one.part}: {one.state}{one.why and f' ({one.why})'}"


def hold_question(plan: HoldPlan) -> str:
    """Ask whether somebody else's instance shall be held."""
    return escape(f"Hold {plan.instance.id}{owned(plan.instance)}?")


def unhold_question(plan: HoldPlan) -> str:
    """Ask whether it shall be released, and say what comes of that."""
    row = plan.instance
    when = "" if row.expires_at is None else format_instant(row.expires_at)
    fate = f"It ends at {when}, or with 15 minutes' notice where that has passed."
    return escape(f"{fate} Release {row.id}{owned(row)}?")


def hold_report_text(report: HoldReport) -> str:
    """Return a line for each of the five, and what was left undone besides."""
    lines = [f"{report.id}, case {report.case or 'without a name'}:"]
    lines += [f"  {part_words(one)}" for one in report.parts]
    lines += [f"warning: {warning}" for warning in report.warnings]
    return "\n".join(map(escape, lines))
