"""Batches of log events are judged by AWS's limits; patterns by their terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spawn.local.control.logs import (
    BATCH_BYTES,
    BYTES_BESIDE_MESSAGE,
    MOST_EVENTS,
    check_batch,
    judged,
    term_filter,
)
from spawn.local.control.messages import AwsError

NOW = datetime(2026, 1, 27, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def event(ago: timedelta, message: str = "m") -> dict[str, Any]:
    return {"timestamp": int((NOW - ago).timestamp() * 1000), "message": message}


@pytest.mark.parametrize(
    ("agos", "retention", "taken", "rejected"),
    [
        ([HOUR, timedelta(0), -HOUR], None, 3, {}),
        ([15 * DAY, 14.1 * DAY, HOUR], None, 1, {"tooOldLogEventEndIndex": 2}),
        ([HOUR, -2.1 * HOUR, -3 * HOUR], None, 1, {"tooNewLogEventStartIndex": 1}),
        ([4 * DAY, 2 * DAY, HOUR], 3 * DAY, None, {}),
        ([4 * DAY, 3.5 * DAY, HOUR], 3 * DAY, 1, {"expiredLogEventEndIndex": 2}),
        (
            [15 * DAY, 4 * DAY, HOUR, -3 * HOUR],
            3 * DAY,
            1,
            {
                "tooOldLogEventEndIndex": 1,
                "expiredLogEventEndIndex": 2,
                "tooNewLogEventStartIndex": 3,
            },
        ),
        ([15 * DAY], None, 0, {"tooOldLogEventEndIndex": 1}),
        ([25 * HOUR, timedelta(0)], None, None, {}),
        ([15 * DAY, timedelta(0)], None, 1, {"tooOldLogEventEndIndex": 1}),
    ],
)
def test_what_is_out_of_time_is_rejected(
    agos: list[timedelta],
    retention: timedelta | None,
    taken: int | None,
    rejected: dict[str, int],
) -> None:
    """Ends are exclusive, starts inclusive; what is taken spans a day at most (None: refused)."""
    events = [event(ago) for ago in agos]
    if taken is None:
        with pytest.raises(AwsError, match="cannot span more than 24 hours"):
            judged(events, NOW, retention)
        return
    accepted, found = judged(events, NOW, retention)
    assert (len(accepted), found) == (taken, rejected)


def test_a_batch_is_bounded() -> None:
    """In number, in bytes with those that each event costs besides, and in order."""
    longest = BATCH_BYTES - BYTES_BESIDE_MESSAGE
    check_batch([event(HOUR, "x" * longest)])
    check_batch([event(HOUR)] * MOST_EVENTS)
    for wrong, words in (
        ([event(HOUR, "x" * (longest + 1))], "exceeds limit of 1048576"),
        ([event(HOUR, "é" * (longest // 2 + 1))], "exceeds limit of 1048576"),
        ([event(HOUR)] * (MOST_EVENTS + 1), "less than or equal to 10000"),
        ([], "greater than or equal to 1"),
        ([event(HOUR, "")], "greater than or equal to 1"),
        ([event(HOUR), event(2 * HOUR)], "chronological order"),
    ):
        with pytest.raises(AwsError, match=words) as refused:
            check_batch(wrong)
        assert refused.value.code == "InvalidParameterException"


@pytest.mark.parametrize(
    ("pattern", "is_met"),
    [
        ("", True),
        ("ends", True),
        ("Ends", False),
        ("ends 5", True),
        ("ends 6", False),
        ('"in 5"', True),
        ('"5 in"', False),
        ("-warning ends", True),
        ('ends -"in 5"', False),
    ],
)
def test_terms_and_phrases_are_looked_for(pattern: str, is_met: bool) -> None:
    """All of them, in any order and case for case; those with a minus must be absent."""
    assert term_filter(pattern)("ends in 5 minutes") is is_met


def test_patterns_that_are_not_known_are_refused() -> None:
    """Rather than to answer with everything, as moto does."""
    with pytest.raises(AwsError, match="terms only"):
        term_filter('{ $.event = "expiry" }')
