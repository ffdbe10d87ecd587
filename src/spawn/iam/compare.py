"""What one subject's policies allow that another's don't: in permissions, not in text. Pure.

1. Wildcards are expanded to IAM's actions, for the services that either of the two names.
2. An allowance counts as shared where one of the other's covers it (`grants.rule_covers`), and
   the other denies no part of it that its own side does not deny as well.
3. What is left is gathered: actions with the same resources and conditions, by access level.

Where the other allows something only by several statements together, it is shown as a
difference: more is said than is, never less.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable, Iterator

import msgspec

from spawn.iam import reference
from spawn.iam.grants import (
    OTHERS,
    Condition,
    Granted,
    Rule,
    Subject,
    can_be,
    details_of,
    granted,
    rule_covers,
    rules_meet,
    service_of,
    services_of,
)
from spawn.iam.patterns import covers


class Verb(enum.StrEnum):
    """What actions do, worst first: the reference's access levels, with deletions apart.

    ANY is all that a service has, or what can't be told apart.
    """

    ANY = "everything"
    SHARE = "permissions management"
    DELETE = "delete"
    WRITE = "write"
    TAG = "tag"
    READ = "read"
    LIST = "list"


_LEVELS = (
    ("Permissions management", Verb.SHARE),
    ("Tagging", Verb.TAG),
    ("Write", Verb.WRITE),
    ("Read", Verb.READ),
    ("List", Verb.LIST),
)
# Worst first.
RANK = {verb: number for number, verb in enumerate(Verb)}
_TAKING_AWAY = ("delete", "batchdelete", "remove", "purge", "terminate", "deregister")


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """Actions of one service and kind, on the same resources under the same conditions.

    `of` is how many actions of the kind the service has; all of them where that is their number.
    """

    service: str
    verb: Verb
    actions: tuple[str, ...]
    of: int
    resources: tuple[str, ...]
    outside: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether the service has no further action of the kind."""
        return len(self.actions) == self.of


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What only the one, and what only the other allows; nothing where they mean the same."""

    only_first: tuple[Allowance, ...]
    only_second: tuple[Allowance, ...]


def difference(first: Subject, second: Subject) -> Difference:
    """Compare two subjects."""
    services = services_of((*first.documents, *second.documents))
    one, other = granted(first, services=services), granted(second, services=services)
    return Difference(
        only_first=gathered(_not_in(one, other)), only_second=gathered(_not_in(other, one))
    )


def allowances(subject: Subject) -> tuple[Allowance, ...]:
    """Return all that a subject allows."""
    rules = granted(subject, services=services_of(subject.documents)).allows
    return gathered(rule for each in rules.values() for rule in each)


def verb_of(action: str) -> Verb:
    """Return what an action does; one that the tables lack counts as a write."""
    if action == OTHERS or reference.is_pattern(action):
        return Verb.ANY
    details = details_of(action)
    levels = set() if details is None else set(details.access_level.split(", "))
    verb = next((verb for level, verb in _LEVELS if level in levels), Verb.WRITE)
    name = action.partition(":")[2].lower()
    return Verb.DELETE if verb is Verb.WRITE and name.startswith(_TAKING_AWAY) else verb


@functools.cache
def actions_by_verb(service: str) -> dict[Verb, tuple[str, ...]]:
    """Return all actions of a service by what they do, worst first."""
    found: dict[Verb, list[str]] = {verb: [] for verb in Verb}
    for action in reference.actions_of(service).values():
        name = f"{service}:{action.name}"
        found[verb_of(name)].append(name)
    return {verb: tuple(names) for verb, names in found.items() if names}


def gathered(rules: Iterable[Rule]) -> tuple[Allowance, ...]:
    """Gather rules that differ in their action, or in their resource, alone."""
    groups: dict[tuple[str, tuple[str, ...], tuple[Condition, ...]], set[tuple[str, str]]] = {}
    for rule in rules:
        key = (service_of(rule.action), rule.outside, rule.conditions)
        groups.setdefault(key, set()).add((rule.action, rule.resource))
    rows = (
        Allowance(
            service=service,
            verb=verb,
            actions=actions,
            of=len(_there_are(service, verb)),
            resources=resources,
            outside=outside,
            conditions=conditions,
        )
        for (service, outside, conditions), pairs in groups.items()
        for verb, actions, resources in _rows(service, pairs)
    )
    return tuple(sorted(rows, key=lambda row: (RANK[row.verb], row.service, row.resources)))


def _rows(
    service: str, pairs: set[tuple[str, str]]
) -> Iterator[tuple[Verb, tuple[str, ...], tuple[str, ...]]]:
    """Yield one row for a whole service, else one for each kind of actions and their resources."""
    resources = tuple(sorted({resource for _, resource in pairs}))
    every = _there_are(service, Verb.ANY)
    if every and pairs == {(a, r) for a in every for r in resources if can_be(a, r)}:
        yield Verb.ANY, tuple(sorted({action for action, _ in pairs})), resources
        return
    of_action: dict[str, list[str]] = {}
    for action, resource in sorted(pairs):
        of_action.setdefault(action, []).append(resource)
    alike: dict[tuple[Verb, tuple[str, ...]], list[str]] = {}
    for action, found in of_action.items():
        alike.setdefault((verb_of(action), tuple(found)), []).append(action)
    for (verb, names), actions in alike.items():
        yield verb, tuple(actions), names


def _there_are(service: str, verb: Verb) -> tuple[str, ...]:
    by_verb = actions_by_verb(service)
    if verb is Verb.ANY:
        return tuple(sorted(name for names in by_verb.values() for name in names))
    return by_verb.get(verb, ())


def _not_in(one: Granted, other: Granted) -> Iterator[Rule]:
    """Yield what the one allows and the other does not."""
    for action, rules in one.allows.items():
        theirs = other.allows.get(action, ())
        for rule in rules:
            if not any(rule_covers(each, rule) for each in theirs):
                yield rule
                continue
            own_denies = one.denies.get(action, ())
            for denied in other.denies.get(action, ()):
                shared = any(rule_covers(each, denied) for each in own_denies)
                if rules_meet(rule, denied) and not shared:
                    yield _common(rule, denied)


def _common(rule: Rule, denied: Rule) -> Rule:
    """Return the part of a rule that a denial takes away, as far as a pattern can say it."""
    is_part = covers(rule.resource, denied.resource)
    return Rule(
        action=rule.action,
        resource=denied.resource if is_part else rule.resource,
        outside=rule.outside,
        conditions=tuple(sorted({*rule.conditions, *denied.conditions})),
    )
