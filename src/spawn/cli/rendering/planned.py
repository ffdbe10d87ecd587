"""What is going to be done to one instance: the steps, numbered, and what else there is to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spawn.cli.rendering.tables import fields
from spawn.cli.rendering.terminal import escape
from spawn.core.steps import Stage


def planned_text(
    pairs: Iterable[tuple[str, str | Sequence[str]]],
    stages: Iterable[Stage],
    *,
    notes: Sequence[str] = (),
) -> str:
    """Return what is planned: its subject line by line, then its steps in their order."""
    known = fields((*pairs, *(("note", note) for note in notes)))
    steps = (step for stage in stages for step in stage)
    numbered = [f"{number}. {escape(step.sentence)}" for number, step in enumerate(steps, 1)]
    return "\n".join((known, "", *numbered)) if numbered else known
