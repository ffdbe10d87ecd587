"""What policies allow and deny, action by action: wildcards expanded, empty combinations left out.

A `Rule` is one action on one pattern of resources, under conditions. `granted` gives those of a
`Subject`: what its policies allow, within its boundary, and what they deny. Actions are IAM's own,
by `reference`; a service that no policy names stands for all such services, as `OTHERS`.
Pure, but for those tables.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from spawn.iam import reference
from spawn.iam.documents import Conditions, Effect, PolicyDocument, Statement
from spawn.iam.evaluation.wildcards import wildcard
from spawn.iam.patterns import covers, meets

# Every action of every service that no policy names.
OTHERS: Final = "*"
# The key of a test that no policy spells: of the resource's own ARN, where two patterns cross.
RESOURCE: Final = "the resource"


class Condition(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One test of a statement: any one of `values` is enough. `key` is as the policy spells it."""

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def meaning(self) -> tuple[str, str, tuple[str, ...]]:
        """What two of them have in common that test the same: keys know no case."""
        return self.operator.lower(), self.key.lower(), self.values


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One action on the resources that `resource` takes and none of `outside` does."""

    action: str
    resource: str
    outside: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Policies that hold together: those of an identity, and its permissions boundary."""

    policies: tuple[PolicyDocument, ...]
    boundary: PolicyDocument | None = None

    @property
    def documents(self) -> tuple[PolicyDocument, ...]:
        """All of them."""
        return (*self.policies, *((self.boundary,) if self.boundary is not None else ()))


@dataclass(frozen=True, kw_only=True)
class Granted:
    """The rules of a subject, by action."""

    allows: dict[str, tuple[Rule, ...]] = field(default_factory=dict)
    denies: dict[str, tuple[Rule, ...]] = field(default_factory=dict)


def services_of(documents: Iterable[PolicyDocument]) -> frozenset[str]:
    """Return the services that the documents name."""
    actions = (
        action
        for document in documents
        for statement in document.statements
        for action in (*statement.actions, *statement.not_actions)
    )
    named = (action.partition(":")[0].lower() for action in actions)
    return frozenset(service for service in named if not reference.is_pattern(service))


def granted(subject: Subject, *, services: frozenset[str]) -> Granted:
    """Return what the subject's policies allow and deny of these services and of all others.

    An allowance that the subject itself denies whole is left out.
    """
    allows = _rules(subject.policies, Effect.ALLOW, services)
    denies = _rules(subject.documents, Effect.DENY, services)
    if subject.boundary is not None:
        allows = _within(allows, _rules((subject.boundary,), Effect.ALLOW, services))
    left = {
        action: kept
        for action, rules in allows.items()
        if (kept := _undenied(rules, denies.get(action, ())))
    }
    return Granted(
        allows={action: _fewest(rules) for action, rules in left.items()},
        denies={action: _fewest(rules) for action, rules in denies.items()},
    )


def rule_covers(wider: Rule, narrower: Rule) -> bool:
    """Say whether all that `narrower` is about, `wider` is about too. Both are of one action."""
    return (
        covers(wider.resource, narrower.resource)
        and all(_is_outside(each, narrower) for each in wider.outside)
        and all(_is_implied(each, narrower.conditions) for each in wider.conditions)
    )


def rules_meet(one: Rule, other: Rule) -> bool:
    """Say whether there may be a request that both are about."""
    return (
        meets(one.resource, other.resource)
        and not any(covers(each, other.resource) for each in one.outside)
        and not any(covers(each, one.resource) for each in other.outside)
    )


def _is_outside(pattern: str, rule: Rule) -> bool:
    return not meets(pattern, rule.resource) or any(covers(own, pattern) for own in rule.outside)


def _is_implied(condition: Condition, given: tuple[Condition, ...]) -> bool:
    """Say whether whatever meets `given` meets the condition as well."""
    return any(_implies(other, condition) for other in given)


def _implies(given: Condition, condition: Condition) -> bool:
    """Say so of one test: more alternatives let more through, and so do wider patterns."""
    operator, key, values = condition.meaning
    their_operator, their_key, their_values = given.meaning
    if key != their_key:
        return False
    if operator == their_operator and operator in {"stringequals", "arnlike"}:
        return set(their_values) <= set(values)
    if operator == "stringlike" and their_operator in {"stringequals", "stringlike"}:
        return all(any(covers(own, theirs) for own in values) for theirs in their_values)
    return given.meaning == condition.meaning


def _rules(
    documents: Iterable[PolicyDocument], effect: Effect, services: frozenset[str]
) -> dict[str, tuple[Rule, ...]]:
    found: dict[str, list[Rule]] = {}
    for document in documents:
        for statement in document.statements:
            if statement.effect is effect:
                for rule in _rules_of(statement, services):
                    found.setdefault(rule.action, []).append(rule)
    return {action: tuple(dict.fromkeys(rules)) for action, rules in found.items()}


def _rules_of(statement: Statement, services: frozenset[str]) -> Iterator[Rule]:
    conditions = conditions_of(statement.conditions)
    resources = statement.resources or ("*",)
    outside = tuple(sorted(statement.not_resources))
    for action in _actions(statement, services):
        for resource in resources:
            if can_be(action, resource):
                yield Rule(action=action, resource=resource, outside=outside, conditions=conditions)


def _actions(statement: Statement, services: frozenset[str]) -> Iterator[str]:
    if statement.not_actions:
        spared = {action for each in statement.not_actions for action in expanded(each, services)}
        yield from (action for action in expanded("*", services) if action not in spared)
    else:
        for each in statement.actions:
            yield from expanded(each, services)


def expanded(pattern: str, services: frozenset[str]) -> tuple[str, ...]:
    """Return the actions that a pattern means; one that IAM's tables lack stands for itself."""
    service, _, name = pattern.lower().partition(":")
    if not reference.is_pattern(service):
        found = tuple(f"{service}:{action.name}" for action in reference.matching_actions(pattern))
        return found or (pattern,)
    matches = wildcard(service)
    inside = tuple(
        f"{each}:{action.name}"
        for each in sorted(services)
        if matches(each)
        for action in reference.matching_actions(f"{each}:{name or '*'}")
    )
    is_whole = not service.strip("*") and not name.strip("*")
    return (*inside, OTHERS if is_whole else pattern)


@functools.lru_cache(maxsize=100_000)
def can_be(action: str, resource: str) -> bool:
    """Say whether the action can be asked of such a resource at all.

    Service Authorization Reference: an action without a resource type is asked of "*", which no
    ARN takes; others are asked of ARNs of their types.
    """
    details = details_of(action)
    if details is None or not resource.strip("*"):
        return True
    service = action.partition(":")[0]
    types = reference.arn_patterns(service)
    return any(
        is_of_type(types[kind.name.lower()], resource)
        for kind in details.resource_types
        if kind.name.lower() in types
    )


def details_of(action: str) -> reference.Action | None:
    """Return what the tables say of one action, None where they lack it."""
    service, _, name = action.partition(":")
    return reference.actions_of(service).get(name.lower())


def is_of_type(arn: str, resource: str) -> bool:
    """Say whether some resource that a pattern means is of the type with this ARN of the tables."""
    parts, wanted = arn_pattern(arn).split(":", 5), resource.split(":", 5)
    if len(wanted) < len(parts):
        return meets(":".join(parts), resource)
    # Bucket naming rules: a name has no slash, so what has one is an object.
    if arn.endswith(":${BucketName}") and "/" in wanted[-1]:
        return False
    return all(map(meets, parts, wanted))


@functools.cache
def arn_pattern(arn: str) -> str:
    """Return an ARN of the tables with `*` in place of its names: `${BucketName}` and such."""
    pieces = arn.split("${")
    return "*".join((pieces[0], *(piece.partition("}")[2] for piece in pieces[1:])))


def conditions_of(conditions: Conditions) -> tuple[Condition, ...]:
    """Return the conditions, what means the same written the same: sorted, `Like` only if it is."""
    return tuple(
        sorted(
            Condition(operator=_plain(operator, values), key=key, values=tuple(sorted(set(values))))
            for operator, keys in conditions.items()
            for key, values in keys.items()
        )
    )


def _plain(operator: str, values: Iterable[str]) -> str:
    # IAM user guide, "Condition operators": ArnEquals and ArnLike behave the same.
    if operator == "ArnEquals":
        return "ArnLike"
    is_open = any(reference.is_pattern(value) for value in values)
    return "StringEquals" if operator == "StringLike" and not is_open else operator


def _within(
    allows: dict[str, tuple[Rule, ...]], boundary: dict[str, tuple[Rule, ...]]
) -> dict[str, tuple[Rule, ...]]:
    """Return what both allow; where patterns cross, the resource is the identity's."""
    both = {}
    for action, rules in allows.items():
        narrowed = tuple(
            _intersection(rule, limit)
            for rule in rules
            for limit in boundary.get(action, ())
            if rules_meet(rule, limit)
        )
        if narrowed:
            both[action] = tuple(dict.fromkeys(narrowed))
    return both


def _intersection(rule: Rule, limit: Rule) -> Rule:
    resource = rule.resource
    more: tuple[Condition, ...] = ()
    if not covers(limit.resource, rule.resource):
        if covers(rule.resource, limit.resource):
            resource = limit.resource
        else:
            # What crosses is no pattern of its own: the other one becomes a test.
            more = (Condition(operator="StringLike", key=RESOURCE, values=(limit.resource,)),)
    return Rule(
        action=rule.action,
        resource=resource,
        outside=tuple(sorted({*rule.outside, *limit.outside})),
        conditions=tuple(sorted({*rule.conditions, *limit.conditions, *more})),
    )


def _undenied(rules: tuple[Rule, ...], denies: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if not any(rule_covers(each, rule) for each in denies))


def _fewest(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Leave out what another rule covers; of two that cover each other the first stays."""
    kept: list[Rule] = []
    for rule in rules:
        if any(rule_covers(other, rule) for other in kept):
            continue
        kept = [other for other in kept if not rule_covers(rule, other)]
        kept.append(rule)
    return tuple(kept)


def service_of(action: str) -> str:
    """Return the service of an action, OTHERS for that of all others."""
    return action.partition(":")[0]
