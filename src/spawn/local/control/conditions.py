"""Condition operators, pure. What is unknown or can't be read never helps an Allow.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from spawn.local.control.policies import Condition

Context = Mapping[str, tuple[str, ...]]  # keys in lower case; a key without values is absent

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}  # ${*} and so on: the character itself


class CannotJudge(Exception):
    """The operator is not known here, or a value can't be read as it asks."""


def matches_wildcard(pattern: str, text: str) -> bool:
    """Whether `*` (any run) and `?` (one character) match the whole text.

    Two pointers and one place to go back to: never exponential, whatever the pattern.
    """
    p = t = 0
    star, resume = -1, 0
    while t < len(text):
        if p < len(pattern) and pattern[p] == "*":
            star, resume = p, t
            p += 1
        elif p < len(pattern) and pattern[p] in ("?", text[t]):
            p, t = p + 1, t + 1
        elif star >= 0:
            resume += 1
            p, t = star + 1, resume
        else:
            return False
    return all(character == "*" for character in pattern[p:])


def matches_arn(pattern: str, arn: str) -> bool:
    """ArnLike: six parts, compared one by one, so that a `*` can't reach over a colon."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return pattern == "*"
    return all(matches_wildcard(w, g) for w, g in zip(wanted, given, strict=True))


def substitute(text: str, context: Context) -> str | None:
    """A value with its `${variables}` filled in; None when one has no single value.

    Wildcards in what is filled in are harmless to ARNs and names, which can't hold them.
    """
    missing = False

    def fill(match: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = (part.strip() for part in match.group(1).partition(","))
        if name in _LITERALS:
            return _LITERALS[name]
        values = context.get(name.lower(), ())
        if len(values) == 1:
            return values[0]
        if default:
            return default.strip("'")
        missing = True
        return ""

    filled = _VARIABLE.sub(fill, text)
    return None if missing else filled


def _folded(compare: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    return lambda wanted, given: compare(wanted.lower(), given.lower())


def _equal(wanted: str, given: str) -> bool:
    return wanted == given


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def judge(wanted: str, given: str) -> bool:
        try:
            return compare(float(given), float(wanted))
        except ValueError as error:
            raise CannotJudge(str(error)) from error

    return judge


def _moment(text: str) -> datetime:
    """ISO 8601 or seconds since 1970."""
    try:
        if text.lstrip("-").isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise CannotJudge(str(error)) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _dates(compare: Callable[[datetime, datetime], bool]) -> Callable[[str, str], bool]:
    return lambda wanted, given: compare(_moment(given), _moment(wanted))


def _in_network(wanted: str, given: str) -> bool:
    try:
        return ipaddress.ip_address(given) in ipaddress.ip_network(wanted, strict=False)
    except ValueError as error:
        raise CannotJudge(str(error)) from error


# Operator without prefix and suffix -> (comparison, whether it is a negation of it).
_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "stringequals": (_equal, False),
    "stringnotequals": (_equal, True),
    "stringequalsignorecase": (_folded(_equal), False),
    "stringnotequalsignorecase": (_folded(_equal), True),
    "stringlike": (matches_wildcard, False),
    "stringnotlike": (matches_wildcard, True),
    "arnequals": (matches_arn, False),
    "arnlike": (matches_arn, False),
    "arnnotequals": (matches_arn, True),
    "arnnotlike": (matches_arn, True),
    "bool": (_folded(_equal), False),
    "numericequals": (_numbers(lambda a, b: a == b), False),
    "numericnotequals": (_numbers(lambda a, b: a == b), True),
    "numericlessthan": (_numbers(lambda a, b: a < b), False),
    "numericlessthanequals": (_numbers(lambda a, b: a <= b), False),
    "numericgreaterthan": (_numbers(lambda a, b: a > b), False),
    "numericgreaterthanequals": (_numbers(lambda a, b: a >= b), False),
    "dateequals": (_dates(lambda a, b: a == b), False),
    "datenotequals": (_dates(lambda a, b: a == b), True),
    "datelessthan": (_dates(lambda a, b: a < b), False),
    "datelessthanequals": (_dates(lambda a, b: a <= b), False),
    "dategreaterthan": (_dates(lambda a, b: a > b), False),
    "dategreaterthanequals": (_dates(lambda a, b: a >= b), False),
    "ipaddress": (_in_network, False),
    "notipaddress": (_in_network, True),
    "binaryequals": (_equal, False),
}


def holds(condition: Condition, context: Context) -> bool:
    """Whether one condition is met. Raises CannotJudge."""
    operator, quantifier = condition.operator.lower(), ""
    for prefix in ("forallvalues:", "foranyvalue:"):
        if operator.startswith(prefix):
            quantifier, operator = prefix, operator.removeprefix(prefix)
    given = context.get(condition.key.lower(), ())
    if operator == "null":
        return any((wanted.lower() == "true") == (not given) for wanted in condition.values)
    if_exists = operator.endswith("ifexists")
    compare, negated = _operator(operator.removesuffix("ifexists"))
    if not given:
        # An absent key meets a negated operator, and ForAllValues, as AWS documents.
        return if_exists or (negated and not quantifier) or quantifier == "forallvalues:"
    wanted = [
        text for text in (substitute(v, context) for v in condition.values) if text is not None
    ]

    def meets(value: str) -> bool:
        return any(compare(text, value) for text in wanted) != negated

    if quantifier == "forallvalues:":
        return all(meets(value) for value in given)
    if negated and not quantifier:
        return all(meets(value) for value in given)
    return any(meets(value) for value in given)


def _operator(name: str) -> tuple[Callable[[str, str], bool], bool]:
    try:
        return _OPERATORS[name]
    except KeyError as error:
        raise CannotJudge(f"condition operator {name}") from error
