"""What a subject's policies come to: what it can do, what it is denied, what it can't. Pure.

All of it speaks of these policies alone: a bucket's or a key's own policy may let more in, and an
organisation's may keep more out. Nothing is claimed that IAM would answer otherwise: `can` are
the allowances themselves, and each `Cannot` holds the actions and resources that it is about.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping

import msgspec

from spawn.iam import reference
from spawn.iam.compare import RANK, Allowance, Verb, actions_by_verb, gathered, verb_of
from spawn.iam.grants import (
    Granted,
    Rule,
    Subject,
    can_be,
    details_of,
    granted,
    is_of_type,
    services_of,
)
from spawn.iam.patterns import covers

# Names and places that no policy means unless it means every one.
_ANOTHER = "zz-another-zz"
_ELSEWHERE = ("zz-elsewhere-9", "999999999999")
_PLACES = {"Partition": "aws", "Region": _ELSEWHERE[0], "Account": _ELSEWHERE[1]}


class Limit(enum.StrEnum):
    """What kind of thing can't be done."""

    VERB = "none of it"
    OTHERWISE = "nothing more of it"
    THING = "nothing else"
    PLACE = "nowhere else"
    SERVICE = "no other service"


class Cannot(msgspec.Struct, frozen=True, kw_only=True):
    """Something next to what is allowed, and not allowed.

    `actions` are the actions that it speaks of; `resources` are ARNs of which they are denied,
    none where they are denied of every one. `service` is "" for Limit.SERVICE.
    """

    limit: Limit
    service: str
    verbs: tuple[Verb, ...] = ()
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """All that there is to say. What is `denied` is denied whatever `can` says."""

    can: tuple[Allowance, ...]
    denied: tuple[Allowance, ...]
    cannot: tuple[Cannot, ...]


def meaning(subject: Subject) -> Meaning:
    """Return what the policies of a subject come to."""
    services = services_of(subject.documents)
    rules = granted(subject, services=services)
    return Meaning(
        can=_mildest_first(rules.allows),
        denied=_mildest_first(rules.denies),
        cannot=tuple(_limits(rules, services)),
    )


def _mildest_first(rules: Mapping[str, tuple[Rule, ...]]) -> tuple[Allowance, ...]:
    rows = gathered(rule for each in rules.values() for rule in each)
    return tuple(sorted(rows, key=lambda row: (row.service, -RANK[row.verb], row.resources)))


def _limits(rules: Granted, services: frozenset[str]) -> Iterator[Cannot]:
    for service in sorted(services & reference.services()):
        allowed = {
            action: found
            for action, found in rules.allows.items()
            if action.partition(":")[0] == service
        }
        if allowed:
            yield from _verb_limits(service, allowed)
            yield from _reach_limits(service, allowed)
    # A pattern over services ("*:Get*") may reach any of them.
    if not any(reference.is_pattern(action.partition(":")[0]) for action in rules.allows):
        yield Cannot(limit=Limit.SERVICE, service="")


def _verb_limits(service: str, allowed: Mapping[str, tuple[Rule, ...]]) -> Iterator[Cannot]:
    """Yield what kinds of action are not allowed at all, and which only in part.

    What is about other things than those that are allowed is no other way to treat these.
    """
    resources = {rule.resource for rules in allowed.values() for rule in rules}
    verbs = {verb_of(action) for action in allowed}
    left = {
        verb: tuple(action for action in actions if action not in allowed)
        for verb, actions in reversed(actions_by_verb(service).items())
    }
    whole = tuple(verb for verb in left if verb not in verbs)
    partly = tuple(
        verb
        for verb, actions in left.items()
        if verb in verbs and any(can_be(a, r) for a in actions for r in resources)
    )
    for limit, of in ((Limit.OTHERWISE, partly), (Limit.VERB, whole)):
        if of:
            actions = tuple(action for verb in of for action in left[verb])
            yield Cannot(limit=limit, service=service, verbs=of, actions=actions)


def _reach_limits(service: str, allowed: Mapping[str, tuple[Rule, ...]]) -> Iterator[Cannot]:
    """Yield that other things, or those of other places, are out of reach, where all are."""
    typed = {action: rules for action, rules in allowed.items() if _knows_types(action)}
    for limit, neighbours in ((Limit.THING, _another), (Limit.PLACE, _elsewhere)):
        examples = {
            action: tuple(dict.fromkeys(arn for rule in rules for arn in neighbours(rule)))
            for action, rules in typed.items()
        }
        is_kept_out = all(
            examples[action]
            and not any(covers(rule.resource, arn) for rule in rules for arn in examples[action])
            for action, rules in typed.items()
        )
        if typed and is_kept_out:
            resources = tuple(dict.fromkeys(arn for each in examples.values() for arn in each))
            yield Cannot(
                limit=limit, service=service, actions=tuple(sorted(typed)), resources=resources
            )
            return


def _knows_types(action: str) -> bool:
    details = details_of(action)
    return details is not None and bool(details.resource_types)


def _another(rule: Rule) -> Iterator[str]:
    """Yield ARNs of another name in the place that a rule is about."""
    pieces = rule.resource.split(":", 5)
    if len(pieces) < 6:
        return
    for arn in _types(rule):
        other = _filled(arn).split(":", 5)
        place = (
            own if own and not reference.is_pattern(own) else filler
            for own, filler in zip(pieces[:5], other[:5], strict=True)
        )
        yield ":".join((*place, other[5]))


def _elsewhere(rule: Rule) -> Iterator[str]:
    """Yield ARNs of another region and account; none for what has neither, such as a bucket."""
    for arn in _types(rule):
        if "${Account}" in arn:
            yield _filled(arn)


def _types(rule: Rule) -> Iterator[str]:
    service = rule.action.partition(":")[0]
    details = details_of(rule.action)
    patterns = reference.arn_patterns(service)
    for kind in () if details is None else details.resource_types:
        arn = patterns.get(kind.name.lower())
        if arn is not None and is_of_type(arn, rule.resource):
            yield arn


def _filled(arn: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: _PLACES.get(found[1], _ANOTHER), arn)
