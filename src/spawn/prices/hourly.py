"""What an instance costs an hour, part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from spawn.prices.facts import PriceFacts, Unpriced
from spawn.prices.lookups import ADDRESS, SPOT, on_demand
from spawn.prices.rates import PUBLIC_IPV4, instance_rate, platform_of, spot_rate
from spawn.prices.volumes import Volume, volume_usd_per_hour


class HourlyPrice(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars an hour for one running instance, by the list; None for an unknown part.

    instance     the machine itself
    volumes      all its disks, 0 for none
    public_ipv4  its address, 0 for none
    spot         whether `instance` is the price of spare capacity as of now
    unknown      why each unknown part is so, each reason once
    """

    instance: Decimal | None
    volumes: Decimal | None
    public_ipv4: Decimal | None
    spot: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal | None:
        """The sum of the parts; None as soon as one of them is unknown."""
        if self.instance is None or self.volumes is None or self.public_ipv4 is None:
            return None
        return self.instance + self.volumes + self.public_ipv4


def hourly_price(
    facts: PriceFacts,
    *,
    instance_type: str,
    zone: str,
    platform: str,
    volumes: Sequence[Volume],
    public_ipv4: bool,
    spot: bool,
) -> HourlyPrice:
    """Return the price of one instance in one zone.

    `platform` is EC2's "platform details" of the image: "Linux/UNIX", "Windows", or one that has
    a price of its own, and then the instance's is unknown.
    """
    machine = _instance(facts, instance_type, zone=zone, platform=platform, spot=spot)
    disks = [volume_usd_per_hour(facts, volume) for volume in volumes]
    address = facts.price(ADDRESS, PUBLIC_IPV4) if public_ipv4 else Decimal(0)
    reasons = [part.why for part in (machine, *disks, address) if isinstance(part, Unpriced)]
    return HourlyPrice(
        instance=_known(machine),
        volumes=_sum(disks),
        public_ipv4=_known(address),
        spot=spot,
        unknown=tuple(dict.fromkeys(reasons)),
    )


def dearest(prices: Iterable[HourlyPrice]) -> HourlyPrice:
    """Return the price that bounds all of these: an unknown one, else the highest.

    Raises ValueError for none at all.
    """
    return max(prices, key=lambda price: (price.total is None, price.total or Decimal(0)))


def _instance(
    facts: PriceFacts, instance_type: str, *, zone: str, platform: str, spot: bool
) -> Decimal | Unpriced:
    known = platform_of(platform)
    if known is None:
        return Unpriced(f"what is billed as {platform or 'nothing known'} is not looked up")
    if spot:
        return facts.price(SPOT, spot_rate(instance_type, known, zone))
    return facts.price(on_demand(instance_type, known), instance_rate(instance_type))


def _known(part: Decimal | Unpriced) -> Decimal | None:
    return None if isinstance(part, Unpriced) else part


def _sum(parts: Sequence[Decimal | Unpriced]) -> Decimal | None:
    known = [part for part in parts if not isinstance(part, Unpriced)]
    return sum(known, Decimal(0)) if len(known) == len(parts) else None
