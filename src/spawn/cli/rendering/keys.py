"""A person's keys: what there is, what is planned, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable

from spawn.cli.rendering.planned import planned_text
from spawn.cli.rendering.tables import Cell, fields, table
from spawn.cli.rendering.terminal import escape
from spawn.cli.rendering.whose import endpoint_words
from spawn.lifecycle.keys.create import CreatedKey
from spawn.lifecycle.keys.prune import Pruned, PrunePlan
from spawn.lifecycle.keys.ring import KeyRing, KeyRow, Trusting
from spawn.lifecycle.keys.rotate import Rotated, RotationPlan

ROTATE_QUESTION = "Use another key for new launches?"
_HEADINGS = ("KEY", "USE", "AGE", "PRIVATE HALF", "REGIONS", "INSTANCES", "FINDING")


def created_text(created: CreatedKey) -> str:
    """Say where the key is, and what was done for it."""
    made = "made now" if created.made else "was there"
    imported = "imported now" if created.imported else "knows it already"
    return fields(
        (
            ("key", f"{created.name}, {made}"),
            ("fingerprint", created.fingerprint),
            ("private half", created.private_key),
            ("account", created.account),
            ("region", f"{created.region}: {imported}"),
        )
    )


def ring_text(ring: KeyRing, *, columns: int | None, colour: bool) -> str:
    """Return a line a key, then who trusts former ones, what is wrong, and what was not seen."""
    if not ring.keys:
        return "there is no key yet: the first launch makes it, or spawn key create"
    rows = [_cells(row) for row in ring.keys]
    text = table(
        _HEADINGS, rows, columns=columns, colour=colour, expendable=("PRIVATE HALF", "REGIONS")
    )
    lines = [
        f"{row.name}: {finding.why}" + (f"; try: {finding.command}" if finding.command else "")
        for row in ring.keys
        for finding in row.findings
    ]
    lines += [
        f"{row.name} is trusted by {_who(row.instances)}" for row in ring.keys if row.instances
    ]
    lines += [f"not seen: {failed.region}: {failed.why}" for failed in ring.failed_regions]
    return "\n".join((text, *(("", *map(escape, lines)) if lines else ())))


def _cells(row: KeyRow) -> tuple[Cell, ...]:
    advice = ", ".join(finding.advice for finding in row.findings)
    return (
        Cell(row.name),
        Cell(row.use),
        Cell("?" if row.age_days is None else f"{row.age_days}d"),
        Cell("here" if row.private_key else "not here"),
        Cell(", ".join(sorted({pair.region for pair in row.pairs})) or "none"),
        Cell(str(len(row.instances))),
        Cell(advice, "yellow" if advice else ""),
    )


def _who(instances: Iterable[Trusting]) -> str:
    return ", ".join(
        f"{one.name} {one.id}".strip() + f" ({one.region}, {one.state})" for one in instances
    )


def rotation_plan_text(plan: RotationPlan, *, endpoint: str) -> str:
    """Return what is going to be done, and who goes on trusting the former key."""
    before = plan.before
    age = "" if before.age_days is None else f", {before.age_days} days old"
    pairs = (
        ("key", f"{before.name}{age}"),
        ("account", plan.account),
        ("region", plan.region),
        ("endpoint", endpoint_words(endpoint)),
        ("trusted by", _who(before.instances) or "no instance that can be seen"),
        ("not seen", [f"{one.region}: {one.why}" for one in plan.failed_regions]),
    )
    steps = (
        "make another ed25519 key on this machine",
        f"import its public half into {plan.region}; launches elsewhere import it there",
        f"keep {before.name}, and use the new key for new launches",
    )
    numbered = [f"{number}. {escape(step)}" for number, step in enumerate(steps, 1)]
    return "\n".join((fields(pairs), "", *numbered))


def rotated_text(rotated: Rotated) -> str:
    """Say which key launches use now, and who trusts the one before."""
    faster = "" if rotated.first else " (another rotation was faster)"
    pairs = (
        ("key", f"{rotated.name}: new launches use it{faster}"),
        ("fingerprint", rotated.fingerprint),
        ("private half", rotated.private_key),
        ("former", f"{rotated.before} is kept"),
        ("trusted by", _who(rotated.still_trusting) or "no instance that can be seen"),
        ("not seen", [f"{one.region}: {one.why}" for one in rotated.failed_regions]),
        (
            "next",
            (
                "where you use spawn ssh-config: run it again",
                "once nothing trusts the former key: spawn key prune",
            ),
        ),
    )
    return fields(pairs)


def prune_plan_text(plan: PrunePlan, *, endpoint: str) -> str:
    """Return which keys go, with each deletion, and which stay, and why."""
    if not plan.leaving and not plan.staying:
        return "there is no former key to prune"
    pairs = (
        ("account", plan.account),
        ("endpoint", endpoint_words(endpoint)),
        ("goes", [f"{one.name}: no instance trusts it" for one in plan.leaving]),
        (
            "stays",
            [
                f"{one.name}: {one.why}" + (f": {_who(one.instances)}" if one.instances else "")
                for one in plan.staying
            ],
        ),
        ("not seen", [f"{one.region}: {one.why}" for one in plan.failed_regions]),
    )
    notes = [
        f"{one.name} was used in {', '.join(one.other_accounts)} too: its private half stays until"
        " it is pruned there"
        for one in plan.leaving
        if one.other_accounts
    ]
    return planned_text(pairs, [stage for one in plan.leaving for stage in one.stages], notes=notes)


def prune_question(plan: PrunePlan) -> str:
    """Ask whether the keys shall go."""
    count = len(plan.leaving)
    return f"Remove {count} former key{'' if count == 1 else 's'}, private half and all?"


def pruned_text(pruned: Iterable[Pruned]) -> str:
    """Say of each key what is gone, and what is not."""
    return "\n".join(escape(_pruned(one)) for one in pruned)


def _pruned(one: Pruned) -> str:
    if one.private_key_removed:
        return f"removed {one.name}"
    deleted = f"deleted in {', '.join(one.pairs_deleted)}" if one.pairs_deleted else "left"
    why = one.why or f"it was used in {', '.join(one.used_in)} too: prune it there"
    return f"{deleted} {one.name}, its private half stays: {why}"
