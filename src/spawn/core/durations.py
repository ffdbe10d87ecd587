"""Lengths of time as people write them: `30m`, `4h`, `1d12h`, `90s`."""

from __future__ import annotations

import re
from datetime import timedelta

from spawn.core.errors import InputError

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)} | {
    "s": timedelta(seconds=1)
}
_SHAPE = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)


def parse_duration(text: str, *, flag: str) -> timedelta:
    """Return the length that `text` writes, always more than nothing.

    Units go from the largest to the smallest, each at most once: days, hours, minutes, seconds.
    Raises InputError, naming `flag`, for anything else, and for a length of zero.
    """
    match = _SHAPE.fullmatch(text)
    amounts = match.groups() if match else ()
    length = sum(
        (
            int(amount) * unit
            for amount, unit in zip(amounts, _UNITS.values(), strict=False)
            if amount
        ),
        timedelta(),
    )
    if length <= timedelta():
        raise InputError(
            f"{flag} {text!r} is not a length of time",
            why="write a number and a unit, larger units first: 90s, 30m, 4h, 1d12h",
        )
    return length


def format_duration(length: timedelta) -> str:
    """Write a length as `parse_duration` reads it, whole seconds, "0s" for nothing or less."""
    seconds = max(0, int(length.total_seconds()))
    words = []
    for letter, unit in _UNITS.items():
        amount, seconds = divmod(seconds, int(unit.total_seconds()))
        if amount:
            words.append(f"{amount}{letter}")
    return "".join(words) or "0s"
