"""Dates, numbers, addresses, bytes and ARNs, as condition operators compare them.

Each reader raises ValueError for a text that is not what it reads. Source:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import functools
import ipaddress
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

_INTEGER = re.compile(r"[+-]?\d{1,4000}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_YEAR_AND_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
ARN_PARTS = 6

# What is asked again and again (an address, the time) is read once.
_remembered = functools.lru_cache(maxsize=4096)


class Addresses(NamedTuple):
    """A range of IP addresses, of version 4 or 6, as numbers; an address is a range of one."""

    version: int
    first: int
    last: int


@_remembered
def number(text: str) -> int | Decimal:
    """Read an integer or a decimal number."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"not a number: {text!r}")
    return Decimal(text)


@_remembered
def moment(text: str) -> datetime:
    """Read a date of ISO 8601 (W3C's note), or seconds since 1970. Without a zone it is UTC.

    Four digits are a year: nobody means a second of the first hour of 1970.
    """
    if _YEAR.fullmatch(text):
        return datetime(int(text), 1, 1, tzinfo=UTC)
    if _YEAR_AND_MONTH.fullmatch(text):
        text = f"{text}-01"
    if _NUMBER.fullmatch(text):
        return _since_1970(text)
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@_remembered
def addresses(text: str) -> Addresses:
    """Read an address, or a range in CIDR notation; bits beyond its prefix are passed over."""
    network = ipaddress.ip_network(text, strict=False)
    return Addresses(network.version, int(network.network_address), int(network.broadcast_address))


def is_within(wanted: Addresses, given: Addresses) -> bool:
    """Say whether a range lies in another one."""
    same_version = wanted.version == given.version
    return same_version and wanted.first <= given.first and given.last <= wanted.last


@_remembered
def octets(text: str) -> bytes:
    """Read base64."""
    return base64.b64decode(text, validate=True)


@_remembered
def truth(text: str) -> bool:
    """Read "true" or "false", in any case."""
    folded = text.lower()
    if folded not in {"true", "false"}:
        raise ValueError(f"neither true nor false: {text!r}")
    return folded == "true"


def arn_parts(text: str) -> list[str]:
    """Take an ARN apart at its first five colons; what follows them may hold more."""
    parts = text.split(":", ARN_PARTS - 1)
    if len(parts) != ARN_PARTS:
        raise ValueError(f"not an ARN: {text!r}")
    return parts


def _since_1970(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"no such second: {text!r}") from error
