"""The end of instances, asked about beforehand."""

from __future__ import annotations

from spawn.cli.rendering.outcomes import named
from spawn.cli.rendering.terminal import escape
from spawn.lifecycle.cancel import CancelPlan


def cancel_question(plan: CancelPlan) -> str:
    """Ask whether these instances shall end; those of others are pointed out."""
    lines = [escape(f"  {named(one.instance)}") for one in plan.cancellations]
    count = "this instance" if len(lines) == 1 else f"these {len(lines)} instances"
    return "\n".join(lines) + f"\nEnd {count}? The disks go with it."
