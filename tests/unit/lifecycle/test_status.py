"""How status says an instance is going to end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.questions import Unseen
from spawn.core.levels import Level
from spawn.lifecycle.ending_words import endings
from spawn.lifecycle.listed import Backstop, BackstopState
from spawn.lifecycle.status import level_of
from tests.unit.lifecycle.builders import NOW, row

ARMED = Backstop(state=BackstopState.ARMED, fires_at=NOW + timedelta(minutes=125))
MISSING = Backstop(state=BackstopState.MISSING)


@pytest.mark.parametrize(
    ("of_row", "behavior", "expected"),
    [
        ({}, "terminate", "it powers itself off at 2026-01-27T14:00:00Z, which terminates it"),
        ({}, "stop", "which only stops it"),
        ({}, Unseen("ec2:DescribeInstanceAttribute", "denied"), "could not be seen"),
        ({"ends_in": timedelta(hours=-1)}, "terminate", "should have powered itself off"),
        ({"state": "stopped"}, "terminate", "while it is stopped it can't end itself"),
        ({"ends_in": None}, "terminate", "can't be read"),
        ({"tags": {"spawn:on-expiry": "stop"}}, "stop", "its disks go at 2026-02-03T14:00:00Z"),
        (
            {
                "tags": {"spawn:on-expiry": "stop"},
                "state": "stopped",
                "ends_in": timedelta(hours=-1),
            },
            "stop",
            "it stopped at its end date 2026-01-27T11:00:00Z; its disks go at 2026-02-03T11:00:00Z",
        ),
        ({"tags": {"spawn:hold": "case-7"}}, "terminate", "held as evidence (case-7)"),
        ({"tags": {"spawn:hold": ""}}, "terminate", "no case named"),
    ],
)
def test_its_own_end_comes_first(of_row: dict[str, Any], behavior: str, expected: str) -> None:
    """What the instance will do itself depends on its date, state, hold and shutdown behaviour."""
    first, second = endings(row(**of_row), ARMED, behavior)
    assert expected in first
    assert second == ("a schedule terminates it at 2026-01-27T14:05:00Z, whatever it does itself")


@pytest.mark.parametrize("state", [state for state in BackstopState if state != "ARMED"])
def test_no_backstop_is_never_put_well(state: BackstopState) -> None:
    """Only an armed schedule is said to terminate anything; the reason of trouble is told."""
    words = endings(row(), Backstop(state=state, why="because of x"), "terminate")[1]
    assert "terminates" not in words
    if state in {BackstopState.BROKEN, BackstopState.UNKNOWN}:
        assert "because of x" in words


def test_two_schedules_are_both_told() -> None:
    """Where the disks are kept, it is said when it is stopped and when it is gone."""
    both = Backstop(
        state=BackstopState.ARMED,
        stops_at=NOW + timedelta(minutes=125),
        fires_at=NOW + timedelta(days=7, minutes=125),
    )
    words = endings(row(tags={"spawn:on-expiry": "stop"}), both, "stop")[1]
    assert "stops it at 2026-01-27T14:05:00Z" in words
    assert "terminates it at 2026-02-03T14:05:00Z" in words


def test_what_has_ended_needs_no_more_words() -> None:
    """Of an ended instance only its state is said."""
    assert endings(row(state="terminated"), MISSING, None) == ("it is terminated",)


@pytest.mark.parametrize(
    ("text", "level"),
    [("strict", Level.STRICT), ("open", Level.OPEN), ("", Level.STANDARD), ("x", Level.STANDARD)],
)
def test_an_unreadable_level_is_the_default(text: str, level: Level) -> None:
    """The controls judge at the level of the launch, or at the default where its tag is garbled."""
    assert level_of(row(tags={"spawn:security": text})) is level
