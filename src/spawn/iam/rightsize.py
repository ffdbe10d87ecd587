"""The smallest policy that would have sufficed for what CloudTrail saw. Pure.

1. Each use is looked for among what is allowed now: the action, with a resource that takes it.
   What is not found there was allowed by something else (a bucket's own policy), and is told.
2. The allowance is narrowed to the resources that were used, under the conditions that it has.
   Where the event does not tell the resource, the allowance keeps its own.
3. Allowances whose use CloudTrail could not have shown are kept whole, and named.
4. Denials stay as they are.

So the result never allows what is not allowed today. Names stay exact: only the keys of objects
are gathered, below the longest path that they share; more names than a policy has room for leave
the allowance as wide as it was.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from spawn.iam.compare import Allowance, Difference, difference, gathered
from spawn.iam.documents import Conditions, Effect, PolicyDocument, Statement
from spawn.iam.event_names import data_type, is_unrecorded
from spawn.iam.grants import (
    OTHERS,
    Condition,
    Rule,
    Subject,
    granted,
    rule_covers,
    service_of,
    services_of,
)
from spawn.iam.observed import Event, Use, uses_of
from spawn.iam.patterns import covers, meets

# More objects of a bucket than this are told by the path that they share.
MOST_KEYS = 5
# More names than this for one action are more than a person reviews, or a role has room for.
MOST_NAMES = 20


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Which data events were looked at: type of resource -> prefixes of the ARNs, "" for all."""

    data: Mapping[str, tuple[str, ...]]

    def shows(self, rule: Rule) -> bool:
        """Say whether each use of an allowance would have been seen."""
        if is_unrecorded(rule.action):
            return False
        kind = data_type(rule.action)
        if kind is None:
            return True
        resource = rule.resource
        if kind == "AWS::S3::Object" and ":s3:::" in resource and "/" not in resource:
            resource = f"{resource}/"
        return any(covers(f"{prefix}*", resource) for prefix in self.data.get(kind, ()))


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or refused, and is not in the result. `times` counts its events."""

    action: str
    resource: str
    times: int


class Rightsized(msgspec.Struct, frozen=True, kw_only=True):
    """The policy, and what is to be known of it.

    document   the policy (a boundary goes on holding); no statements where nothing is needed
    change     what the present policies allow beyond it (`only_first`)
    used       what is in it since it was seen to be used
    unjudged   what is in it since CloudTrail could not show if it is used
    wide       actions that were used on more resources than are named: as wide as before
    unnamed    actions whose events don't tell on what they were used: as wide as before
    denied     what was refused: it is not granted
    elsewhere  what was allowed, but not by these policies
    unknown    events of which IAM's tables know no action
    """

    document: PolicyDocument
    change: Difference
    used: tuple[Allowance, ...]
    unjudged: tuple[Allowance, ...]
    wide: tuple[str, ...]
    unnamed: tuple[str, ...]
    denied: tuple[Foreign, ...]
    elsewhere: tuple[Foreign, ...]
    unknown: tuple[str, ...]


def rightsize(present: Subject, events: Iterable[Event], sight: Sight) -> Rightsized:
    """Return the smallest part of the present policies that lets the events through again."""
    found = _Uses.of(events)
    services = services_of(present.documents) | {service_of(use.action) for use in found.allowed}
    own = Subject(policies=present.policies)
    allows = granted(own, services=services).allows
    parts = _Parts()
    for use in sorted(found.allowed, key=lambda each: (each.action, each.resource or "")):
        parts.take(use, allows.get(use.action, ()))
    kept = [
        rule
        for action, rules in allows.items()
        if action != OTHERS
        for rule in rules
        if not sight.shows(rule)
    ]
    needed = [
        rule
        for rule in parts.rules()
        if not any(one.action == rule.action and rule_covers(one, rule) for one in kept)
    ]
    document = PolicyDocument(statements=(*_statements([*needed, *kept]), *_denials(present)))
    return Rightsized(
        document=document,
        change=difference(own, Subject(policies=(document,))),
        used=gathered(needed),
        unjudged=gathered(kept),
        wide=tuple(sorted(parts.wide)),
        unnamed=tuple(sorted(parts.unnamed)),
        denied=_foreign(found.denied),
        elsewhere=_foreign({use: found.allowed[use] for use in parts.elsewhere}),
        unknown=tuple(sorted(found.unknown)),
    )


@dataclass(frozen=True)
class _Uses:
    """What events say, with how often."""

    allowed: dict[Use, int]
    denied: dict[Use, int]
    unknown: set[str]

    @classmethod
    def of(cls, events: Iterable[Event]) -> _Uses:
        found = cls({}, {}, set())
        for event in events:
            uses = uses_of(event)
            if not uses:
                found.unknown.add(f"{event.event_source}:{event.event_name}")
            counts = found.denied if event.was_denied else found.allowed
            for use in uses:
                counts[use] = counts.get(use, 0) + 1
        return found


class _Parts:
    """The parts of present allowances that were used."""

    def __init__(self) -> None:
        self._used: dict[Rule, list[str]] = {}
        self._whole: dict[Rule, None] = {}
        self.wide: set[str] = set()
        self.unnamed: set[str] = set()
        self.elsewhere: list[Use] = []

    def take(self, use: Use, rules: Iterable[Rule]) -> None:
        """Add what a use needs of the allowances for its action."""
        resource = use.resource
        if resource is None:
            fitting = list(rules)
        else:
            fitting = [rule for rule in rules if _takes(rule, resource)]
        if not fitting and resource is not None:
            fitting = [rule for rule in rules if meets(rule.resource, resource)]
            resource = None
        if not fitting:
            self.elsewhere.append(use)
        elif resource is None:
            self.unnamed.add(use.action)
            self._whole.update(dict.fromkeys(fitting))
        else:
            for rule in _plainest(fitting):
                self._used.setdefault(rule, []).append(resource)

    def rules(self) -> Iterator[Rule]:
        """Yield the narrowed allowances."""
        yield from self._whole
        for rule, resources in self._used.items():
            names = _gathered_keys(resources)
            if len(names) > MOST_NAMES or not all(covers(rule.resource, each) for each in names):
                self.wide.add(rule.action)
                yield rule
                continue
            for name in names:
                yield Rule(action=rule.action, resource=name, conditions=rule.conditions)


def _takes(rule: Rule, resource: str) -> bool:
    return covers(rule.resource, resource) and not any(
        meets(each, resource) for each in rule.outside
    )


def _plainest(rules: list[Rule]) -> list[Rule]:
    """Return the one without conditions where there is one: which others held is not known."""
    plain = [rule for rule in rules if not rule.conditions]
    return plain[:1] or rules


def _gathered_keys(resources: list[str]) -> list[str]:
    """Return the names, the many keys of a bucket as the path that they share."""
    by_bucket: dict[str, list[str]] = {}
    for each in dict.fromkeys(resources):
        bucket, slash, key = each.partition("/")
        is_object = slash and each.split(":")[2:3] == ["s3"] and ":s3:::" in each
        by_bucket.setdefault(bucket if is_object else each, []).append(key if is_object else "")
    found = []
    for bucket, keys in by_bucket.items():
        if keys == [""]:
            found.append(bucket)
        elif len(keys) <= MOST_KEYS:
            found.extend(f"{bucket}/{key}" for key in keys)
        else:
            shared = posixpath.commonprefix(keys).rpartition("/")[0]
            found.append(f"{bucket}/{shared}/*" if shared else f"{bucket}/*")
    return found


def _statements(rules: Iterable[Rule]) -> Iterator[Statement]:
    """Write rules as few statements: actions with the same resources and conditions together."""
    resources: dict[tuple[str, tuple[str, ...], tuple[Condition, ...]], list[str]] = {}
    for rule in dict.fromkeys(rules):
        key = (rule.action, rule.outside, rule.conditions)
        resources.setdefault(key, []).append(rule.resource)
    actions: dict[tuple[tuple[str, ...], tuple[str, ...], tuple[Condition, ...]], list[str]] = {}
    for (action, outside, conditions), names in sorted(resources.items(), key=lambda p: p[0][0]):
        found = actions.setdefault((tuple(sorted(set(names))), outside, conditions), [])
        found.append(action)
    for (together, outside, conditions), found in actions.items():
        yield Statement(
            effect=Effect.ALLOW,
            actions=tuple(found),
            resources=() if outside else together,
            not_resources=outside,
            conditions=_written(conditions),
        )


def _written(conditions: Iterable[Condition]) -> Conditions:
    written: dict[str, dict[str, tuple[str, ...]]] = {}
    for each in conditions:
        written.setdefault(each.operator, {})[each.key] = each.values
    return written


def _denials(present: Subject) -> Iterator[Statement]:
    for policy in present.policies:
        yield from (each for each in policy.statements if each.effect is Effect.DENY)


def _foreign(uses: Mapping[Use, int]) -> tuple[Foreign, ...]:
    return tuple(
        Foreign(action=use.action, resource=use.resource or "", times=times)
        for use, times in sorted(uses.items(), key=lambda pair: pair[0].action)
    )
