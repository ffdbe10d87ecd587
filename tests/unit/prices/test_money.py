"""Dollars read and written: nothing understated, nothing scientific."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.prices.money import format_usd, parse_usd

AMOUNTS = st.decimals(min_value=0, max_value=99_999, places=12)


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "$0.00"),
        ("0.0116", "$0.0116"),
        ("0.09", "$0.09"),
        ("0.090000001", "$0.0901"),
        ("0.1", "$0.10"),
        ("0.00000001", "$0.0001"),
        ("0.99999", "$1.00"),
        ("1", "$1.00"),
        ("12.4", "$12.40"),
        ("12.401", "$12.41"),
        ("1E+3", "$1000.00"),
        ("32.7726", "$32.78"),
    ],
)
def test_amounts_are_written_for_people(usd: str, text: str) -> None:
    """Cents from a dollar on, down to a hundredth of one below, always rounded up."""
    assert format_usd(Decimal(usd)) == text


@given(AMOUNTS)
def test_a_cost_is_never_understated(usd: Decimal) -> None:
    """What is written is at least what it is, by less than a cent too much."""
    written = Decimal(format_usd(usd).removeprefix("$"))
    assert usd <= written < usd + Decimal("0.01")


def test_less_than_nothing_is_no_cost() -> None:
    """A negative amount is a mistake of ours, not something to show."""
    with pytest.raises(ValueError, match="not a cost"):
        format_usd(Decimal("-0.01"))


@pytest.mark.parametrize(
    ("text", "usd"), [("2", "2"), ("$12.50", "12.50"), ("0.000001", "0.000001"), ("007", "7")]
)
def test_amounts_are_read_as_written(text: str, usd: str) -> None:
    """A number with at most six places, with or without the sign."""
    assert parse_usd(text, flag="--max-cost") == Decimal(usd)


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "$0.00", "-1", "+1", "1e3", "NaN", "inf", "1,50", ".5", "5.", "$", "2€", "٣"),
        *("0.0000001", "12345678", "1_000", " 1", "1\n"),
    ],
)
def test_anything_else_is_refused_by_its_flag(text: str) -> None:
    """The error names the flag and shows what to write."""
    with pytest.raises(InputError, match="--spot-max-price") as caught:
        parse_usd(text, flag="--spot-max-price")
    assert "$12.50" in caught.value.why


@given(AMOUNTS.filter(lambda usd: usd > Decimal("0.0001")))
def test_what_is_written_can_be_read(usd: Decimal) -> None:
    """An amount shown on the screen can be typed after a flag."""
    text = format_usd(usd)
    assert format_usd(parse_usd(text, flag="--max-cost")) == text
