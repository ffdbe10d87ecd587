"""Policies shown: their document, what it comes to, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from spawn.cli.rendering.documents import as_json
from spawn.cli.rendering.tables import fields
from spawn.cli.rendering.terminal import escape
from spawn.iam.compare import Allowance, Difference
from spawn.iam.documents import PolicyDocument
from spawn.iam.meaning import Meaning
from spawn.iam.words import can_sentence, cannot_sentence


class AllowanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one side allows and the other does not.

    `access` is what the actions do, `of` how many of this kind the service has; resources are
    patterns of ARNs, less those in `outside`; all of `conditions` must hold.
    """

    service: str
    access: str
    actions: tuple[str, ...]
    of: int
    resources: tuple[str, ...]
    outside: tuple[str, ...]
    conditions: tuple[dict[str, str | tuple[str, ...]], ...]
    words: str


class DiffDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The one document that `spawn policy diff -o json` writes."""

    first: str
    second: str
    same: bool
    only_first: tuple[AllowanceRow, ...]
    only_second: tuple[AllowanceRow, ...]


def policy_json(document: PolicyDocument) -> str:
    """Return a policy document as IAM takes it."""
    return as_json(document)


def show_text(document: PolicyDocument, found: Meaning, *, notes: Iterable[str]) -> str:
    """Return the document, and in words what it comes to."""
    return f"{policy_json(document)}\n\n{meaning_text(found, notes=notes)}"


def meaning_text(found: Meaning, *, notes: Iterable[str] = ()) -> str:
    """Say what policies allow, deny and leave out."""
    can = [can_sentence(each) for each in found.can]
    return fields(
        (
            ("can", can or ["do nothing"]),
            ("denied", [can_sentence(each) for each in found.denied]),
            ("can't", [cannot_sentence(each) for each in found.cannot]),
            ("note", list(notes)),
        )
    )


def diff_document(found: Difference, *, first: str, second: str) -> DiffDocument:
    """Return the differences as data."""
    return DiffDocument(
        first=first,
        second=second,
        same=found == Difference(only_first=(), only_second=()),
        only_first=tuple(map(_row, found.only_first)),
        only_second=tuple(map(_row, found.only_second)),
    )


def diff_text(found: Difference, *, first: str, second: str) -> str:
    """Say what only the one allows, and what only the other."""
    if not found.only_first and not found.only_second:
        return "no difference in what is allowed"
    sides = ((first, "-", found.only_first), (second, "+", found.only_second))
    return "\n".join(
        escape(line)
        for name, sign, only in sides
        if only
        for line in (f"only {name} can", *(f"  {sign} {can_sentence(each)}" for each in only))
    )


def _row(one: Allowance) -> AllowanceRow:
    return AllowanceRow(
        service=one.service,
        access=one.verb.value,
        actions=one.actions,
        of=one.of,
        resources=one.resources,
        outside=one.outside,
        conditions=tuple(
            {"operator": each.operator, "key": each.key, "values": each.values}
            for each in one.conditions
        ),
        words=can_sentence(one),
    )
