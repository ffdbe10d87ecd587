"""What disks cost an hour: by size, and by the performance above what a type includes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

import msgspec

from spawn.prices.facts import PriceFacts, Unpriced
from spawn.prices.lookups import VOLUMES

# EBS is listed by the month and billed by the second. AWS's own calculator takes a month for
# 730 hours, a twelfth of a year.
HOURS_OF_A_MONTH = 730


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """A disk, as far as its price depends on it; None where that is left to AWS or not known.

    volume_type  EBS's own name of the type, such as "gp3"
    """

    volume_type: str | None
    size_gib: int | None
    iops: int | None = None
    throughput_mibps: int | None = None


@dataclass(frozen=True)
class _Tier:
    """What lies above so many IOPS or MiB/s, up to the next tier, costs this rate each."""

    above: int
    rate: str


@dataclass(frozen=True, kw_only=True)
class _Charges:
    size: str
    iops: tuple[_Tier, ...] = ()
    throughput: tuple[_Tier, ...] = ()
    needs_iops: bool = False


# EBS pricing page and EBS user guide, "Understand codes for Amazon EBS in billing and usage
# reports". io1 is called "piops" there.
_CHARGES: Mapping[str, _Charges] = MappingProxyType(
    {
        "gp2": _Charges(size="EBS:VolumeUsage.gp2"),
        "gp3": _Charges(
            size="EBS:VolumeUsage.gp3",
            iops=(_Tier(3000, "EBS:VolumeP-IOPS.gp3"),),
            throughput=(_Tier(125, "EBS:VolumeP-Throughput.gp3"),),
        ),
        "io1": _Charges(
            size="EBS:VolumeUsage.piops",
            iops=(_Tier(0, "EBS:VolumeP-IOPS.piops"),),
            needs_iops=True,
        ),
        "io2": _Charges(
            size="EBS:VolumeUsage.io2",
            iops=(
                _Tier(0, "EBS:VolumeP-IOPS.io2"),
                _Tier(32_000, "EBS:VolumeP-IOPS.io2.tier2"),
                _Tier(64_000, "EBS:VolumeP-IOPS.io2.tier3"),
            ),
            needs_iops=True,
        ),
        "st1": _Charges(size="EBS:VolumeUsage.st1"),
        "sc1": _Charges(size="EBS:VolumeUsage.sc1"),
    }
)


def volume_usd_per_hour(facts: PriceFacts, volume: Volume) -> Decimal | Unpriced:
    """Return what a disk costs an hour, whether it is used or not."""
    if volume.volume_type == "standard":
        return Unpriced("standard volumes are billed by the request as well")
    charges = _CHARGES.get(volume.volume_type or "")
    if charges is None or volume.size_gib is None:
        return Unpriced("the type or the size of a disk is not known")
    if charges.needs_iops and volume.iops is None:
        return Unpriced(f"the IOPS of an {volume.volume_type} disk are not known")
    amounts = (
        (charges.size, volume.size_gib),
        *_above(charges.iops, volume.iops or 0),
        *_above(charges.throughput, volume.throughput_mibps or 0),
    )
    month = Decimal(0)
    for rate, amount in amounts:
        price = facts.price(VOLUMES, rate)
        if isinstance(price, Unpriced):
            return price
        month += price * amount
    return month / HOURS_OF_A_MONTH


def _above(tiers: tuple[_Tier, ...], amount: int) -> list[tuple[str, int]]:
    """Return how much of the amount each rate is paid for; nothing for what is included."""
    ends = (*(tier.above for tier in tiers[1:]), amount)
    parts = [
        (tier.rate, min(amount, end) - tier.above) for tier, end in zip(tiers, ends, strict=False)
    ]
    return [(rate, part) for rate, part in parts if part > 0]
