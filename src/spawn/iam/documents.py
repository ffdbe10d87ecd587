"""Policy documents as data: the type, the one way it is written, and its size.

The grammar is IAM's: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
Where that lets a single value stand for a list of one, this holds the list.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

# The grammar that knows policy variables; the one of 2008 takes "${aws:username}" literally.
VERSION: Final = "2012-10-17"

# operator -> condition key -> values, any one of which is enough.
Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
# kind ("Service", "AWS" …) -> who; {"*": ("*",)} is everyone.
Principals = Mapping[str, tuple[str, ...]]


class Effect(enum.StrEnum):
    """What a statement does to the requests that it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One statement. Of a member and its opposite (actions, not_actions) at most one is filled."""

    effect: Effect = msgspec.field(name="Effect")
    sid: str = msgspec.field(default="", name="Sid")
    principals: Principals = msgspec.field(default_factory=dict, name="Principal")
    not_principals: Principals = msgspec.field(default_factory=dict, name="NotPrincipal")
    actions: tuple[str, ...] = msgspec.field(default=(), name="Action")
    not_actions: tuple[str, ...] = msgspec.field(default=(), name="NotAction")
    resources: tuple[str, ...] = msgspec.field(default=(), name="Resource")
    not_resources: tuple[str, ...] = msgspec.field(default=(), name="NotResource")
    conditions: Conditions = msgspec.field(default_factory=dict, name="Condition")


class PolicyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A whole policy."""

    version: str = msgspec.field(default=VERSION, name="Version")
    statements: tuple[Statement, ...] = msgspec.field(name="Statement")


def allow(
    actions: Iterable[str], resources: Iterable[str], conditions: Conditions | None = None
) -> Statement:
    """Return the statement that allows the actions on the resources, under all the conditions."""
    return Statement(
        effect=Effect.ALLOW,
        actions=tuple(actions),
        resources=tuple(resources),
        conditions=conditions or {},
    )


def merged(documents: Iterable[PolicyDocument]) -> PolicyDocument | None:
    """Return one document with the statements of all, None where there are none."""
    statements = tuple(statement for each in documents for statement in each.statements)
    return PolicyDocument(statements=statements) if statements else None


def canonical_json(document: PolicyDocument) -> str:
    """Write a document in the one way: keys, values and statements sorted, no whitespace.

    Documents that differ only in order or repetition are written alike, since to IAM they are
    alike. Plain ASCII: IAM admits characters up to U+00FF only, and JSON escapes the others.
    """
    statements = {_compact(_canonical(statement)) for statement in document.statements}
    members = ",".join(sorted(statements))
    return f'{{"Statement":[{members}],"Version":{_compact(document.version)}}}'


def on_one_line(statement: Statement) -> str:
    """Write a statement as people do: its members in their order, one value without a list."""
    members = msgspec.to_builtins(statement)
    short = {
        name: value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
        for name, value in members.items()
    }
    return json.dumps(short)


def size(document: PolicyDocument) -> int:
    """Return the characters that IAM counts: those of the document without whitespace."""
    return len(canonical_json(document))


def _canonical(statement: Statement) -> object:
    return _sorted_lists(msgspec.to_builtins(statement))


def _sorted_lists(value: object) -> object:
    match value:
        case dict():
            return {key: _sorted_lists(inner) for key, inner in value.items()}
        case list() | tuple():
            return sorted(set(value))
        case _:
            return value


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
