"""What an instance costs an hour: each part exactly, or unknown with its reason."""

from decimal import Decimal

import pytest

from spawn.core.errors import AccessDenied
from spawn.prices.facts import PriceFacts
from spawn.prices.hourly import HourlyPrice, dearest, hourly_price
from spawn.prices.volumes import Volume
from tests.unit.prices.price_list import DISKS, PLAIN, PriceList, look_up

ROOT = Volume(volume_type="gp3", size_gib=8)
MONTH = Decimal(730)


def price_of(
    *volumes: Volume,
    facts: PriceFacts | None = None,
    instance_type: str = "t3.micro",
    zone: str = "eu-west-1b",
    platform: str = "Linux/UNIX",
    public_ipv4: bool = True,
    spot: bool = False,
) -> HourlyPrice:
    return hourly_price(
        facts or look_up(PriceList(), spot=spot),
        instance_type=instance_type,
        zone=zone,
        platform=platform,
        volumes=volumes,
        public_ipv4=public_ipv4,
        spot=spot,
    )


def test_the_price_is_the_sum_of_its_parts() -> None:
    """Machine, disk and address, each by the list, a month of a disk being 730 hours."""
    price = price_of(ROOT)
    assert price.instance == Decimal("0.0114")
    assert price.volumes == Decimal("0.088") * 8 / MONTH
    assert price.public_ipv4 == Decimal("0.005")
    assert price.total == Decimal("0.0164") + Decimal("0.704") / MONTH
    assert price.unknown == ()


def test_what_is_not_there_costs_nothing() -> None:
    """Without a disk and an address only the machine is paid for."""
    assert price_of(public_ipv4=False).total == Decimal("0.0114")


def test_a_spot_instance_costs_what_its_zone_costs_now() -> None:
    """The machine's part is the zone's spot price, and says that it is one."""
    price = price_of(spot=True)
    assert price.instance == Decimal("0.0041")
    assert price.spot


@pytest.mark.parametrize(
    ("volume", "usd_a_month"),
    [
        (Volume(volume_type="gp2", size_gib=100), "11"),
        (Volume(volume_type="gp3", size_gib=100), "8.8"),
        (Volume(volume_type="gp3", size_gib=100, iops=3000, throughput_mibps=125), "8.8"),
        (Volume(volume_type="gp3", size_gib=100, iops=3001), "8.8055"),
        (Volume(volume_type="gp3", size_gib=100, throughput_mibps=225), "13.2"),
        (Volume(volume_type="io1", size_gib=100, iops=1000), "85.8"),
        (Volume(volume_type="io2", size_gib=100, iops=32_000), "2317.8"),
        (Volume(volume_type="io2", size_gib=100, iops=32_001), "2317.8504"),
        (Volume(volume_type="io2", size_gib=100, iops=64_010), "3930.9528"),
    ],
    ids=str,
)
def test_a_disk_costs_its_size_and_what_it_does_above_the_included(
    volume: Volume, usd_a_month: str
) -> None:
    """3,000 IOPS and 125 MiB/s come with a gp3; io2 gets cheaper above 32,000 and 64,000 IOPS."""
    assert price_of(volume).volumes == Decimal(usd_a_month) / MONTH


@pytest.mark.parametrize(
    ("volume", "why"),
    [
        (Volume(volume_type=None, size_gib=8), "the type or the size of a disk is not known"),
        (Volume(volume_type="gp3", size_gib=None), "the type or the size of a disk is not known"),
        (Volume(volume_type="gp9", size_gib=8), "the type or the size of a disk is not known"),
        (Volume(volume_type="io2", size_gib=8), "the IOPS of an io2 disk are not known"),
        (
            Volume(volume_type="standard", size_gib=8),
            "standard volumes are billed by the request as well",
        ),
        (
            Volume(volume_type="st1", size_gib=500),
            "AWS lists no single price of EBS:VolumeUsage.st1",
        ),
    ],
    ids=str,
)
def test_one_unknown_disk_leaves_the_whole_unknown(volume: Volume, why: str) -> None:
    """No part is guessed or left out of a sum; the others are still told."""
    price = price_of(ROOT, volume)
    assert price.volumes is None
    assert price.total is None
    assert price.instance == Decimal("0.0114")
    assert price.unknown == (why,)


@pytest.mark.parametrize("platform", ["Red Hat Enterprise Linux", "SUSE Linux", ""])
def test_an_image_with_a_price_of_its_own_is_not_priced_as_linux(platform: str) -> None:
    """Where the licence costs by the hour, the plain price would be too low."""
    assert price_of(platform=platform).instance is None


def test_a_type_that_nobody_asked_about_is_unknown() -> None:
    """What was not looked up has no price, rather than another type's."""
    price = price_of(instance_type="m5.large")
    assert price.unknown == ("m5.large Linux/UNIX was not looked up",)


def test_a_reason_is_told_once() -> None:
    """One denial behind three unknown parts is one reason."""
    denial = AccessDenied("AWS denied pricing:GetProducts", operation="pricing:GetProducts")
    facts = look_up(PriceList(fails={"pricing:GetProducts": denial}))
    price = price_of(ROOT, ROOT, facts=facts)
    assert price.unknown == ("AWS denied pricing:GetProducts",)
    assert (price.instance, price.volumes, price.public_ipv4) == (None, None, None)


def test_the_dearest_alternative_bounds_the_others() -> None:
    """A limit that holds for the dearest holds for all; an unknown price is dearer than any."""
    cheap, dear = price_of(public_ipv4=False), price_of()
    unknown = price_of(facts=look_up(PriceList((PLAIN, *DISKS))))
    assert dearest((cheap, dear)) == dear
    assert dearest((dear, unknown, cheap)) == unknown
