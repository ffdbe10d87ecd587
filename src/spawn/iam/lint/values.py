"""Values in conditions: whether an operator can read them.

Source: IAM user guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping

from spawn.iam.operators import Comparison

# W3C's note on ISO 8601 dates, and seconds since 1970.
_DATE = re.compile(
    r"\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}))?)?)?"
    r"|\d+(?:\.\d+)?",
    re.ASCII,
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def is_readable(value: str, comparison: Comparison) -> bool:
    """Say whether an operator of that kind can read a value that holds no variable."""
    return _READERS[comparison](value)


def reads_as(comparison: Comparison) -> str:
    """Say what a value should be."""
    return _NAMES[comparison]


def _any(_value: str) -> bool:
    return True


def _is_bool(value: str) -> bool:
    return value.lower() in {"true", "false"}


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _is_arn(value: str) -> bool:
    # ARN operators compare part by part; a lone wildcard stands for all of them.
    return value.startswith("arn:") or not value.strip("*")


_READERS: Mapping[Comparison, Callable[[str], bool]] = {
    Comparison.STRING: _any,
    Comparison.NUMERIC: lambda value: _NUMBER.fullmatch(value) is not None,
    Comparison.DATE: lambda value: _DATE.fullmatch(value) is not None,
    Comparison.BOOL: _is_bool,
    Comparison.BINARY: _is_base64,
    Comparison.IP: _is_network,
    Comparison.ARN: _is_arn,
    Comparison.NULL: _is_bool,
}
_NAMES: Mapping[Comparison, str] = {
    Comparison.STRING: "a text",
    Comparison.NUMERIC: "a number",
    Comparison.DATE: "a date, such as 2026-01-27T18:00:00Z",
    Comparison.BOOL: "true or false",
    Comparison.BINARY: "base64",
    Comparison.IP: "an address or a network, such as 203.0.113.0/24",
    Comparison.ARN: "an ARN",
    Comparison.NULL: "true or false",
}
