"""Lint: a policy's text in, findings with places out; and the text with the edits made."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from spawn.iam.lint.actions import action_spots
from spawn.iam.lint.conditions import condition_spots
from spawn.iam.lint.edits import apply_edits
from spawn.iam.lint.escalation import escalation_spots
from spawn.iam.lint.finding import Edit, Finding, Place, Replacement, Severity, Spot
from spawn.iam.lint.grammar import read_policy
from spawn.iam.lint.hints import Hints
from spawn.iam.lint.principals import principal_spots
from spawn.iam.lint.reach import reach_spots
from spawn.iam.lint.reading import read
from spawn.iam.lint.resources import resource_spots
from spawn.iam.lint.rules import RULES
from spawn.iam.lint.shape import shape_spots
from spawn.iam.lint.sizes import MOST_EXAMINED_CHARACTERS, size_spots
from spawn.iam.lint.variables import variable_spots
from spawn.iam.lint.view import Policy, PolicyKind

# A text that is wrong all over would else have a finding a character.
MOST_FINDINGS: Final = 500
# Each round may lay bare what the one before had hidden; none has been seen to need four.
_MOST_ROUNDS = 8

_MOST_SHOWN = 400

_LINE_END = re.compile(r"\r\n|\r|\n")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a policy beside its text: its name, kind and account; "" is not known."""

    name: str
    kind: PolicyKind | None = None
    account: str = ""


class Linted(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that was looked at; `kind` is the one by which it was judged."""

    name: str
    kind: PolicyKind
    findings: tuple[Finding, ...]


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """A policy's text with the edits made, how many findings they settled, and what remains."""

    content: bytes
    settled: int
    remaining: Linted


class _Examined(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    kind: PolicyKind
    spots: tuple[Spot, ...]
    sids: Mapping[int, str]


def lint(content: bytes, source: Source) -> Linted:
    """Return what is wrong with a policy, in the order of its text; nothing is raised."""
    return _linted(_examine(content, source), source)


def mend(content: bytes, source: Source) -> Mended:
    """Make every edit that a finding has, until none is left, and look at what remains.

    A text without such findings comes back as it was, byte for byte.
    """
    examined = _examine(content, source)
    before = sum(bool(spot.edits) for spot in examined.spots)
    for _ in range(_MOST_ROUNDS):
        edits = [edit for spot in examined.spots for edit in spot.edits]
        if not edits:
            break
        content = apply_edits(examined.text, edits).encode()
        examined = _examine(content, source)
    left = sum(bool(spot.edits) for spot in examined.spots)
    return Mended(content=content, settled=before - left, remaining=_linted(examined, source))


def guess_kind(policy: Policy) -> PolicyKind:
    """Return the kind that a policy most likely is: who is let in, and whether into a role."""
    statements = policy.statements
    if not any({"Principal", "NotPrincipal"} & each.members.keys() for each in statements):
        return PolicyKind.IDENTITY
    actions = [action.value.lower() for each in statements for action in each.actions]
    is_trust = bool(actions) and all(action.startswith("sts:") for action in actions)
    return PolicyKind.TRUST if is_trust else PolicyKind.RESOURCE


def _examine(content: bytes, source: Source) -> _Examined:
    reading = read(content)
    hints = Hints()
    policy, spots = read_policy(reading, hints)
    kind = source.kind or (PolicyKind.IDENTITY if policy is None else guess_kind(policy))
    found = [*reading.spots, *spots]
    if policy is not None:
        found += _judged(policy, kind, account=source.account, hints=hints)
    statements = () if policy is None else policy.statements
    sids = {each.number: each.sid.value for each in statements if each.sid is not None}
    found.sort(key=lambda spot: (spot.at, spot.rule))
    return _Examined(text=reading.text, kind=kind, spots=tuple(found), sids=sids)


def _judged(policy: Policy, kind: PolicyKind, *, account: str, hints: Hints) -> Iterator[Spot]:
    yield from shape_spots(policy, kind)
    yield from size_spots(policy, kind)
    if policy.characters > MOST_EXAMINED_CHARACTERS:
        message = "the policy is too long for its statements to be judged"
        yield Spot(rule="not-examined", at=policy.at, message=message)
        return
    yield from action_spots(policy, hints)
    yield from resource_spots(policy, kind)
    yield from condition_spots(policy, hints)
    yield from variable_spots(policy)
    yield from principal_spots(policy, kind, account)
    if kind is PolicyKind.IDENTITY:
        yield from _granted(policy)


def _granted(policy: Policy) -> Iterator[Spot]:
    broad = tuple(reach_spots(policy))
    yield from broad
    # Whoever may do everything needs no way to more.
    if not any(spot.rule == "every-action" for spot in broad):
        yield from escalation_spots(policy)


def _linted(examined: _Examined, source: Source) -> Linted:
    return Linted(name=source.name, kind=examined.kind, findings=_findings(examined, source))


def _findings(examined: _Examined, source: Source) -> tuple[Finding, ...]:
    starts = [0, *(match.end() for match in _LINE_END.finditer(examined.text))]
    spots = examined.spots
    if len(spots) > MOST_FINDINGS:
        message = f"there are {len(spots):,} findings, and these are the first {MOST_FINDINGS}"
        last = Spot(rule="not-examined", at=spots[MOST_FINDINGS].at, message=message)
        spots = (*spots[:MOST_FINDINGS], last)
    return tuple(_finding(spot, source, starts=starts, sids=examined.sids) for spot in spots)


def _finding(spot: Spot, source: Source, *, starts: list[int], sids: Mapping[int, str]) -> Finding:
    rule = RULES[spot.rule]
    line, column = _line_and_column(spot.at, starts)
    place = Place(
        policy=source.name,
        statement=spot.statement,
        sid=sids.get(spot.statement, ""),
        line=line,
        column=column,
    )
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        place=place,
        message=_shortened(spot.message),
        remedy=spot.remedy or rule.remedy,
        fix=tuple(_replacement(edit, starts) for edit in spot.edits),
    )


def _line_and_column(at: int, starts: list[int]) -> tuple[int, int]:
    line = bisect.bisect_right(starts, at)
    return line, at - starts[line - 1] + 1


def _replacement(edit: Edit, starts: list[int]) -> Replacement:
    line, column = _line_and_column(edit.start, starts)
    end_line, end_column = _line_and_column(edit.end, starts)
    return Replacement(
        line=line, column=column, end_line=end_line, end_column=end_column, text=edit.text
    )


def _shortened(message: str) -> str:
    """Keep a message readable, whatever the policy's own texts are that it quotes."""
    return message if len(message) <= _MOST_SHOWN else f"{message[:_MOST_SHOWN]}…"


def is_refused(policies: Iterable[Linted]) -> bool:
    """Say whether any of the findings is more than a remark."""
    return any(
        finding.severity is not Severity.INFO for policy in policies for finding in policy.findings
    )
