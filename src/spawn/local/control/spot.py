"""Spot: what spare capacity costs, and what RunInstances makes of a request for it.

A spot price here is a fraction of the on-demand price, made from the type, the zone and the day:
it differs between zones, moves a little from day to day, and is the same in every cloud.
Source: EC2 API reference, DescribeSpotPriceHistory; EC2 user guide, "Spot Instances".
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.prices import (
    linux_usd_per_hour,
    priced_types,
    windows_usd_per_hour,
)
from spawn.local.control.products import vcpus_and_memory

LINUX, WINDOWS = "Linux/UNIX", "Windows"
HISTORY = timedelta(days=90)  # API reference: as far back as it goes
PAGE = 1000
_LEAST_FRACTION, _SPREAD, _WIGGLE = Decimal("0.28"), Decimal("0.30"), Decimal("0.04")


def spot_usd_per_hour(
    instance_type: str, zone: str, day: datetime, *, product: str = LINUX
) -> Decimal | None:
    """The price that began on a day; None where the price list has none."""
    region = zone[:-1]
    if product == LINUX:
        on_demand = linux_usd_per_hour(instance_type, region)
    else:
        vcpus, _ = vcpus_and_memory(instance_type)
        on_demand = windows_usd_per_hour(instance_type, region, vcpus)
    if on_demand is None:
        return None
    base = _LEAST_FRACTION + _SPREAD * _share(instance_type, zone)
    fraction = base + _WIGGLE * _share(instance_type, zone, day.date().isoformat())
    return (on_demand * fraction).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def current_usd_per_hour(instance_type: str, zone: str, now: datetime) -> Decimal | None:
    """What Linux costs on the spot market now; None where the price list has no such type."""
    changed = _change_on(now, instance_type, zone)
    since = changed if changed <= now else changed - timedelta(days=1)
    return spot_usd_per_hour(instance_type, zone, since)


def _share(*words: str) -> Decimal:
    """A number from 0 to 1 that is the same for the same words."""
    digest = hashlib.sha256("/".join(words).encode()).digest()
    return Decimal(int.from_bytes(digest[:4])) / Decimal(2**32)


def check_market(parameters: dict[str, Any], zone: str, now: datetime) -> None:
    """Refuse a spot request that EC2 would refuse, or that there is none of here.

    Raises AwsError.
    """
    market = parameters.get("InstanceMarketOptions") or {}
    kind = market.get("MarketType")
    if kind not in {None, "spot"}:
        raise AwsError("NotImplemented", f"The embedded cloud has no market {kind}.", status=501)
    options = market.get("SpotOptions") or {}
    if options and kind is None:
        raise AwsError("InvalidParameterCombination", "SpotOptions need the market type spot.")
    if options.get("SpotInstanceType") == "persistent":
        raise AwsError(
            "NotImplemented", "The embedded cloud has no persistent spot requests.", status=501
        )
    if options.get("InstanceInterruptionBehavior") not in {None, "terminate"}:
        raise AwsError(
            "InvalidParameterCombination",
            "A one-time spot request can only terminate its instance when it is interrupted.",
        )
    if kind == "spot":
        _check_spot(parameters, options.get("MaxPrice"), zone, now)


def _check_spot(
    parameters: dict[str, Any], max_price: str | None, zone: str, now: datetime
) -> None:
    """What spot instances can't have, and a price that is too low."""
    for name in ("DisableApiTermination", "DisableApiStop"):
        if parameters.get(name):
            raise AwsError(
                "InvalidParameterCombination", f"{name} can't be set for a Spot Instance."
            )
    if max_price is None:
        return
    try:
        limit = Decimal(max_price)
    except InvalidOperation as error:
        raise AwsError("InvalidParameterValue", f"Invalid spot price: {max_price}") from error
    price = current_usd_per_hour(str(parameters.get("InstanceType")), zone, now)
    if price is not None and limit < price:
        raise AwsError(
            "SpotMaxPriceTooLow",
            f"Your Spot request price of {max_price} is lower than the minimum required Spot "
            f"request fulfillment price of {price}.",
        )


def describe_spot_price_history(duty: Duty) -> dict[str, Any]:
    """One page of prices, the newest first. Raises AwsError."""
    parameters = duty.call.parameters
    token = parameters.get("NextToken") or "0"
    if not (token.isascii() and token.isdigit()):
        raise AwsError("InvalidNextToken", "The token is not valid.")
    start, size = int(token), int(parameters.get("MaxResults") or PAGE)
    found = list(itertools.islice(_history(duty), start, start + size + 1))
    following = str(start + size) if len(found) > size else ""
    return {"SpotPriceHistory": found[:size], "NextToken": following}


def _history(duty: Duty) -> Iterator[dict[str, Any]]:
    """The prices in force at the start, and each change up to the end."""
    parameters, region = duty.call.parameters, duty.call.region
    filters = _filters(parameters)
    end = min(_moment(parameters.get("EndTime"), duty.now), duty.now)
    begin = max(_moment(parameters.get("StartTime"), duty.now - HISTORY), duty.now - HISTORY)
    offers = sorted(_offers(region, filters))
    products = [p for p in (LINUX, WINDOWS) if p in filters.get("product-description", {p})]
    for days in range((end - begin).days + 2):
        day = end - timedelta(days=days)
        for instance_type, zone in offers:
            changed = _change_on(day, instance_type, zone)
            if not (changed <= end and changed + timedelta(days=1) > begin):
                continue
            for product in products:
                price = spot_usd_per_hour(instance_type, zone, changed, product=product)
                if price is not None:
                    yield _shown(instance_type, zone, product, price=price, since=changed)


def _change_on(day: datetime, instance_type: str, zone: str) -> datetime:
    """The minute of a day at which this price changes."""
    minute = int(_share("minute", instance_type, zone) * 1439)
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minute)


def _shown(
    instance_type: str, zone: str, product: str, *, price: Decimal, since: datetime
) -> dict[str, Any]:
    return {
        "AvailabilityZone": zone,
        "InstanceType": instance_type,
        "ProductDescription": product,
        "SpotPrice": f"{price:.6f}",
        "Timestamp": since,
    }


def _moment(value: Any, otherwise: datetime) -> datetime:
    """A parameter as an aware moment: the parser of requests gives text or naive times."""
    if value is None:
        return otherwise
    moment = value if isinstance(value, datetime) else _parsed(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise AwsError("InvalidParameterValue", f"Invalid time: {text}") from error


_FILTERS = frozenset({"availability-zone", "instance-type", "product-description"})


def _filters(parameters: dict[str, Any]) -> dict[str, set[str]]:
    """Parameters and filters as one: name -> values, products by their short names."""
    wanted: dict[str, set[str]] = {}
    zone = parameters.get("AvailabilityZone")
    pairs = [
        ("availability-zone", [zone] if zone else []),
        ("instance-type", parameters.get("InstanceTypes") or []),
        ("product-description", parameters.get("ProductDescriptions") or []),
    ]
    pairs += [(str(f["Name"]), f.get("Values") or []) for f in parameters.get("Filters") or []]
    for name, values in pairs:
        if name not in _FILTERS:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
        texts = {str(value).removesuffix(" (Amazon VPC)") for value in values}
        if texts:
            wanted[name] = wanted[name] & texts if name in wanted else texts
    return wanted


def _offers(region: str, filters: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """The priced types with the zones that offer them, as far as the filters let them through."""
    priced = set(priced_types()) & filters.get("instance-type", set(priced_types()))
    zones = filters.get("availability-zone")
    for offer in INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, []):
        name, zone = str(offer["InstanceType"]), str(offer["Location"])
        if name in priced and (zones is None or zone in zones):
            yield name, zone
