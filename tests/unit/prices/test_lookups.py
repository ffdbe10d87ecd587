"""What is asked, what of the answers is believed, and what is not asked again."""

from datetime import timedelta
from decimal import Decimal

import pytest

from spawn.core.errors import AccessDenied, AwsRefusal, Throttled, Unreachable
from spawn.prices.facts import Unpriced
from spawn.prices.lookups import ADDRESS, SPOT, VOLUMES
from spawn.prices.rates import PUBLIC_IPV4, Platform
from tests.unit.prices.price_list import (
    ADDRESSES,
    BESIDE,
    DISKS,
    NOW,
    PLAIN,
    REGION,
    MemoryCache,
    PriceList,
    box,
    dimension,
    look_up,
    place,
    product,
)

MACHINE = "t3.micro Linux/UNIX"
RATE = "BoxUsage:t3.micro"


def test_of_all_that_bears_the_name_of_a_type_the_plain_price_is_found() -> None:
    """Hosts, reservations, licences, databases, blocks and other places don't price a launch."""
    assert look_up(PriceList()).price(MACHINE, RATE) == Decimal("0.0114")


@pytest.mark.parametrize(
    "attribute",
    [
        *("capacitystatus", "licenseModel", "marketoption", "preInstalledSw", "tenancy"),
        *("instanceType", "locationType", "operatingSystem", "regionCode"),
    ],
)
def test_a_product_that_differs_in_one_attribute_is_another(attribute: str) -> None:
    """Each attribute that is asked for is needed: without it a second price would be in doubt."""
    other = box("t3.micro", "0.03", **{attribute: "Other"})
    assert look_up(PriceList((other, PLAIN))).price(MACHINE, RATE) == Decimal("0.0114")


def test_more_than_was_asked_for_is_not_believed() -> None:
    """Where the list answers past the filters, what it adds prices nothing."""

    class Careless(PriceList):
        def ask(self, *_: object, **__: object) -> dict[str, object]:
            return {"FormatVersion": "aws_v1", "PriceList": [PLAIN, *BESIDE]}

    assert look_up(Careless()).price(MACHINE, RATE) == Decimal("0.0114")


def test_a_platform_has_its_own_price() -> None:
    """Windows is asked for beside Linux and never mixed up with it."""
    facts = look_up(PriceList(), platforms=(Platform.LINUX, Platform.WINDOWS))
    assert facts.price("t3.micro Windows", RATE) == Decimal("0.0206")
    assert facts.price(MACHINE, RATE) == Decimal("0.0114")


def test_everything_is_asked_at_once_and_once() -> None:
    """One question a type, one for all disks, one for the address: no more, in no second round."""
    price_list = PriceList()
    look_up(price_list, instance_types=("t3.micro", "m7g.large", "c7i.large", "t3.micro"))
    assert [key for key, _, _ in price_list.asked] == ["pricing:GetProducts"] * 5
    assert {region for _, _, region in price_list.asked} == {"us-east-1"}


def test_throughput_is_listed_by_the_gibibyte_and_told_by_the_mebibyte() -> None:
    """The unit that the list writes is turned into the one that disks are asked for in."""
    price = look_up(PriceList()).price(VOLUMES, "EBS:VolumeP-Throughput.gp3")
    assert price == Decimal("0.044")


@pytest.mark.parametrize(
    "odd",
    [
        box("t3.micro", "0.0115"),
        pytest.param(None, id="none at all"),
    ],
)
def test_anything_but_one_price_is_no_price(odd: str | None) -> None:
    """Two prices that differ, or none: the price is unknown, and no one is picked."""
    listed = (PLAIN, odd) if odd else (*DISKS, *ADDRESSES)
    price = look_up(PriceList(listed)).price(MACHINE, RATE)
    assert price == Unpriced("AWS lists no single price of BoxUsage:t3.micro")


@pytest.mark.parametrize(
    "dimensions",
    [
        (dimension("0.0000000000", "Hrs"),),
        (dimension("NaN", "Hrs"),),
        (dimension("-1", "Hrs"),),
        (dimension("1E+400", "Hrs"),),
        (dimension("0.0114", "Quantity"),),
        (dimension("0.0114", "Hrs", end="100"), dimension("0.01", "Hrs", begin="100")),
        (dimension("0.0114", "Hrs", begin="10"),),
        (),
    ],
    ids=[
        "nothing",
        "no number",
        "negative",
        "beyond",
        "unit",
        "tiers",
        "from ten on",
        "by contract only",
    ],
)
def test_a_price_that_is_not_for_any_hour_is_no_price(
    dimensions: tuple[dict[str, str], ...],
) -> None:
    """What is free, tiered, in another unit or sold by contract is not what an hour costs."""
    attributes = {
        **place(REGION),
        "servicecode": "AmazonVPC",
        "group": "VPCPublicIPv4Address",
        "usagetype": "EU-PublicIPv4:InUseAddress",
    }
    facts = look_up(PriceList((product(attributes, *dimensions),)))
    assert isinstance(facts.price(ADDRESS, PUBLIC_IPV4), Unpriced)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"product": {}}', '{"product": 1, "terms": {}}'])
def test_an_answer_of_another_shape_is_no_price_and_no_crash(text: str) -> None:
    """Whatever stands in for AWS, the launch goes on, and says what could not be understood."""

    class Other(PriceList):
        def ask(self, *_: object, **__: object) -> dict[str, list[str]]:
            return {"PriceList": [text]}

    price = look_up(Other()).price(MACHINE, RATE)
    assert price == Unpriced("what answered pricing:GetProducts can't be understood")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            AccessDenied("AWS denied pricing:GetProducts", operation="pricing:GetProducts"),
            "AWS denied pricing:GetProducts",
        ),
        (Throttled("asked too often"), "asked too often"),
        (Unreachable("no answer from AWS"), "no answer from AWS"),
        (AwsRefusal("the price list is broken", code="InternalErrorException"), "the price list"),
    ],
)
def test_a_lookup_that_fails_leaves_the_launch_working(error: AwsRefusal, why: str) -> None:
    """Nothing is raised; each price says in a clause why it is unknown, and nothing is kept."""
    cache = MemoryCache()
    facts = look_up(PriceList(fails={"pricing:GetProducts": error}), cache)
    price = facts.price(MACHINE, RATE)
    assert isinstance(price, Unpriced)
    assert why in price.why
    assert not cache.kept


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "aws-iso"])
def test_where_there_is_no_list_in_dollars_nobody_is_asked(partition: str) -> None:
    """China is listed in its own currency, GovCloud nowhere that its credentials reach."""
    price_list = PriceList()
    facts = look_up(price_list, partition=partition, spot=True)
    assert not price_list.asked
    assert facts.price(MACHINE, RATE) == Unpriced(
        f"AWS has no price list in US dollars for {REGION}"
    )


def test_the_spot_price_is_the_latest_of_its_zone() -> None:
    """Each zone has its own price: the one in effect now, of all types by one question."""
    price_list = PriceList()
    facts = look_up(price_list, spot=True, instance_types=("t3.small", "t3.micro"))
    (history,) = [one for one in price_list.asked if one[0] == "ec2:DescribeSpotPriceHistory"]
    assert history[1]["StartTime"] == "2026-11-22T09:30:00Z"
    assert history[2] == REGION
    rate = "SpotUsage:t3.micro Linux/UNIX eu-west-1"
    assert facts.price(SPOT, f"{rate}a") == Decimal("0.0034")
    assert facts.price(SPOT, f"{rate}b") == Decimal("0.0041")
    assert isinstance(facts.price(SPOT, f"{rate}c"), Unpriced)


def test_the_list_is_asked_again_after_a_week() -> None:
    """For seven days the kept answer serves, to the same effect; then AWS is asked again."""
    cache, price_list = MemoryCache(), PriceList()
    first = look_up(price_list, cache)
    count = len(price_list.asked)
    assert look_up(price_list, cache, now=NOW + timedelta(days=7, seconds=-1)) == first
    assert len(price_list.asked) == count
    look_up(price_list, cache, now=NOW + timedelta(days=7))
    assert len(price_list.asked) == 2 * count


def test_spot_prices_are_asked_again_after_ten_minutes() -> None:
    """They move with demand; the list, asked at the same time, is kept longer."""
    cache, price_list = MemoryCache(), PriceList()
    look_up(price_list, cache, spot=True)
    count = len(price_list.asked)
    look_up(price_list, cache, spot=True, now=NOW + timedelta(minutes=9))
    assert len(price_list.asked) == count
    look_up(price_list, cache, spot=True, now=NOW + timedelta(minutes=10))
    assert [key for key, _, _ in price_list.asked[count:]] == ["ec2:DescribeSpotPriceHistory"]


def test_an_answer_about_other_types_does_not_serve() -> None:
    """What was kept for one set of spot types leaves the price of another to be asked."""
    cache, price_list = MemoryCache(), PriceList()
    look_up(price_list, cache, spot=True)
    facts = look_up(price_list, cache, spot=True, instance_types=("t3.small",))
    rate = "SpotUsage:t3.small Linux/UNIX eu-west-1a"
    assert facts.price(SPOT, rate) == Decimal("0.0034")


def test_an_answer_from_the_future_is_asked_again() -> None:
    """A clock that was wrong once does not keep a price for ever."""
    cache, price_list = MemoryCache(), PriceList()
    look_up(price_list, cache)
    count = len(price_list.asked)
    look_up(price_list, cache, now=NOW - timedelta(days=1))
    assert len(price_list.asked) == 2 * count


def test_what_is_not_listed_is_asked_again() -> None:
    """A type that had no price on one day is looked up anew, and what was found is kept."""
    cache = MemoryCache()
    look_up(PriceList((*DISKS, *ADDRESSES)), cache)
    later = PriceList()
    assert look_up(later, cache).price(MACHINE, RATE) == Decimal("0.0114")
    assert len(later.asked) == 1
    assert set(cache.kept) == {MACHINE, VOLUMES, ADDRESS}
