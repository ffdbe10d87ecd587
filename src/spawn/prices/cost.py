"""What a price an hour comes to in a time, and the tag that remembers the price. Pure.

The tag is written at launch, so that `list` and `status` can say what an instance has cost so far
without asking anybody. It is anybody's to change, and decides nothing.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from spawn.prices.money import round_up

if TYPE_CHECKING:  # a listing reads the tag, and should not load all that prices are made of
    from spawn.prices.hourly import HourlyPrice

# EC2 and EBS pricing pages: billed by the second, at least for a minute.
LEAST_BILLED = timedelta(seconds=60)
_SECONDS_OF_AN_HOUR = 3600
# Finer than any list price; a sum of many such errors is still below a cent.
_EXACT_ENOUGH = Decimal("0.0000000001")
_TAG_PLACES = Decimal("0.000001")
_TAG = re.compile(r"\d{1,5}(?:\.\d{1,6})?", re.ASCII)


def cost(usd_per_hour: Decimal, duration: timedelta) -> Decimal:
    """Return US dollars for so long, by begun seconds; never below what the time costs."""
    seconds = math.ceil(max(duration, LEAST_BILLED).total_seconds())
    return round_up(usd_per_hour * seconds / _SECONDS_OF_AN_HOUR, _EXACT_ENOUGH)


def hourly_tag(price: HourlyPrice) -> str | None:
    """Write the price for a tag, in US dollars: "0.016277"; None where it is unknown."""
    return None if price.total is None else f"{round_up(price.total, _TAG_PLACES):f}"


def parse_hourly_tag(text: str) -> Decimal:
    """Read the tag. Raises ValueError for what `hourly_tag` does not write: tags hold anything."""
    if not _TAG.fullmatch(text):
        raise ValueError(f"not a price: {text!r}")
    return Decimal(text)


def cost_so_far(tag: str | None, *, launched_at: datetime, until: datetime) -> Decimal | None:
    """Return what an instance has cost since its launch, as if it had run all the time.

    `until` is now, or when it ended. None where the tag says nothing that can be understood, or
    where the instance was launched after that.
    """
    if tag is None or until < launched_at:
        return None
    try:
        usd_per_hour = parse_hourly_tag(tag)
    except ValueError:
        return None
    return cost(usd_per_hour, until - launched_at)
