"""What a price comes to in a time, the tag that remembers it, the limit, and the words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.durations import parse_duration
from spawn.core.errors import RefusedByControl
from spawn.prices.cost import cost, cost_so_far, hourly_tag, parse_hourly_tag
from spawn.prices.hourly import HourlyPrice
from spawn.prices.limit import check_max_cost
from spawn.prices.words import price_sentence

LAUNCHED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PRICE = HourlyPrice(
    instance=Decimal("0.0104"),
    volumes=Decimal("0.64") / 730,
    public_ipv4=Decimal("0.005"),
)
PARTS = "instance $0.0104, disk $0.0009, public IPv4 $0.005"
DENIED = HourlyPrice(
    instance=None,
    volumes=Decimal("0.0009"),
    public_ipv4=Decimal(0),
    unknown=("AWS denied pricing:GetProducts",),
)
PRICES = st.decimals(min_value="0.000001", max_value=500, places=6)
DURATIONS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=400))


@pytest.mark.parametrize(
    ("duration", "usd"),
    [
        (timedelta(hours=1), "0.36"),
        (timedelta(hours=8), "2.88"),
        (timedelta(minutes=1), "0.006"),
        (timedelta(seconds=1), "0.006"),
        (timedelta(seconds=90), "0.009"),
        (timedelta(seconds=90, microseconds=1), "0.0091"),
    ],
)
def test_time_is_billed_by_begun_seconds_and_at_least_a_minute(
    duration: timedelta, usd: str
) -> None:
    """As EC2 and EBS bill it."""
    assert cost(Decimal("0.36"), duration) == Decimal(usd)


@given(PRICES, DURATIONS)
def test_no_cost_is_below_what_the_time_costs(usd_per_hour: Decimal, duration: timedelta) -> None:
    """Rounding goes up, and by far less than a cent."""
    seconds = Decimal(duration // timedelta(microseconds=1)) / 1_000_000
    exact = usd_per_hour * max(seconds, Decimal(60)) / 3600
    assert exact <= cost(usd_per_hour, duration) < exact + usd_per_hour / 3600 + Decimal("1E-9")


@given(PRICES)
def test_the_tag_says_the_price(usd: Decimal) -> None:
    """What is written on the instance is read back, with all the places that a list has."""
    price = HourlyPrice(instance=usd, volumes=Decimal(0), public_ipv4=Decimal(0))
    tag = hourly_tag(price)
    assert tag is not None
    assert parse_hourly_tag(tag) == usd


def test_the_tag_is_rounded_up_and_plain() -> None:
    """Six places, no exponent, never less than the price; nothing at all for an unknown one."""
    assert hourly_tag(PRICE) == "0.016277"
    assert hourly_tag(DENIED) is None


@pytest.mark.parametrize(
    "tag",
    [
        None,
        "",
        "abc",
        "-1",
        "1e9",
        "NaN",
        "Infinity",
        "0.0000001",
        "1234567",
        "$1",
        "1 ",
        "٣",
        "1\n",
    ],
)
def test_nonsense_in_the_tag_is_no_cost(tag: str | None) -> None:
    """A tag is anybody's to write: what is not a price says nothing, and breaks nothing."""
    assert cost_so_far(tag, launched_at=LAUNCHED, until=LAUNCHED + timedelta(hours=1)) is None


def test_the_cost_so_far_is_the_price_times_the_time() -> None:
    """An hour and a half of a dollar an hour; an end before the launch is nonsense as well."""
    until = LAUNCHED + timedelta(minutes=90)
    assert cost_so_far("1.00", launched_at=LAUNCHED, until=until) == Decimal("1.5")
    assert cost_so_far("1.00", launched_at=until, until=LAUNCHED) is None


def test_a_launch_within_the_limit_passes() -> None:
    """The limit itself is still allowed."""
    whole = cost(PRICE.total or Decimal(0), timedelta(hours=8))
    check_max_cost(PRICE, whole, duration=timedelta(hours=8))


def test_a_launch_above_the_limit_is_refused_with_ways_out() -> None:
    """The refusal names the control, both amounts, and a time that the limit pays for."""
    with pytest.raises(RefusedByControl) as caught:
        check_max_cost(PRICE, Decimal("0.25"), duration=timedelta(hours=8), count=3)
    assert caught.value.controls == ("COST-MAX",)
    assert "$0.3907" in caught.value.what
    assert "$0.25" in caught.value.what
    assert "--ttl 5h7m keeps to that" in caught.value.why


@given(PRICES, DURATIONS, st.integers(min_value=1, max_value=50))
def test_the_time_that_is_offered_is_within_the_limit(
    usd: Decimal, duration: timedelta, count: int
) -> None:
    """Whoever types the --ttl of the refusal is not refused again."""
    price = HourlyPrice(instance=usd, volumes=Decimal(0), public_ipv4=Decimal(0))
    limit = Decimal("0.1")
    try:
        check_max_cost(price, limit, duration=duration, count=count)
    except RefusedByControl as refusal:
        if "--ttl " in refusal.why:
            offered = refusal.why.partition("--ttl ")[2].partition(" ")[0]
            shorter = parse_duration(offered, flag="--ttl")
            assert shorter < duration
            check_max_cost(price, limit, duration=shorter, count=count)


def test_an_unknown_price_is_refused_where_there_is_a_limit() -> None:
    """What can't be compared may be too much: the reason is told, and how to go on without."""
    with pytest.raises(RefusedByControl) as caught:
        check_max_cost(DENIED, Decimal(100), duration=timedelta(minutes=1))
    assert caught.value.controls == ("COST-MAX",)
    assert "AWS denied pricing:GetProducts" in caught.value.why
    assert "leave --max-cost out" in caught.value.why


def test_not_even_a_minute() -> None:
    """Where no time fits the limit, none is offered."""
    with pytest.raises(RefusedByControl) as caught:
        check_max_cost(PRICE, Decimal("0.000001"), duration=timedelta(hours=1))
    assert "--ttl" not in caught.value.why


@pytest.mark.parametrize(
    ("price", "count", "sentence"),
    [
        (
            PRICE,
            1,
            f"$0.0163 an hour: {PARTS}; $0.1303 until its end date",
        ),
        (
            PRICE,
            3,
            f"$0.0489 an hour for 3, each {PARTS}; $0.3907 until their end date",
        ),
        (
            HourlyPrice(
                instance=Decimal("1.5"), volumes=Decimal(0), public_ipv4=Decimal(0), spot=True
            ),
            1,
            "$1.50 an hour: instance at the spot price of now $1.50; $12.00 until its end date",
        ),
        (DENIED, 1, "unknown (AWS denied pricing:GetProducts); known: disk $0.0009"),
        (
            HourlyPrice(instance=None, volumes=None, public_ipv4=None, unknown=("no answer", "b")),
            2,
            "unknown (no answer; b)",
        ),
    ],
    ids=["one", "three", "spot", "partly unknown", "unknown"],
)
def test_the_sentence_says_what_and_why(price: HourlyPrice, count: int, sentence: str) -> None:
    """An hour, its parts, and the whole until the end date; or why there is no price."""
    assert price_sentence(price, duration=timedelta(hours=8), count=count) == sentence
