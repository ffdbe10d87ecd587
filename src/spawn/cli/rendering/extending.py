"""An end date that is moved: planned, asked about, and done."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from spawn.cli.rendering.outcomes import named, owned
from spawn.cli.rendering.planned import planned_text
from spawn.cli.rendering.tables import until
from spawn.cli.rendering.terminal import escape
from spawn.cli.rendering.whose import endpoint_words
from spawn.core.instants import format_instant
from spawn.lifecycle.extend import ExtendPlan
from spawn.lifecycle.extend_apply import Followed, Following
from spawn.prices.money import format_usd


class ExtendDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The one document that `spawn extend -o json` writes. Times are RFC 3339, UTC.

    `changed` is false where all was as wanted. `usd` is what the time in between costs, null where
    its price is not known. `agent` says whether it has been heard to follow.
    """

    id: str
    name: str
    account: str
    region: str
    owner: str
    changed: bool
    before: datetime | None
    until: datetime
    usd: Decimal | None
    notes: tuple[str, ...]
    agent: Followed


def extend_document(plan: ExtendPlan, followed: Followed) -> ExtendDocument:
    """Return what came of a plan."""
    row = plan.instance
    return ExtendDocument(
        id=row.id,
        name=row.name,
        account=plan.account,
        region=row.region,
        owner=row.owner,
        changed=bool(plan.stages),
        before=plan.before,
        until=plan.until,
        usd=plan.usd,
        notes=plan.notes,
        agent=followed,
    )


def extend_plan_text(plan: ExtendPlan, *, endpoint: str, now: datetime) -> str:
    """Return the summary of a plan, and its steps in the order in which they are performed."""
    before = "none that can be read" if plan.before is None else format_instant(plan.before)
    cost = "" if plan.usd is None else f"{format_usd(plan.usd)} more, as if it ran all the time"
    pairs = (
        ("instance", named(plan.instance)),
        ("account", plan.account),
        ("endpoint", endpoint_words(endpoint)),
        ("before", before),
        ("ends", f"{format_instant(plan.until)}, in {until(plan.until, now)}"),
        ("cost", cost),
    )
    return planned_text(pairs, plan.stages, notes=plan.notes)


def extend_question(plan: ExtendPlan) -> str:
    """Ask whether it shall be done; an instance of somebody else is pointed out."""
    whose = owned(plan.instance)
    verb = "End" if plan.is_earlier else "Let"
    rest = "earlier, at" if plan.is_earlier else "live until"
    return escape(f"{verb} {plan.instance.id}{whose} {rest} {format_instant(plan.until)}?")


def extended_text(plan: ExtendPlan) -> str:
    """Say until when it lives."""
    return escape(f"{plan.instance.id} ends at {format_instant(plan.until)}")


def followed_text(plan: ExtendPlan, followed: Followed) -> str:
    """Say whether its agent has been heard to follow, and what shows it where it has not."""
    why = f" ({followed.why})" if followed.why else ""
    match followed.following:
        case Following.FOLLOWS:
            return escape(f"its agent follows{why}")
        case Following.NOT_ASKED:
            return escape(f"its agent was not asked{why}")
        case Following.NONE:
            return escape(f"it has no agent{why}")
        case Following.UNKNOWN:
            return escape(f"whether its agent follows is UNKNOWN{why}")
        case Following.NOT_YET | Following.REFUSES:
            command = f"spawn status {plan.instance.id}"
            return escape(f"its agent: {followed.following}{why}; look again: {command}")
