"""Guardrails: listed, as they stand, and what is going to be done about them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from spawn.cli.rendering.planned import planned_text
from spawn.cli.rendering.tables import Cell, fields, table
from spawn.cli.rendering.terminal import escape
from spawn.cli.rendering.whose import endpoint_words
from spawn.core.steps import Stage
from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.iam.guardrails.model import Guardrail, Kind, Row
from spawn.lifecycle.guardrails import Outcome
from spawn.lifecycle.guardrails_model import Standing, State

_STYLES = {
    State.PRESENT: "green",
    State.MISSING: "red",
    State.DIFFERS: "yellow",
    State.UNKNOWN: "magenta",
}


class StandingDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One guardrail in one place, as documents have it. `place` is a region, or one of two words.

    `before` and `after` are AWS's words where they differ, null elsewhere.
    """

    name: str
    kind: Kind
    place: str
    state: State
    why: str
    before: Any
    after: Any


class StatusDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The one document of `spawn guardrails status`."""

    present: bool
    guardrails: tuple[StandingDocument, ...]


class ApplyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The one document of `spawn guardrails apply`: what stood, what was planned, what was put."""

    found: tuple[StandingDocument, ...]
    planned: tuple[Stage, ...]
    put: tuple[Outcome, ...]


def status_document(standings: Sequence[Standing]) -> StatusDocument:
    """Return how they stand."""
    return StatusDocument(
        present=all(one.state is State.PRESENT for one in standings),
        guardrails=tuple(map(_standing_document, standings)),
    )


def apply_document(standings: Sequence[Standing], outcomes: tuple[Outcome, ...]) -> ApplyDocument:
    """Return what stood, what was planned, and what came of it."""
    return ApplyDocument(
        found=tuple(map(_standing_document, standings)),
        planned=tuple(stage for one in standings for stage in one.stages),
        put=outcomes,
    )


def _standing_document(one: Standing) -> StandingDocument:
    return StandingDocument(
        name=one.name,
        kind=one.kind,
        place=one.place,
        state=one.state,
        why=one.why,
        before=one.before,
        after=one.after,
    )


def catalog_text(rows: Iterable[Row], *, columns: int | None, colour: bool) -> str:
    """List guardrails, a line each."""
    cells = [(Cell(row.name, "bold"), Cell(row.kind), Cell(row.purpose)) for row in rows]
    return table(("NAME", "KIND", "WHAT FOR"), cells, columns=columns, colour=colour)


def about_text(guardrail: Guardrail) -> str:
    """Say what a guardrail is for, how it is put, and how its presence is judged."""
    return fields(
        (
            (guardrail.name, f"{guardrail.kind}: {guardrail.purpose}"),
            ("in AWS", guardrail.aws_name),
            ("put", guardrail.applied),
            ("judged", guardrail.judged),
        )
    )


def status_text(standings: Iterable[Standing], *, columns: int | None, colour: bool) -> str:
    """Say how each stands, a line each."""
    cells = [
        (Cell(one.name), Cell(one.place), Cell(one.state, _STYLES[one.state]), Cell(one.why))
        for one in standings
    ]
    return table(("GUARDRAIL", "WHERE", "STATE", "WHY"), cells, columns=columns, colour=colour)


def plan_text(
    standings: Sequence[Standing], *, account: str, endpoint: str, notes: Sequence[str]
) -> str:
    """Say what is as wanted, what is not and why, what changes, and the steps in their order."""
    present = [f"{one.name} ({one.place})" for one in standings if one.state is State.PRESENT]
    others = [
        f"{one.name} ({one.place}): {one.state}{one.why and f', {one.why}'}"
        for one in standings
        if one.state is not State.PRESENT
    ]
    pairs = (
        ("account", account),
        ("endpoint", endpoint_words(endpoint)),
        ("present", present),
        ("not", others),
    )
    planned = planned_text(pairs, [stage for one in standings for stage in one.stages], notes=notes)
    changes = [line for one in standings if one.stages for line in _change(one)]
    return "\n".join((planned, "", *changes)) if changes else planned


def _change(one: Standing) -> Iterator[str]:
    """Yield the lines of what becomes another, as `diff -u` writes them."""
    if one.before is None or one.state is not State.DIFFERS:
        return
    before, after = (_lines(each) for each in (one.before, one.after))
    names = (f"{one.name} ({one.place}), present", f"{one.name} ({one.place}), wanted")
    yield from map(escape, difflib.unified_diff(before, after, *names, lineterm=""))


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    # A policy's order says nothing: written in the one way, only what differs shows.
    is_policy = isinstance(value, PolicyDocument)
    one = (
        canonical_json(value).encode() if is_policy else msgspec.json.encode(value, order="sorted")
    )
    text = msgspec.json.format(one, indent=2)
    return text.decode().splitlines()


def question(standings: Iterable[Standing]) -> str:
    """Ask whether all that was shown shall be done."""
    names = dict.fromkeys(one.name for one in standings if one.stages)
    return f"Put {', '.join(names)}?"


def nothing_text(standings: Sequence[Standing]) -> str:
    """Say why nothing is done."""
    if all(one.state is State.PRESENT for one in standings):
        return "nothing to do: all of it is there"
    return "nothing is done: what lacks can't be put from here"


def put_text(outcomes: Iterable[Outcome]) -> str:
    """Say of each guardrail whether it was put, and why it was not."""
    return "\n".join(escape(_outcome(one)) for one in outcomes)


def _outcome(one: Outcome) -> str:
    why = f": {one.why}" if one.why else ""
    return f"{'put' if one.done else 'NOT put'} {one.name} ({one.place}){why}"
