"""The agent and spawn write and read the same times."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core import instants
from spored.instants import format_instant, parse_instant

MOMENTS = st.floats(86_400, 253_000_000_000).map(lambda each: datetime.fromtimestamp(each, UTC))


@given(MOMENTS)
def test_both_write_a_time_alike(moment: datetime) -> None:
    """What spawn writes into a tag the agent reads to the second, and writes again."""
    text = instants.format_instant(moment)
    assert parse_instant(text) == moment.replace(microsecond=0).timestamp()
    assert format_instant(moment.timestamp()) == text


@given(st.text() | st.text("0123456789-:TZ+. ", max_size=30))
def test_whatever_is_no_time_is_told(text: str) -> None:
    """Any text is a time that is written so, or a ValueError."""
    with suppress(ValueError):
        assert format_instant(parse_instant(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "2026-01-27", "2026-01-27T18:00Z", "2026-01-27T18:00:00+00:00", "2026-01-27T18:00:00"],
)
def test_other_ways_to_write_a_time_are_not_read(text: str) -> None:
    """An order is written in one way only, whichever Python reads it."""
    with pytest.raises(ValueError):  # noqa: PT011  its text is the text's own
        parse_instant(text)
