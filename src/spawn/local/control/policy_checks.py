"""Some of IAM Access Analyzer's checks of policies, by AWS's codes and types.

Of more than a hundred these are here: JSON, the elements of a policy and of its statements, actions
that do not exist or that another one covers, Sids that stand twice, `iam:PassRole` on every role,
NotPrincipal that allows. Nothing is said of ARNs, condition keys, sizes or principals.
Source: IAM user guide, "IAM policy validation check reference". The messages are our own words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any

from spawn.iam.evaluation.wildcards import wildcard
from spawn.local.control.needs.model import known_actions
from spawn.local.control.placed_json import Placed, read

ERROR, SECURITY, WARNING, SUGGESTION = "ERROR", "SECURITY_WARNING", "WARNING", "SUGGESTION"
_VERSIONS = ("2012-10-17", "2008-10-17")
_OF_POLICY = frozenset({"Version", "Id", "Statement"})
_OF_STATEMENT = frozenset(
    {
        *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition"),
    }
)
_PASSING = "iam:passrole"


@dataclasses.dataclass(frozen=True)
class Where:
    """A place, and the way to it: names of members and numbers of items."""

    way: tuple[str | int, ...]
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Found:
    """One finding."""

    code: str
    type: str
    details: str
    where: Where


@dataclasses.dataclass(frozen=True)
class _Statement:
    way: tuple[str | int, ...]
    node: Placed

    def at(self, *way: str | int, node: Placed | None = None) -> Where:
        there = node or self.node
        return Where((*self.way, *way), there.start, there.end)

    def texts(self, name: str) -> Iterator[tuple[str, Where]]:
        """The texts of an element, one or a list, each with its place."""
        element = self.node.member(name)
        if element is None:
            return
        is_list = isinstance(element.value, list)
        for number, item in enumerate(element.items):
            if isinstance(item.value, str):
                yield item.value, self.at(name, *([number] if is_list else []), node=item)

    @property
    def allows(self) -> bool:
        effect = self.node.member("Effect")
        return effect is not None and effect.value == "Allow"


def check(text: str, *, names_principals: bool, is_trust: bool) -> list[Found]:
    """All findings of a policy, in the order of its text."""
    try:
        root = read(text)
    except JSONDecodeError as error:
        where = Where((), error.pos, error.pos)
        return [Found("JSON_SYNTAX_ERROR", ERROR, f"The JSON is broken: {error.msg}.", where)]
    found = [*_of_policy(root)]
    for statement in _statements(root):
        found += _of_statement(statement, names_principals=names_principals, is_trust=is_trust)
        found += _of_actions(statement)
        found += _of_passing(statement)
    found += _of_sids(root)
    return sorted(found, key=lambda each: (each.where.start, each.code))


def _statements(root: Placed) -> list[_Statement]:
    given = root.member("Statement")
    if given is None:
        return []
    if given.is_object:
        return [_Statement(("Statement",), given)]
    return [
        _Statement(("Statement", number), item)
        for number, item in enumerate(given.items)
        if item.is_object
    ]


def _of_policy(root: Placed) -> Iterator[Found]:
    whole = Where((), root.start, root.end)
    if not root.is_object:
        yield Found("DATA_TYPE_MISMATCH", ERROR, "A policy is a JSON object.", whole)
        return
    version = root.member("Version")
    if version is None:
        yield Found("MISSING_VERSION", WARNING, "Say which Version of the grammar it is.", whole)
    elif version.value not in _VERSIONS:
        where = Where(("Version",), version.start, version.end)
        yield Found("INVALID_VERSION", ERROR, f"The Version is one of {_VERSIONS}.", where)
    if root.member("Statement") is None:
        yield Found("MISSING_STATEMENT", ERROR, "A policy has a Statement.", whole)
    yield from _unknown(root, (), _OF_POLICY)


def _unknown(node: Placed, way: tuple[str | int, ...], known: frozenset[str]) -> Iterator[Found]:
    for member in node.value:
        if member.name not in known:
            where = Where((*way, member.name), member.start, member.value.end)
            details = f"There is no element {member.name}."
            yield Found("INVALID_POLICY_ELEMENT", ERROR, details, where)


def _of_statement(
    statement: _Statement, *, names_principals: bool, is_trust: bool
) -> Iterator[Found]:
    node = statement.node
    yield from _unknown(node, statement.way, _OF_STATEMENT)
    has = {member.name for member in node.value}
    missing = [
        ("EFFECT", "Effect" in has),
        ("ACTION", bool(has & {"Action", "NotAction"})),
        ("RESOURCE", is_trust or bool(has & {"Resource", "NotResource"})),
        ("PRINCIPAL", not names_principals or bool(has & {"Principal", "NotPrincipal"})),
    ]
    for name, is_there in missing:
        if not is_there:
            details = f"A statement of this kind has the element {name.title()}."
            yield Found(f"MISSING_{name}", ERROR, details, statement.at())
    effect = node.member("Effect")
    if effect is not None and effect.value not in {"Allow", "Deny"}:
        details = "The Effect is Allow or Deny."
        yield Found("INVALID_EFFECT", ERROR, details, statement.at("Effect", node=effect))
    for name in {"Principal", "NotPrincipal"} & has:
        given = node.member(name)
        if not names_principals:
            details = "An identity's policy names no principal."
            yield Found("UNSUPPORTED_PRINCIPAL", ERROR, details, statement.at(name, node=given))
        elif name == "NotPrincipal" and statement.allows:
            details = "Allow with NotPrincipal lets in everybody else."
            where = statement.at(name, node=given)
            yield Found("ALLOW_WITH_NOT_PRINCIPAL", SECURITY, details, where)


def _of_actions(statement: _Statement) -> Iterator[Found]:
    for element in ("Action", "NotAction"):
        texts = list(statement.texts(element))
        for number, (text, where) in enumerate(texts):
            yield from _of_action(text, where)
            others = [other for place, (other, _) in enumerate(texts) if place != number]
            earlier = [other.lower() for other, _ in texts[:number]]
            if any(_covers(other, text) for other in others) and (
                text.lower() in earlier or text.lower() not in map(str.lower, others)
            ):
                details = f"Another action covers {text}."
                yield Found("REDUNDANT_ACTION", SUGGESTION, details, where)


def _covers(wide: str, narrow: str) -> bool:
    return wildcard(wide.lower())(narrow.lower())


def _of_action(text: str, where: Where) -> Iterator[Found]:
    service, colon, name = text.partition(":")
    if text == "*" or "*" in service or "?" in service:
        return
    if not colon:
        details = f"{text} has no service before its name."
        yield Found("INVALID_ACTION", ERROR, details, where)
    elif not (known := known_actions(service.lower())):
        details = f"There is no service {service}."
        yield Found("INVALID_SERVICE_IN_ACTION", ERROR, details, where)
    elif not any(map(wildcard(name.lower()), known)):
        yield Found("INVALID_ACTION", ERROR, f"There is no action {text}.", where)


def _of_passing(statement: _Statement) -> Iterator[Found]:
    """`*`, or every role of an account: what AWS finds beyond that goes by names of services."""
    wide = next(
        (where for text, where in statement.texts("Resource") if _is_every_role(text)), None
    )
    if wide is None or not statement.allows or "iam:passedtoservice" in _keys(statement):
        return
    actions = [text for text, _ in statement.texts("Action") if _covers(text, _PASSING)]
    if _PASSING in map(str.lower, actions):
        details = "iam:PassRole on every role: name roles, or services by iam:PassedToService."
        yield Found("PASS_ROLE_WITH_STAR_IN_RESOURCE", SECURITY, details, wide)
    elif actions:
        details = f"{actions[0]} includes iam:PassRole, and that on every role."
        yield Found("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", SECURITY, details, wide)


def _is_every_role(text: str) -> bool:
    return text == "*" or text.endswith((":*", ":role/*"))


def _keys(statement: _Statement) -> set[str]:
    condition = statement.node.member("Condition")
    operators = condition.value if condition is not None and condition.is_object else ()
    return {
        member.name.lower()
        for operator in operators
        if operator.value.is_object
        for member in operator.value.value
    }


def _of_sids(root: Placed) -> Iterator[Found]:
    seen: set[Any] = set()
    for statement in _statements(root):
        for text, where in statement.texts("Sid"):
            if text in seen:
                details = f"The Sid {text} stands twice."
                yield Found("UNIQUE_SIDS_REQUIRED", ERROR, details, where)
            seen.add(text)
