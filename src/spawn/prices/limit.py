"""The limit that a person sets to what a launch may cost. Pure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from spawn.core.durations import format_duration
from spawn.core.errors import RefusedByControl
from spawn.prices.cost import LEAST_BILLED, cost
from spawn.prices.hourly import HourlyPrice
from spawn.prices.money import format_usd

CONTROL = "COST-MAX"


def check_max_cost(
    price: HourlyPrice, max_cost: Decimal, *, duration: timedelta, count: int = 1
) -> None:
    """Raise RefusedByControl where the launch costs more until its end date, or may do so.

    `price` is that of one of `count` instances: of the dearest, where there are alternatives. An
    unknown price may be any price.
    """
    usd_per_hour = price.total
    if usd_per_hour is None:
        raise RefusedByControl(
            f"the price is unknown, and --max-cost allows no more than {format_usd(max_cost)}",
            why=f"{'; '.join(price.unknown)}; leave --max-cost out to launch all the same",
            controls=(CONTROL,),
        )
    whole = cost(usd_per_hour * count, duration)
    if whole <= max_cost:
        return
    raise RefusedByControl(
        f"this costs {format_usd(whole)} until its end date, and --max-cost allows no more than "
        f"{format_usd(max_cost)}",
        why=_ways_out(usd_per_hour * count, max_cost),
        controls=(CONTROL,),
    )


def _ways_out(usd_per_hour: Decimal, max_cost: Decimal) -> str:
    affordable = timedelta(minutes=int(max_cost * 60 / usd_per_hour))
    others = "take a smaller --instance-type, or raise --max-cost"
    if affordable < LEAST_BILLED:
        return f"even a minute costs more: {others}"
    return f"--ttl {format_duration(affordable)} keeps to that; else {others}"
