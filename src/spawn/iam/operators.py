"""IAM's condition operators, and what each compares.

Source: IAM user guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import msgspec


class Comparison(enum.StrEnum):
    """What an operator takes both sides for."""

    STRING = "String"
    NUMERIC = "Numeric"
    DATE = "Date"
    BOOL = "Bool"
    BINARY = "Binary"
    IP = "IpAddress"
    ARN = "Arn"
    NULL = "Null"


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """An operator as it is written: `quantifier` is "ForAllValues", "ForAnyValue" or ""."""

    name: str
    compares: Comparison
    quantifier: str = ""
    if_exists: bool = False

    @property
    def negates(self) -> bool:
        """Whether it holds for every other value, and so too where the key is missing."""
        return "Not" in self.name


_EQUAL = ("Equals", "NotEquals")
_LIKE = ("Like", "NotLike")
_ORDERED = ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")

# Those that IfExists may follow, and what they compare.
OPERATORS: Final[Mapping[str, Comparison]] = {
    **dict.fromkeys((f"String{test}" for test in (*_EQUAL, *_LIKE)), Comparison.STRING),
    **dict.fromkeys((f"String{test}IgnoreCase" for test in _EQUAL), Comparison.STRING),
    **dict.fromkeys((f"Arn{test}" for test in (*_EQUAL, *_LIKE)), Comparison.ARN),
    **dict.fromkeys((f"Numeric{test}" for test in (*_EQUAL, *_ORDERED)), Comparison.NUMERIC),
    **dict.fromkeys((f"Date{test}" for test in (*_EQUAL, *_ORDERED)), Comparison.DATE),
    "Bool": Comparison.BOOL,
    "BinaryEquals": Comparison.BINARY,
    "IpAddress": Comparison.IP,
    "NotIpAddress": Comparison.IP,
}
QUANTIFIERS: Final = ("ForAllValues", "ForAnyValue")
_IF_EXISTS = "IfExists"


def parse_operator(text: str) -> Operator | None:
    """Read an operator as IAM spells it, None for one that it does not know."""
    quantifier, colon, bare = text.rpartition(":")
    if colon and quantifier not in QUANTIFIERS:
        return None
    # "Null" asks whether the key is there, and so is the one that IfExists can't follow.
    if bare == "Null":
        return Operator(name=bare, compares=Comparison.NULL, quantifier=quantifier)
    name = bare.removesuffix(_IF_EXISTS)
    compares = OPERATORS.get(name)
    if compares is None:
        return None
    return Operator(name=name, compares=compares, quantifier=quantifier, if_exists=name != bare)


def spelled(text: str) -> str:
    """Return the operator as IAM spells it, "" where only other letters than its case differ."""
    by_folded = {
        f"{quantifier}{name}{suffix}".casefold(): f"{quantifier}{name}{suffix}"
        for quantifier in ("", *(f"{each}:" for each in QUANTIFIERS))
        for name, suffix in (
            *((name, suffix) for name in OPERATORS for suffix in ("", _IF_EXISTS)),
            ("Null", ""),
        )
    }
    return by_folded.get(text.casefold(), "")
