"""A price as a sentence. Pure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from spawn.prices.cost import cost
from spawn.prices.hourly import HourlyPrice
from spawn.prices.money import format_usd


def price_sentence(price: HourlyPrice, *, duration: timedelta, count: int = 1) -> str:
    """Say what `count` instances cost an hour, why, and what until their end date."""
    if price.total is None:
        known = _parts(price)
        return f"unknown ({'; '.join(price.unknown)}){f'; known: {known}' if known else ''}"
    whole = format_usd(cost(price.total * count, duration))
    if count == 1:
        each = f"{format_usd(price.total)} an hour: {_parts(price)}"
        return f"{each}; {whole} until its end date"
    each = f"{format_usd(price.total * count)} an hour for {count}, each {_parts(price)}"
    return f"{each}; {whole} until their end date"


def _parts(price: HourlyPrice) -> str:
    machine = "instance at the spot price of now" if price.spot else "instance"
    parts = (
        (machine, price.instance),
        ("disk", price.volumes),
        ("public IPv4", price.public_ipv4),
    )
    return ", ".join(_part(name, usd) for name, usd in parts if usd)


def _part(name: str, usd: Decimal) -> str:
    return f"{name} {format_usd(usd)}"
