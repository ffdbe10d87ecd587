"""What cleanup found, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from spawn.cli.rendering.terminal import escape
from spawn.lifecycle.cleanup import CleanupPlan, Removal


def found_text(plan: CleanupPlan) -> str:
    """Name what may go, what is kept in doubt, and where nothing could be looked at."""
    lines = [f"remove {one.kind} {one.id} ({one.region}): {one.why}" for one in plan.leftovers]
    lines += [f"keep   {one.kind} {one.id} ({one.region}): {one.why}" for one in plan.kept]
    lines += [f"not seen: {failed.region}: {failed.why}" for failed in plan.failed_regions]
    return "\n".join(map(escape, lines)) or "nothing is left over"


def removed_text(removals: Iterable[Removal]) -> str:
    """Say of each thing whether it is gone, and why it is not."""
    return "\n".join(escape(_line(one)) for one in removals)


def _line(removal: Removal) -> str:
    why = f": {removal.why}" if removal.why else ""
    return f"{'removed' if removal.removed else 'left'} {removal.kind} {removal.id}{why}"
