"""Policies in words: allowances, limits and conditions as sentences that a person reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from spawn.iam.arns import parse_arn
from spawn.iam.compare import Allowance, Verb
from spawn.iam.grants import OTHERS, Condition
from spawn.iam.meaning import Cannot, Limit

# More names than this are counted, not read.
_MOST_NAMES = 4

_VERBS = {
    Verb.ANY: "do everything",
    Verb.SHARE: "change permissions",
    Verb.DELETE: "delete",
    Verb.WRITE: "write",
    Verb.TAG: "tag",
    Verb.READ: "read",
    Verb.LIST: "list",
}

# IAM user guide, "IAM JSON policy elements: Condition operators".
_OPERATORS = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringEqualsIgnoreCase": "is, in upper or lower case,",
    "StringNotEqualsIgnoreCase": "is not, in upper or lower case,",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnEquals": "is like",
    "ArnNotEquals": "is not like",
    "ArnLike": "is like",
    "ArnNotLike": "is not like",
    "NumericEquals": "is",
    "NumericNotEquals": "is not",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateNotEquals": "is not",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
    "Bool": "is",
    "BinaryEquals": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
}


def can_sentence(allowance: Allowance) -> str:
    """Say what an allowance lets its subject do: "read in s3 my-bucket/*: GetObject"."""
    where = "".join(f", only where {each}" for each in [_joined_conditions(allowance)] if each)
    what = f"{_VERBS[allowance.verb]} in {_service(allowance)}{_resources(allowance)}"
    return f"{what}{_actions(allowance)}{where}"


def cannot_sentence(limit: Cannot) -> str:
    """Say what can't be done: "write, delete, tag or change permissions in s3"."""
    verbs = joined((_VERBS[verb] for verb in limit.verbs), last="or")
    match limit.limit:
        case Limit.VERB:
            return f"{verbs} in {limit.service}"
        case Limit.OTHERWISE:
            return f"{verbs} in {limit.service} in any other way"
        case Limit.THING:
            return f"touch anything else in {limit.service}"
        case Limit.PLACE:
            return f"reach into {limit.service} of another region or account"
        case Limit.SERVICE:
            return "use any other service"
        case _:
            assert_never(limit.limit)


def condition_words(condition: Condition) -> str:
    """Say what a condition asks for: "aws:ResourceAccount is 123456789012"."""
    operator, key = condition.operator, condition.key
    values = joined(condition.values, last="or")
    if operator == "Null":
        is_missing = condition.values == ("true",)
        return f"{key} is {'not given' if is_missing else 'given'}"
    for quantifier, whose in (("ForAllValues:", "each of "), ("ForAnyValue:", "one of ")):
        if operator.startswith(quantifier):
            operator, key = operator.removeprefix(quantifier), f"{whose}{key}"
    bare = operator.removesuffix("IfExists")
    unless = ", where it is given at all," if bare != operator else ""
    return f"{key}{unless} {_OPERATORS.get(bare, bare)} {values}"


def joined(words: Iterable[str], *, last: str) -> str:
    """Join words as a sentence does: "a, b or c"."""
    *first, end = list(words) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def resource_words(resource: str) -> str:
    """Return the name of what an ARN means, with its place where that is left open."""
    try:
        arn = parse_arn(resource)
    except ValueError:
        return resource
    regions = " of any region" if "*" in arn.region else ""
    accounts = " of any account" if "*" in arn.account else ""
    return f"{arn.resource}{regions}{accounts}"


def named(words: Sequence[str]) -> str:
    """Name a few, and count the rest."""
    if len(words) <= _MOST_NAMES + 1:
        return joined(words, last="and")
    return f"{', '.join(words[:_MOST_NAMES])} and {len(words) - _MOST_NAMES} more"


def _service(allowance: Allowance) -> str:
    return "every service not named here" if allowance.service == OTHERS else allowance.service


def _resources(allowance: Allowance) -> str:
    outside = joined((resource_words(each) for each in allowance.outside), last="and")
    spared = f" but {outside}" if outside else ""
    if not any(each.strip("*") for each in allowance.resources):
        return f", whatever it is{spared}" if outside else ""
    return f" {named([resource_words(each) for each in allowance.resources])}{spared}"


def _actions(allowance: Allowance) -> str:
    names = [action.partition(":")[2] or action for action in allowance.actions]
    if allowance.service == OTHERS:
        return "" if allowance.actions == (OTHERS,) else f": {named(allowance.actions)}"
    if allowance.verb is Verb.ANY:
        return f": all {len(names)} of its actions"
    if allowance.is_all and len(names) > 1:
        return f": all {len(names)} such actions"
    return f": {named(names)}"


def _joined_conditions(allowance: Allowance) -> str:
    return joined((condition_words(each) for each in allowance.conditions), last="and")
