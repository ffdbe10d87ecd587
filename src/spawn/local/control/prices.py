"""What things cost in the embedded cloud: enough of AWS's price list to plan and to compare.

The prices of us-east-1 are AWS's public ones of 2025. Other regions have them times a factor,
which is near the truth and not the truth. A type or region that is not here has no price, as a
type has none on AWS on the day that it comes out.
"""

from __future__ import annotations

import dataclasses
import functools
from decimal import ROUND_HALF_UP, Decimal


@dataclasses.dataclass(frozen=True, kw_only=True)
class PricedRegion:
    """A region as the price list names it. `factor` is on the prices of us-east-1."""

    location: str
    usage_prefix: str  # of usage types; us-east-1 has none, but for newer products
    factor: Decimal


def _region(location: str, usage_prefix: str, factor: str) -> PricedRegion:
    return PricedRegion(location=location, usage_prefix=usage_prefix, factor=Decimal(factor))


REGIONS: dict[str, PricedRegion] = {
    "us-east-1": _region("US East (N. Virginia)", "USE1", "1"),
    "us-east-2": _region("US East (Ohio)", "USE2", "1"),
    "us-west-2": _region("US West (Oregon)", "USW2", "1"),
    "ca-central-1": _region("Canada (Central)", "CAN1", "1.1"),
    "eu-west-1": _region("EU (Ireland)", "EU", "1.1"),
    "eu-west-2": _region("EU (London)", "EUW2", "1.15"),
    "eu-central-1": _region("EU (Frankfurt)", "EUC1", "1.2"),
    "ap-south-1": _region("Asia Pacific (Mumbai)", "APS3", "1.08"),
    "ap-southeast-1": _region("Asia Pacific (Singapore)", "APS1", "1.25"),
    "ap-southeast-2": _region("Asia Pacific (Sydney)", "APS2", "1.25"),
    "ap-northeast-1": _region("Asia Pacific (Tokyo)", "APN1", "1.28"),
    "sa-east-1": _region("South America (Sao Paulo)", "SAE1", "1.6"),
}

_SIZES = {
    "nano": "0.0625",
    "micro": "0.125",
    "small": "0.25",
    "medium": "0.5",
    "large": "1",
    "xlarge": "2",
    "2xlarge": "4",
    "4xlarge": "8",
    "8xlarge": "16",
    "12xlarge": "24",
    "16xlarge": "32",
    "24xlarge": "48",
}
_BURSTABLE = ("nano", "micro", "small", "medium", "large", "xlarge", "2xlarge")
_STEADY = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge")
_ARM = ("medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_C5 = ("large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge")

# Family -> sizes, USD an hour of its large on Linux in us-east-1: within a family, a price
# follows the size.
_FAMILIES: dict[str, tuple[tuple[str, ...], str]] = {
    "t3": (_BURSTABLE, "0.0832"),
    "t3a": (_BURSTABLE, "0.0752"),
    "t4g": (_BURSTABLE, "0.0672"),
    "m5": (_STEADY, "0.096"),
    "m6i": (_STEADY, "0.096"),
    "m7i": (_STEADY, "0.1008"),
    "m6g": (_ARM, "0.077"),
    "m7g": (_ARM, "0.0816"),
    "c5": (_C5, "0.085"),
    "c6i": (_STEADY, "0.085"),
    "c7i": (_STEADY, "0.08925"),
    "c7g": (_ARM, "0.0725"),
    "r5": (_STEADY, "0.126"),
    "r6i": (_STEADY, "0.126"),
    "r7g": (_ARM, "0.1071"),
}
# GPU types, whose prices follow the number of GPUs instead.
_SINGLE = {
    "g4dn.xlarge": "0.526",
    "g4dn.2xlarge": "0.752",
    "g4dn.4xlarge": "1.204",
    "g4dn.8xlarge": "2.176",
    "g4dn.12xlarge": "3.912",
    "g4dn.16xlarge": "4.352",
    "g5.xlarge": "1.006",
    "g5.2xlarge": "1.212",
    "g5.4xlarge": "1.624",
    "g5.8xlarge": "2.448",
    "g5.12xlarge": "5.672",
    "g5.16xlarge": "4.096",
    "g5.24xlarge": "8.144",
    "g5.48xlarge": "16.288",
    "g5g.xlarge": "0.42",
    "g5g.2xlarge": "0.556",
    "g6.xlarge": "0.8048",
    "g6.2xlarge": "0.9776",
    "g6.12xlarge": "4.6016",
    "p3.2xlarge": "3.06",
    "p3.8xlarge": "12.24",
    "p3.16xlarge": "24.48",
    "p4d.24xlarge": "32.7726",
}
WINDOWS_USD_PER_VCPU_HOUR = Decimal("0.046")  # what the licence adds; burstable types pay less
WINDOWS_BURSTABLE_USD_PER_VCPU_HOUR = Decimal("0.0092")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DiskRate:
    """One thing that EBS bills. `usage` and `unit` are the price list's."""

    volume_type: str
    usage: str
    family: str  # product family
    unit: str
    usd: Decimal
    group: str | None = None


def _disk(volume_type: str, usage: str, usd: str) -> DiskRate:
    return DiskRate(
        volume_type=volume_type,
        usage=f"EBS:{usage}",
        family="Storage",
        unit="GB-Mo",
        usd=Decimal(usd),
    )


def _iops(volume_type: str, usage: str, usd: str, group: str = "EBS IOPS") -> DiskRate:
    return DiskRate(
        volume_type=volume_type,
        usage=f"EBS:{usage}",
        family="System Operation",
        unit="IOPS-Mo",
        usd=Decimal(usd),
        group=group,
    )


DISK_RATES: tuple[DiskRate, ...] = (
    _disk("gp2", "VolumeUsage.gp2", "0.10"),
    _disk("gp3", "VolumeUsage.gp3", "0.08"),
    _disk("io1", "VolumeUsage.piops", "0.125"),
    _disk("io2", "VolumeUsage.io2", "0.125"),
    _disk("st1", "VolumeUsage.st1", "0.045"),
    _disk("sc1", "VolumeUsage.sc1", "0.015"),
    _disk("standard", "VolumeUsage", "0.05"),
    _iops("gp3", "VolumeP-IOPS.gp3", "0.005"),
    _iops("io1", "VolumeP-IOPS.piops", "0.065"),
    _iops("io2", "VolumeP-IOPS.io2", "0.065"),
    _iops("io2", "VolumeP-IOPS.io2.tier2", "0.0455", "EBS IOPS Tier 2"),
    _iops("io2", "VolumeP-IOPS.io2.tier3", "0.03185", "EBS IOPS Tier 3"),
    DiskRate(
        volume_type="gp3",
        usage="EBS:VolumeP-Throughput.gp3",
        family="Provisioned Throughput",
        unit="GiBps-mo",  # 0.04 USD a MiB/s: the price list counts in GiB/s
        usd=Decimal("40.96"),
        group="EBS Throughput",
    ),
)
PUBLIC_IPV4_USD_PER_HOUR = Decimal("0.005")  # in every region


@functools.cache
def _linux_prices() -> dict[str, Decimal]:
    prices = {
        f"{family}.{size}": Decimal(large) * Decimal(_SIZES[size])
        for family, (sizes, large) in _FAMILIES.items()
        for size in sizes
    }
    return prices | {name: Decimal(price) for name, price in _SINGLE.items()}


def priced_types() -> list[str]:
    """The instance types that have a price, in order."""
    return sorted(_linux_prices())


def is_arm(instance_type: str) -> bool:
    """Whether a type of the list is a Graviton one: their families end in g."""
    return instance_type.partition(".")[0].endswith("g")


def linux_usd_per_hour(instance_type: str, region: str) -> Decimal | None:
    """On-demand, shared tenancy; None where the list has none."""
    price, where = _linux_prices().get(instance_type), REGIONS.get(region)
    return _rounded(price * where.factor) if price is not None and where is not None else None


def windows_usd_per_hour(instance_type: str, region: str, vcpus: int) -> Decimal | None:
    """As for Linux, with the licence. ARM has no Windows, and no price."""
    linux = linux_usd_per_hour(instance_type, region)
    if linux is None or is_arm(instance_type):
        return None
    is_burstable = instance_type.startswith("t")
    licence = WINDOWS_BURSTABLE_USD_PER_VCPU_HOUR if is_burstable else WINDOWS_USD_PER_VCPU_HOUR
    return linux + licence * vcpus


def regional(usd: Decimal, region: str) -> Decimal:
    """A price of us-east-1 in another region of the list."""
    return _rounded(usd * REGIONS[region].factor)


def _rounded(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("0.00001"), ROUND_HALF_UP)
