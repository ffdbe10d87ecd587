"""Values in conditions: whether an operator can read them, by the readers that judge requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spawn.iam.evaluation import values
from spawn.iam.operators import Comparison


def is_readable(value: str, comparison: Comparison) -> bool:
    """Say whether an operator of that kind can read a value that holds no variable."""
    try:
        _READERS[comparison](value)
    except ValueError:
        return False
    return True


def reads_as(comparison: Comparison) -> str:
    """Say what a value should be."""
    return _NAMES[comparison]


def _arn(value: str) -> list[str]:
    # A lone wildcard stands for all the parts.
    return [] if value and not value.strip("*") else values.arn_parts(value)


_READERS: Mapping[Comparison, Callable[[str], object]] = {
    Comparison.STRING: str,
    Comparison.NUMERIC: values.number,
    Comparison.DATE: values.moment,
    Comparison.BOOL: values.truth,
    Comparison.BINARY: values.octets,
    Comparison.IP: values.addresses,
    Comparison.ARN: _arn,
    Comparison.NULL: values.truth,
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
