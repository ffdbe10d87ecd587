"""Policy documents as typed statements, read strictly: what can't be read allows nothing.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import dataclasses
import enum
import json


class Effect(enum.StrEnum):
    """What a statement does to what it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class UnreadablePolicy(Exception):
    """The document is not a policy; the text says where."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Condition:
    """One line of a Condition block: the operator as written, the key, the wanted values."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. Of each pair of opposites at most one is given; None means not given."""

    effect: Effect
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    principals: tuple[tuple[str, str], ...] | None  # (type, value); ("*", "*") is everyone
    not_principals: tuple[tuple[str, str], ...] | None
    conditions: tuple[Condition, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy document with the name that a message can call it by."""

    name: str
    statements: tuple[Statement, ...]


def parse_policy(name: str, document: str) -> Policy:
    """A policy from its JSON. Raises UnreadablePolicy."""
    try:
        data = json.loads(document)
    except ValueError as error:
        raise UnreadablePolicy(f"{name}: not JSON: {error}") from error
    statements = data.get("Statement") if isinstance(data, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        raise UnreadablePolicy(f"{name}: no Statement")
    return Policy(name=name, statements=tuple(_statement(name, item) for item in statements))


def _statement(name: str, data: object) -> Statement:
    if not isinstance(data, dict) or data.get("Effect") not in set(Effect):
        raise UnreadablePolicy(f"{name}: a statement without Effect")
    return Statement(
        effect=Effect(data["Effect"]),
        actions=_texts(name, data.get("Action")),
        not_actions=_texts(name, data.get("NotAction")),
        resources=_texts(name, data.get("Resource")),
        not_resources=_texts(name, data.get("NotResource")),
        principals=_principals(name, data.get("Principal")),
        not_principals=_principals(name, data.get("NotPrincipal")),
        conditions=tuple(_conditions(name, data.get("Condition") or {})),
    )


def _texts(name: str, value: object) -> tuple[str, ...] | None:
    """A string or a list of them; numbers and booleans as JSON writes them."""
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    texts = []
    for item in items:
        if isinstance(item, bool):
            texts.append("true" if item else "false")
        elif isinstance(item, str | int | float):
            texts.append(str(item))
        else:
            raise UnreadablePolicy(f"{name}: {item!r} where a string belongs")
    return tuple(texts)


def _principals(name: str, value: object) -> tuple[tuple[str, str], ...] | None:
    if value is None:
        return None
    if value == "*":
        return (("*", "*"),)
    if not isinstance(value, dict):
        raise UnreadablePolicy(f"{name}: Principal is neither * nor an object")
    return tuple(
        (kind, text) for kind, texts in value.items() for text in _texts(name, texts) or ()
    )


def _conditions(name: str, block: object) -> list[Condition]:
    if not isinstance(block, dict):
        raise UnreadablePolicy(f"{name}: Condition is not an object")
    conditions = []
    for operator, keys in block.items():
        if not isinstance(keys, dict):
            raise UnreadablePolicy(f"{name}: {operator} is not an object")
        for key, values in keys.items():
            wanted = _texts(name, values) or ()
            conditions.append(Condition(operator=operator, key=key, values=wanted))
    return conditions
