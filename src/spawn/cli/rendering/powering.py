"""Instances that stop, start or hibernate: asked about beforehand, with what that means."""

from __future__ import annotations

from spawn.cli.rendering.outcomes import named
from spawn.cli.rendering.terminal import escape
from spawn.core.endings import End
from spawn.core.instants import format_instant
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.power import Deed, PowerPlan

_MEANS = {
    Deed.STOP: "Its disks go on costing, and a public address that AWS gave it goes back: starting"
    " gives another. What is in memory, or on the host's own disks, is lost.",
    Deed.HIBERNATE: "Its disks go on costing, memory among them, and a public address that AWS gave"
    " it goes back: starting gives another.",
    Deed.START: "It costs again, and gets another public address.",
}


def power_question(plan: PowerPlan) -> str:
    """Ask whether it shall be done to these instances, and say that their end dates stay."""
    rows = [one.instance for one in plan.changes]
    lines = [escape(f"  {named(row)}; {_ends(row)}") for row in rows]
    count = "this instance" if len(rows) == 1 else f"these {len(rows)} instances"
    return "\n".join([*lines, _MEANS[plan.deed], f"{plan.deed.capitalize()} {count}?"])


def dates_text(plan: PowerPlan) -> str:
    """Say of each instance that its end date stays."""
    lines = (f"{one.instance.id}: {_ends(one.instance)}" for one in plan.changes)
    return "\n".join(map(escape, lines))


def _ends(row: ListedInstance) -> str:
    if row.expires_at is None or row.gone_at is None:
        return "its end date can't be read"
    when = format_instant(row.expires_at)
    if row.on_expiry is End.STOP:
        gone = format_instant(row.gone_at)
        return f"its end date stays {when}; stopped or not, its disks go at {gone}"
    return f"its end date stays {when}: stopped or not, it is gone then"
