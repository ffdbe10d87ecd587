"""Who may reach an instance: planned, asked about, and changed."""

from __future__ import annotations

import msgspec

from spawn.cli.rendering.launching import checks_lines
from spawn.cli.rendering.tables import fields
from spawn.cli.rendering.terminal import escape
from spawn.cli.rendering.whose import endpoint_words
from spawn.core.levels import Level
from spawn.core.steps import Step
from spawn.lifecycle.allow import AllowPlan
from spawn.lifecycle.allow_apply import Allowed
from spawn.lifecycle.listed import ListedInstance
from spawn.network.rules import Rule, describe
from spawn.posture.levels import Disposition, Finding

# EC2 user guide, "Security group connection tracking": a tracked flow goes on after its rule went.
STAY_OPEN = "connections that are open already stay open until they end"


class AllowDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The one document that `spawn network allow -o json` writes.

    `changed` is false where all was as wanted. `findings` are those that don't pass, as seen
    afterwards.
    """

    id: str
    name: str
    account: str
    region: str
    level: Level
    changed: bool
    lets_in: tuple[Rule, ...]
    no_longer: tuple[Rule, ...]
    group: str
    kept: tuple[str, ...]
    findings: tuple[Finding, ...]


def allow_document(allowed: Allowed) -> AllowDocument:
    """Return what came of a plan."""
    plan, row = allowed.plan, allowed.plan.instance
    return AllowDocument(
        id=row.id,
        name=row.name,
        account=plan.account,
        region=row.region,
        level=plan.level,
        changed=not plan.is_done,
        lets_in=plan.lets_in,
        no_longer=plan.no_longer,
        group=plan.group,
        kept=plan.kept,
        findings=tuple(
            one for one in allowed.seen.findings if one.disposition is not Disposition.PASSED
        ),
    )


def allow_plan_text(plan: AllowPlan, *, endpoint: str) -> str:
    """Return the summary of a plan, and its steps in the order in which they are performed."""
    row = plan.instance
    summary = fields(
        (
            ("instance", f"{row.name} {row.id}".strip() + f" in {row.region}, {row.state}"),
            ("owner", _owner(row)),
            ("account", plan.account),
            ("endpoint", endpoint_words(endpoint)),
            ("security", plan.level.value),
            ("lets in", describe(plan.lets_in)),
            ("no longer", describe(plan.no_longer) if plan.no_longer else ""),
            ("kept", ", ".join(plan.kept)),
            ("group", plan.group_sentence),
            ("checks", checks_lines(plan.findings)),
            ("note", STAY_OPEN if plan.no_longer else ""),
        )
    )
    numbered = [f"{number}. {escape(step.sentence)}" for number, step in enumerate(steps(plan), 1)]
    return "\n".join((summary, "", *numbered)) if numbered else summary


def steps(plan: AllowPlan) -> tuple[Step, ...]:
    """Return all steps of a plan."""
    return (*(step for stage in plan.prepare for step in stage), *plan.attach)


def allow_question(plan: AllowPlan) -> str:
    """Ask whether it shall be done; an instance of somebody else is pointed out."""
    row = plan.instance
    whose = "" if row.is_mine and row.is_made_by_spawn else f", {_owner(row)},"
    return escape(f"Let {', '.join(plan.sources)} reach {row.id}{whose} over SSH?")


def nothing_to_do(plan: AllowPlan) -> str:
    """Say that all is as wanted."""
    return escape(f"nothing to do: {plan.instance.id} lets in {describe(plan.lets_in)} already")


def allowed_text(allowed: Allowed) -> str:
    """Say who gets in now, what the controls say of it, and how to connect."""
    row = allowed.plan.instance
    counted, *others = checks_lines(allowed.seen.findings)
    lines = (
        f"{row.id} lets in {describe(allowed.plan.lets_in)}",
        f"checked afterwards: {counted}",
        *others,
        f"connect: spawn connect {row.id}",
    )
    return "\n".join(map(escape, lines))


def _owner(row: ListedInstance) -> str:
    if not row.is_mine:
        return f"BELONGS TO {row.owner or 'nobody'}"
    return row.owner if row.is_made_by_spawn else "NOT LAUNCHED BY SPAWN whatever its tags say"
