"""US dollars, read as people write them and written so that a cost is never understated. Pure."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal

from spawn.core.errors import InputError

_SHAPE = re.compile(r"\$?(\d{1,7}(?:\.\d{1,6})?)", re.ASCII)
_CENT = Decimal("0.01")
# List prices of small instances differ in the fourth place.
_SMALL = Decimal("0.0001")
# Powers of ten between which all that AWS lists lies, and far more. Beyond, arithmetic would fail.
_LEAST_POWER, _MOST_POWER = -12, 6


def parse_usd(text: str, *, flag: str) -> Decimal:
    """Return a positive amount. Raises InputError, naming `flag`, for anything else."""
    match = _SHAPE.fullmatch(text)
    usd = Decimal(match[1]) if match else Decimal(0)
    if usd <= 0:
        raise InputError(
            f"{flag} {text!r} is not an amount of US dollars",
            why="write a number above 0 with a point and at most six places: 2, 0.25, $12.50",
        )
    return usd


def is_price(usd: Decimal) -> bool:
    """Whether a number that a list gives can be the price of an hour, or of a month, of anything.

    What is listed at nothing is paid for elsewhere: by a reservation, say.
    """
    return usd.is_finite() and usd > 0 and _LEAST_POWER <= usd.adjusted() <= _MOST_POWER


def format_usd(usd: Decimal) -> str:
    """Write an amount, rounded up: cents from a dollar on, four places below where they matter.

    Raises ValueError for less than nothing.
    """
    if usd < 0:
        raise ValueError(f"not a cost: {usd}")
    if usd >= 1:
        return f"${round_up(usd, _CENT):f}"
    whole, _, places = f"{round_up(usd, _SMALL):f}".partition(".")
    return f"${whole}.{places.rstrip('0'):0<2}"


def round_up(usd: Decimal, to: Decimal) -> Decimal:
    """Return the least multiple of `to`, a power of ten, that is not below the amount."""
    return usd.quantize(to, rounding=ROUND_CEILING)
