"""Points in time, always with their zone."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.instants import format_instant, parse_instant

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EPOCH = datetime(2026, 1, 27, tzinfo=UTC)
INSTANTS = st.builds(
    lambda after, offset: (EPOCH + after).astimezone(offset),
    st.timedeltas(timedelta(days=-300_000), timedelta(days=300_000)),
    OFFSETS,
)


@given(INSTANTS)
def test_what_is_written_is_read_back(instant: datetime) -> None:
    """Whatever its zone, the same point in time comes back, in UTC and to the second."""
    read = parse_instant(format_instant(instant))
    assert read == instant.replace(microsecond=0)
    assert read.tzinfo is UTC


@given(INSTANTS, INSTANTS)
def test_written_times_sort_as_times_do(one: datetime, other: datetime) -> None:
    """Texts of fixed width in one zone: the earlier time is the smaller text."""
    first, second = sorted((one, other))
    assert format_instant(first) <= format_instant(second)


@pytest.mark.parametrize(
    "text", ["2026-01-27T18:00", "2026-01-27T18:00:00", "2026-01-27T19:00+01:00"]
)
def test_utc_is_meant_where_no_zone_is_said(text: str) -> None:
    """A zone is heeded, and seconds may be left out."""
    assert format_instant(parse_instant(text)) == "2026-01-27T18:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-27",
        "20260127T180000Z",
        "2026-02-30T00:00Z",
        "2026-W04-2T00:00",
        "tomorrow",
        "2026-01-27 18:00",
        "2026-01-27T18:00:00z ",
        "٢٠٢٦-01-27T18:00",
    ],
)
def test_other_texts_are_no_times(text: str) -> None:
    """A tag may hold anything; only a time is taken for one."""
    with pytest.raises(ValueError):  # noqa: PT011  that of `fromisoformat` has its own words
        parse_instant(text)


@given(st.text())
def test_no_text_does_worse(text: str) -> None:
    """Nothing but ValueError comes of a text that is no time."""
    with suppress(ValueError):
        assert parse_instant(text).tzinfo is UTC


def test_a_time_without_a_zone_is_not_written() -> None:
    """Whose noon it is would be a guess."""
    with pytest.raises(ValueError, match="without a zone"):
        format_instant(datetime(2026, 1, 27, 12))  # noqa: DTZ001  that is the point
