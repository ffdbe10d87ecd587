"""The lines of the price list that concern an instance, by the names that bills give them.

A usage type is written with its region before it outside us-east-1: "EUW1-BoxUsage:t3.micro". A
rate is named by what follows, since a lookup is about one region.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from spawn.aws.ec2_spot import SpotPrice
from spawn.aws.pricing import Product
from spawn.prices.money import is_price

Rates = Mapping[str, Decimal]
"""US dollars by the rate's name: an hour of it, or a month of one GiB, IOPS or MiB/s."""

PUBLIC_IPV4 = "PublicIPv4:InUseAddress"

_REGION_BEFORE = re.compile(r"[A-Z0-9]+-", re.ASCII)
_ONE = Decimal(1)
_OF_A_GIBIBYTE = Decimal(1) / 1024
# Which units a rate may come in, and how many of ours each is. The list writes gp3's throughput
# in GiB/s, EBS's pricing page in MiB/s. A unit that is not expected is no price that is known.
_UNITS: tuple[tuple[str, Mapping[str, Decimal]], ...] = (
    ("BoxUsage:", {"Hrs": _ONE}),
    (PUBLIC_IPV4, {"Hrs": _ONE}),
    ("EBS:VolumeUsage", {"GB-Mo": _ONE, "GB-month": _ONE}),
    ("EBS:VolumeP-IOPS", {"IOPS-Mo": _ONE}),
    ("EBS:VolumeP-Throughput", {"GiBps-mo": _OF_A_GIBIBYTE, "MiBps-Mo": _ONE}),
)


class Platform(enum.StrEnum):
    """What an image is billed as, where that is priced: EC2's "platform details" of it."""

    LINUX = "Linux/UNIX"
    WINDOWS = "Windows"


def platform_of(details: str) -> Platform | None:
    """Return the platform; None for one that spawn knows no price of, such as "SUSE Linux"."""
    return next((platform for platform in Platform if platform == details), None)


def instance_rate(instance_type: str) -> str:
    """Name the rate of an hour on demand."""
    return f"BoxUsage:{instance_type}"


def spot_rate(instance_type: str, platform: Platform, zone: str) -> str:
    """Name the rate of an hour of spare capacity."""
    return f"SpotUsage:{instance_type} {platform} {zone}"


def list_rates(products: Iterable[Product]) -> Rates:
    """Return the rates of the list; one that several products price differently is none."""
    found: dict[str, set[Decimal]] = {}
    for product in products:
        name = _REGION_BEFORE.sub("", product.attributes.get("usagetype", ""), count=1)
        scale = _scale(name, product.unit)
        if scale is not None and product.usd is not None and is_price(product.usd):
            found.setdefault(name, set()).add(product.usd * scale)
    return {name: usd.pop() for name, usd in found.items() if len(usd) == 1}


def _scale(name: str, unit: str) -> Decimal | None:
    units = next((units for prefix, units in _UNITS if name.startswith(prefix)), {})
    return units.get(unit)


def spot_rates(history: Iterable[SpotPrice]) -> Rates:
    """Return the latest price of each type and platform in each zone."""
    latest: dict[str, SpotPrice] = {}
    for price in history:
        platform = platform_of(price.product_description)
        if platform is None or not is_price(price.spot_price):
            continue
        name = spot_rate(price.instance_type, platform, price.availability_zone)
        if name not in latest or latest[name].timestamp < price.timestamp:
            latest[name] = price
    return {name: price.spot_price for name, price in latest.items()}
