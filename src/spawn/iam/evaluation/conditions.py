"""Condition operators, compiled: each line of a Condition becomes a test of requests.

Sources, of the IAM user guide: "Condition operators", "Conditions with multiple context keys or
values", "Set operators for multivalued context keys".

What can't be read (an unknown operator; a value that is no number, date, address) never helps: an
Allow does not apply by it, a Deny does. So does a negated comparison with a variable that has no
value; other comparisons with one just don't match.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from spawn.iam.evaluation import values
from spawn.iam.evaluation.variables import Context, Filled, is_constant, parts_of
from spawn.iam.evaluation.wildcards import Literal, joined

Test = Callable[[Context], bool]
# Whether one value of a request is among the policy's; None where that can't be said.
Comparison = Callable[[str, Context], bool | None]

_OPERATOR = re.compile(r"(?:(forallvalues|foranyvalue):)?(\w+?)(ifexists)?", re.ASCII)


class _Words(NamedTuple):
    """An operator taken apart: "ForAllValues:StringNotLikeIfExists"."""

    quantifier: str  # "forallvalues", "foranyvalue" or ""
    name: str
    if_exists: bool


class _Family(NamedTuple):
    """How operators of one kind compare.

    `read` makes a request's value comparable, `make` a policy's value a test of such; both raise
    ValueError for what they can't read.
    """

    read: Callable[[str], Any]
    make: Callable[[tuple[str, ...]], Callable[[Any], bool]]
    has_variables: bool = False


class _Line(NamedTuple):
    """What the policy wants of one key."""

    wanted: tuple[str, ...]
    negated: bool
    has_variables: bool


def compile_conditions(
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]],
    *,
    has_variables: bool,
    if_unreadable: bool,
) -> tuple[Test, ...]:
    """Return the tests that a request must all pass for the statement to apply.

    `if_unreadable` is what a test says where it can't be judged: True in a Deny.
    """
    return tuple(
        _test(
            words,
            key.lower(),
            _Line(wanted, words.name in _NEGATED, has_variables),
            if_unreadable=if_unreadable,
        )
        for operator_text, keys in conditions.items()
        for words in (_words(operator_text),)
        for key, wanted in keys.items()
    )


def _words(text: str) -> _Words:
    found = _OPERATOR.fullmatch(text.lower())
    if found is None:
        return _Words("", text, if_exists=False)
    return _Words(found[1] or "", found[2], if_exists=bool(found[3]))


def _test(words: _Words, key: str, line: _Line, *, if_unreadable: bool) -> Test:
    if words == _NULL:
        return _null_test(key, line.wanted, if_unreadable=if_unreadable)
    family = _FAMILIES.get(words.name)
    if family is None:
        return lambda context: if_unreadable
    compare = _comparison(family, line)
    # Negated, an absent key is unlike all that is wanted; ForAllValues holds for no values at all.
    if_absent = words.if_exists or words.quantifier == "forallvalues"
    if not words.quantifier:
        if_absent = if_absent or line.negated
    # A key with several values and no set operator: like any of them, or unlike all of them.
    needs_all = words.quantifier == "forallvalues" or (not words.quantifier and line.negated)
    judge = _Judge(key, compare, line.negated, if_absent, needs_all, if_unreadable)
    return judge.of_set if words.quantifier else judge.of_key


class _Judge(NamedTuple):
    """One line of a Condition, ready to be asked."""

    key: str
    compare: Comparison
    negated: bool
    if_absent: bool
    needs_all: bool
    if_unreadable: bool

    def of_key(self, context: Context) -> bool:
        """Judge a key that is compared without a set operator."""
        given = context.get(self.key)
        if not given:
            return self.if_absent
        if len(given) == 1:
            found = self.compare(given[0], context)
            return self.if_unreadable if found is None else found is not self.negated
        return self._of_values(given, context)

    def of_set(self, context: Context) -> bool:
        """Judge a key by ForAllValues or ForAnyValue, to which an empty text is no value."""
        given = context.get(self.key)
        if not given or given == ("",):
            return self.if_absent
        return self._of_values(given, context)

    def _of_values(self, given: tuple[str, ...], context: Context) -> bool:
        """Judge value by value. One that decides does so, even if another can't be read."""
        unreadable = False
        for value in given:
            found = self.compare(value, context)
            if found is None:
                unreadable = True
            elif (found is self.negated) is self.needs_all:
                return not self.needs_all
        return self.if_unreadable if unreadable else self.needs_all


def _null_test(key: str, wanted: tuple[str, ...], *, if_unreadable: bool) -> Test:
    """Null: "true" wants the key absent, "false" wants it there."""
    try:
        absences = {values.truth(each) for each in wanted}
    except ValueError:
        return lambda context: if_unreadable
    return lambda context: (not context.get(key)) in absences


def _comparison(family: _Family, line: _Line) -> Comparison:
    all_parts = [
        parts_of(each, has_variables=family.has_variables and line.has_variables)
        for each in line.wanted
    ]
    constant, is_broken = _made(family, [parts for parts in all_parts if is_constant(parts)])
    filled = tuple(Filled(parts, family.make) for parts in all_parts if not is_constant(parts))
    read = family.read

    def compare(value: str, context: Context) -> bool | None:
        is_unknown = is_broken
        try:
            given = read(value)
            for matches in constant:
                if matches(given):
                    return True
            for each in filled:
                found = each.matcher(context)
                if found is None:
                    is_unknown = is_unknown or line.negated
                elif found(given):
                    return True
        except ValueError:
            return None
        return None if is_unknown else False

    return compare


def _made(
    family: _Family, all_parts: list[tuple[Any, ...]]
) -> tuple[tuple[Callable[[Any], bool], ...], bool]:
    """Return the tests of what a policy wants, and whether some of it could not be read."""
    if family is _TEXTS or family is _FOLDED_TEXTS:
        wanted = frozenset(family.read("".join(parts)) for parts in all_parts)
        return (wanted.__contains__,) if wanted else (), False
    made, is_broken = [], False
    for parts in all_parts:
        try:
            made.append(family.make(parts))
        except ValueError:
            is_broken = True
    return tuple(made), is_broken


def _equal_text(parts: tuple[str, ...]) -> Callable[[str], bool]:
    wanted = "".join(parts)
    return lambda given: given == wanted


def _equal_folded(parts: tuple[str, ...]) -> Callable[[str], bool]:
    return _equal_text(("".join(parts).lower(),))


def _like_arn(parts: tuple[str, ...]) -> Callable[[list[str]], bool]:
    """ARNs are compared part by part: a `*` doesn't reach over a colon, but for the last part."""
    if parts == ("*",):
        return lambda given: True
    pieces: list[list[str]] = [[]]
    for part in parts:
        if isinstance(part, Literal):
            pieces[-1].append(part)
            continue
        first, *others = part.split(":", values.ARN_PARTS - len(pieces))
        pieces[-1].append(first)
        pieces.extend([other] for other in others)
    if len(pieces) != values.ARN_PARTS:
        raise ValueError(f"not an ARN: {''.join(parts)!r}")
    matchers = [joined(each) for each in pieces]
    return lambda given: all(map(_ask, matchers, given))


def _ask(matches: Callable[[str], bool], text: str) -> bool:
    return matches(text)


def _ordered(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> _Family:
    """Return the operators that compare what a request gives (left) with what a policy wants."""

    def make(parts: tuple[str, ...]) -> Callable[[Any], bool]:
        wanted = read("".join(parts))
        return lambda given: compare(given, wanted)

    return _Family(read, make)


_TEXTS = _Family(str, _equal_text, has_variables=True)
_FOLDED_TEXTS = _Family(str.lower, _equal_folded, has_variables=True)
_PATTERNS = _Family(str, joined, has_variables=True)
_ARNS = _Family(values.arn_parts, _like_arn, has_variables=True)
_ADDRESSES = _ordered(values.addresses, lambda given, wanted: values.is_within(wanted, given))

_COMPARED = {
    "equals": operator.eq,
    "notequals": operator.eq,
    "lessthan": operator.lt,
    "lessthanequals": operator.le,
    "greaterthan": operator.gt,
    "greaterthanequals": operator.ge,
}
_FAMILIES: Mapping[str, _Family] = {
    "stringequals": _TEXTS,
    "stringnotequals": _TEXTS,
    "stringequalsignorecase": _FOLDED_TEXTS,
    "stringnotequalsignorecase": _FOLDED_TEXTS,
    "stringlike": _PATTERNS,
    "stringnotlike": _PATTERNS,
    "arnequals": _ARNS,
    "arnlike": _ARNS,
    "arnnotequals": _ARNS,
    "arnnotlike": _ARNS,
    "ipaddress": _ADDRESSES,
    "notipaddress": _ADDRESSES,
    "bool": _ordered(values.truth, operator.eq),
    "binaryequals": _ordered(values.octets, operator.eq),
    **{f"numeric{name}": _ordered(values.number, each) for name, each in _COMPARED.items()},
    **{f"date{name}": _ordered(values.moment, each) for name, each in _COMPARED.items()},
}
_NEGATED = frozenset(name for name in _FAMILIES if "not" in name)
_NULL = _Words("", "null", if_exists=False)
