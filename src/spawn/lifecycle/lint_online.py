"""`spawn policy lint --online`: what Access Analyzer says of the same policies. Pure.

AWS and spawn number their rules apart, and point at different ends of the same thing: one at the
action, the other at the resource on which it is too much. So two findings are the same where they
are of one kind and at one place, or else of one kind in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from spawn.aws.access_analyzer import (
    ROLE_TRUST,
    Location,
    PolicyFinding,
    PolicyType,
    Position,
    Validation,
)
from spawn.iam.lint import Finding, Linted, Place, PolicyKind
from spawn.iam.lint.reading import MOST_BYTES

_TYPES: Final = {
    PolicyKind.IDENTITY: PolicyType.IDENTITY,
    PolicyKind.BOUNDARY: PolicyType.IDENTITY,
    PolicyKind.SESSION: PolicyType.IDENTITY,
    PolicyKind.RESOURCE: PolicyType.RESOURCE,
    PolicyKind.TRUST: PolicyType.RESOURCE,
    PolicyKind.SCP: PolicyType.SERVICE_CONTROL,
}
_HARMLESS: Final = "SUGGESTION"
_JSON: Final = ("JSON_SYNTAX_ERROR",)
_KEYS: Final = ("INVALID_SERVICE_CONDITION_KEY", "INVALID_GLOBAL_CONDITION_KEY")
# spawn's rule -> how the codes begin by which AWS says the same. Rules that are not here are
# spawn's alone. IAM user guide, "IAM policy validation check reference".
SAME_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "empty-document": _JSON,
    "not-json": _JSON,
    "trailing-comma": _JSON,
    "missing-comma": _JSON,
    "too-deep": _JSON,
    "wrong-type": ("DATA_TYPE_MISMATCH",),
    "unknown-member": ("INVALID_POLICY_ELEMENT",),
    "missing-statement": ("MISSING_STATEMENT",),
    "missing-effect": ("MISSING_EFFECT",),
    "bad-effect": ("INVALID_EFFECT",),
    "missing-action": ("MISSING_ACTION",),
    "missing-resource": ("MISSING_RESOURCE",),
    "both-members": ("UNSUPPORTED_ELEMENT_COMBINATION",),
    "empty-list": ("EMPTY_ARRAY",),
    "missing-version": ("MISSING_VERSION",),
    "unknown-version": ("INVALID_VERSION",),
    "variables-in-old-version": ("VARIABLE_UNSUPPORTED_IN_VERSION",),
    "bad-sid": ("UNSUPPORTED_SID",),
    "duplicate-sid": ("UNIQUE_SIDS",),
    "too-long": ("POLICY_SIZE_EXCEEDS",),
    "not-an-action": ("INVALID_ACTION", "INVALID_SERVICE_IN_ACTION"),
    "unknown-service": ("INVALID_SERVICE_IN_ACTION", "INVALID_ACTION"),
    "unknown-action": ("INVALID_ACTION",),
    "unlisted-action": ("INVALID_ACTION",),
    "redundant-action": ("REDUNDANT_ACTION",),
    "duplicate-value": ("REDUNDANT_ACTION", "REDUNDANT_RESOURCE", "REDUNDANT_CONDITION_VALUE"),
    "not-an-arn": ("INVALID_ARN_PREFIX", "INVALID_ARN_RESOURCE", "MISSING_ARN_FIELD"),
    "unknown-partition": ("INVALID_PARTITION",),
    "bad-region": ("INVALID_REGION", "INVALID_ARN_REGION"),
    "bad-account": ("INVALID_ARN_ACCOUNT",),
    "every-action": ("PASS_ROLE_WITH", "CREATE_SLR_WITH"),
    "pass-any-role": ("PASS_ROLE_WITH",),
    "principal-not-allowed": ("UNSUPPORTED_PRINCIPAL", "SCP_SYNTAX_ERROR_PRINCIPAL"),
    "missing-principal": ("MISSING_PRINCIPAL",),
    "not-principal-with-allow": ("ALLOW_WITH_NOT_PRINCIPAL",),
    "unknown-principal-kind": ("INVALID_PRINCIPAL_KEY",),
    "bad-principal": ("INVALID_PRINCIPAL_FORMAT", "UNSUPPORTED_WILDCARD_IN_PRINCIPAL"),
    "unknown-operator": ("INVALID_CONDITION_OPERATOR",),
    "unknown-condition-key": (*_KEYS, "INVALID_CONDITION_KEY_FORMAT"),
    "condition-key-not-of-action": _KEYS,
    "operator-type-mismatch": ("TYPE_MISMATCH",),
    "literal-wildcard": ("WILDCARD_WITHOUT_LIKE_OPERATOR",),
    "all-values-of-none": ("FORALLVALUES_WITH",),
    "many-valued-key": ("MISSING_QUALIFIER",),
    "bad-condition-value": ("TYPE_MISMATCH", "INVALID_CONDITION_DATA_TYPE"),
    "unclosed-variable": ("MISSING_BRACE_IN_VARIABLE",),
}


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """A policy with what spawn found in it; `text` is None for one of AWS's own, or of no text."""

    linted: Linted
    text: str | None


class AwsFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of AWS's at the first of its places, in spawn's way of counting."""

    type: str
    code: str
    place: Place
    message: str
    link: str

    @property
    def is_harmless(self) -> bool:
        """Whether it is but a suggestion."""
        return self.type == _HARMLESS


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of AWS's, and those of spawn's that say the same."""

    aws: AwsFinding
    own: tuple[Finding, ...]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that both have looked at: what both say, and what one of them."""

    name: str
    both: tuple[Agreed, ...]
    only_aws: tuple[AwsFinding, ...]
    only_own: tuple[Finding, ...]

    @property
    def is_refused(self) -> bool:
        """Whether AWS says more than suggestions."""
        found = (*(each.aws for each in self.both), *self.only_aws)
        return not all(finding.is_harmless for finding in found)


def looked_at(linted: Linted, content: bytes) -> Looked:
    """Return what was found in a file, for AWS to look at as well: what is no text it can't."""
    try:
        text = content.decode() if len(content) <= MOST_BYTES else None
    except UnicodeDecodeError:
        text = None
    return Looked(linted=linted, text=text)


def validation_of(kind: PolicyKind, text: str) -> Validation:
    """Return a policy as Access Analyzer is asked about it; it knows no boundaries and sessions.

    Those are identity policies to it, which they look like.
    """
    of_resource = ROLE_TRUST if kind is PolicyKind.TRUST else ""
    return Validation(text=text, type=_TYPES[kind], resource_type=of_resource)


def compare(linted: Linted, answer: Iterable[PolicyFinding]) -> Compared:
    """Put AWS's findings beside spawn's."""
    partners = [(each, _partners(each, linted.findings)) for each in answer]
    agreed = tuple(Agreed(aws=_shown(each, linted.name), own=own) for each, own in partners if own)
    matched = {finding for each in agreed for finding in each.own}
    return Compared(
        name=linted.name,
        both=agreed,
        only_aws=tuple(_shown(each, linted.name) for each, own in partners if not own),
        only_own=tuple(each for each in linted.findings if each not in matched),
    )


def _partners(theirs: PolicyFinding, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return spawn's findings of the same kind: those at the place, else those in the statement."""
    code = theirs.issue_code
    kin = [each for each in findings if code.startswith(SAME_KIND.get(each.rule, ("\0",)))]
    places = theirs.locations
    at_place = [each for each in kin if any(_covers(one, each.place) for one in places)]
    statements = {_statement(one) for one in places} or {0}
    return tuple(at_place or [each for each in kin if each.place.statement in statements])


def _covers(location: Location, place: Place) -> bool:
    start, end = location.span.start, location.span.end
    return _ordered(start) <= (place.line, place.column) < _ordered(end)


def _ordered(position: Position) -> tuple[int, int]:
    return position.line, position.column + 1


def _statement(location: Location) -> int:
    """Return which statement it is in, from 1: a single one is written without a list."""
    match location.path:
        case [first, second, *_] if first.value == "Statement" and second.index is not None:
            return second.index + 1
        case [first, *_] if first.value == "Statement":
            return 1
        case _:
            return 0


def _shown(finding: PolicyFinding, policy: str) -> AwsFinding:
    line, column, statement = 1, 1, 0
    if finding.locations:
        first = finding.locations[0]
        (line, column), statement = _ordered(first.span.start), _statement(first)
    place = Place(policy=policy, statement=statement, sid="", line=line, column=column)
    return AwsFinding(
        type=finding.finding_type,
        code=finding.issue_code,
        place=place,
        message=finding.finding_details,
        link=finding.learn_more_link,
    )
