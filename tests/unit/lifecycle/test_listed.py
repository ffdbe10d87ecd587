"""What a row says of an instance, and what it refuses to say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.questions import Absent, Known, Unseen
from spawn.lifecycle.listed import STATES, BackstopState, Ending
from tests.unit.lifecycle.builders import ID, NOW, OTHER_ID, row, summaries

HOLD = {"spawn:hold": "case-7"}
BACKSTOP = f"spawn-{ID}"


@pytest.mark.parametrize(
    ("ends_in", "ending"),
    [
        (timedelta(seconds=1), Ending.DUE),
        (timedelta(0), Ending.OVERDUE),
        (timedelta(hours=-5), Ending.OVERDUE),
        (None, Ending.UNKNOWN),
    ],
)
def test_the_ending_follows_the_end_date(ends_in: timedelta | None, ending: Ending) -> None:
    """An instance is due until its end date, overdue from then on, unknown without one."""
    assert row(ends_in=ends_in).ending is ending


@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "2026-13-01T00:00:00Z", "9" * 256, "1769518800"),
        *("2026-01-27T14:00Z", "2026-01-27T14:00:00+00:00", "2026-01-27T15:00:00+01:00"),
    ],
)
def test_an_end_date_that_cannot_be_read_is_unknown(text: str) -> None:
    """A tag in any form but spawn's own is never taken for a date, nor for none."""
    found = row(tags={"spawn:expires-at": text})
    assert found.expires_at is None
    assert found.ending is Ending.UNKNOWN


@pytest.mark.parametrize("state", STATES)
def test_what_has_ended_is_not_overdue(state: str) -> None:
    """What shuts down or is terminated needs no end; whatever else is past its date is overdue."""
    found = row(state=state, ends_in=timedelta(hours=-1))
    has_ended = state in {"shutting-down", "terminated"}
    assert found.ending is (Ending.ENDED if has_ended else Ending.OVERDUE)
    assert (found.backstop is BackstopState.NOT_NEEDED) is has_ended


@pytest.mark.parametrize(
    ("schedules", "expected"),
    [
        (summaries(BACKSTOP), BackstopState.ARMED),
        (summaries(BACKSTOP, state="DISABLED"), BackstopState.BROKEN),
        (summaries(f"spawn-{OTHER_ID}"), BackstopState.MISSING),
        (Known(()), BackstopState.MISSING),
        (Absent(), BackstopState.MISSING),
        (Unseen("scheduler:ListSchedules", "denied"), BackstopState.UNKNOWN),
    ],
)
def test_the_backstop_is_the_schedule_of_that_name(
    schedules: Absent, expected: BackstopState
) -> None:
    """Only an enabled schedule of the instance's own counts; unseen is unknown, not missing."""
    assert row(schedules=schedules).backstop is expected


@pytest.mark.parametrize(
    ("names", "of_row", "expected"),
    [
        ((BACKSTOP, f"{BACKSTOP}-stop"), {}, BackstopState.ARMED),
        ((BACKSTOP,), {}, BackstopState.MISSING),
        ((f"{BACKSTOP}-stop",), {}, BackstopState.MISSING),
        ((BACKSTOP,), {"state": "stopped", "ends_in": timedelta(hours=-1)}, BackstopState.ARMED),
        ((BACKSTOP,), {"ends_in": timedelta(hours=-1)}, BackstopState.MISSING),
    ],
)
def test_kept_disks_want_two_schedules(
    names: tuple[str, ...], of_row: dict[str, Any], expected: BackstopState
) -> None:
    """One to stop it and one to end it; once it has stopped on time, the latter alone."""
    found = row(schedules=summaries(*names), tags={"spawn:on-expiry": "stop"}, **of_row)
    assert found.backstop is expected


@pytest.mark.parametrize(
    ("state", "late", "ending"),
    [
        ("running", timedelta(hours=1), Ending.OVERDUE),
        ("stopping", timedelta(hours=1), Ending.KEPT),
        ("stopped", timedelta(hours=1), Ending.KEPT),
        ("stopped", timedelta(days=7), Ending.OVERDUE),
        ("stopped", timedelta(hours=-1), Ending.DUE),
        ("terminated", timedelta(hours=1), Ending.ENDED),
    ],
)
def test_what_stopped_on_time_is_kept_for_a_week(
    state: str, late: timedelta, ending: Ending
) -> None:
    """With its disks to be kept it is not overdue, until they should be gone as well."""
    found = row(state=state, ends_in=-late, tags={"spawn:on-expiry": "stop"})
    assert found.ending is ending
    assert found.gone_at == NOW - late + timedelta(days=7)


def test_a_schedule_behind_a_hold_is_seen() -> None:
    """What is held and has a schedule that is on is not said to have it off."""
    assert row(schedules=summaries(BACKSTOP), tags=HOLD).backstop is BackstopState.ARMED
    off = summaries(BACKSTOP, state="DISABLED")
    assert row(schedules=off, tags=HOLD).backstop is BackstopState.OFF


def test_what_can_be_done_with_it_is_known() -> None:
    """Whether it is spot, can hibernate and reads its tags is in the row."""
    plain = row()
    assert (plain.is_spot, plain.can_hibernate, plain.reads_tags) == (False, False, True)
    other = row(
        InstanceLifecycle="spot",
        HibernationOptions={"Configured": True},
        MetadataOptions={"InstanceMetadataTags": "disabled"},
    )
    assert (other.is_spot, other.can_hibernate, other.reads_tags) == (True, True, False)


def test_a_hold_beats_everything_but_the_end() -> None:
    """A held instance is neither overdue nor lacking a backstop: both are off on purpose."""
    found = row(ends_in=timedelta(hours=-5), tags=HOLD)
    assert (found.ending, found.backstop, found.hold) == (Ending.HELD, BackstopState.OFF, "case-7")
    ended = row(state="terminated", tags=HOLD)
    assert ended.ending is Ending.ENDED
    empty = row(tags={"spawn:hold": ""})
    assert empty.ending is Ending.HELD


def test_the_rest_is_what_aws_and_the_tags_say() -> None:
    """Place, addresses, owner, name and level are shown as they are."""
    found = row(
        owner="bob",
        name="web",
        launched=NOW - timedelta(days=2),
        PrivateIpAddress="10.0.0.5",
        PublicIpAddress="203.0.113.9",
    )
    assert (found.owner, found.is_mine, found.name, found.level) == (
        "bob",
        False,
        "web",
        "standard",
    )
    assert (found.private_ip, found.public_ip) == ("10.0.0.5", "203.0.113.9")
    assert (found.region, found.zone, found.type) == ("eu-west-1", "eu-west-1a", "t3.micro")
    assert found.launched_at == NOW - timedelta(days=2)
    assert row(caller="bob", owner="bob").is_mine
