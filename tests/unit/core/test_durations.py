"""Lengths of time as people write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.durations import format_duration, parse_duration
from spawn.core.errors import InputError

SECONDS = st.integers(1, 999_999 * 86_400)


@given(SECONDS)
def test_what_is_written_is_read_back(seconds: int) -> None:
    """Writing and reading are inverse for whole seconds."""
    length = timedelta(seconds=seconds)
    assert parse_duration(format_duration(length), flag="--ttl") == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("1d12h", timedelta(hours=36)),
        ("1d1h1m1s", timedelta(days=1, seconds=3661)),
        ("0d5m", timedelta(minutes=5)),
        ("400d", timedelta(days=400)),
    ],
)
def test_units_add_up(text: str, length: timedelta) -> None:
    """Days, hours, minutes and seconds, larger units first."""
    assert parse_duration(text, flag="--ttl") == length


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0s",
        "-1h",
        "tomorrow",
        "5",
        "h",
        "1h1d",
        "1h2h",
        "1.5h",
        " 1h",
        "1h\n",
        "1H",
        "²h",
        "٣h",
        "9999999d",
        "1w",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """No guess is made: a wrong length is an instance that ends at the wrong time."""
    with pytest.raises(InputError) as refused:
        parse_duration(text, flag="--ttl")
    assert refused.value.what.startswith(f"--ttl {text!r}")
    assert "1d12h" in refused.value.why


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but a length longer than nothing, or spawn's own error, comes of a text."""
    with suppress(InputError):
        assert parse_duration(text, flag="--ttl") > timedelta()


def test_nothing_or_less_is_no_time() -> None:
    """What has passed is written as no time at all."""
    assert format_duration(timedelta()) == format_duration(timedelta(seconds=-9)) == "0s"
