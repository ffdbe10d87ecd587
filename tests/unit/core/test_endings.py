"""What tags say of an end, and what they can't say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.endings import (
    KEPT,
    Alarm,
    End,
    alarms,
    end_date,
    gone_at,
    needed_ends,
    on_expiry,
)
from spawn.core.instants import format_instant
from spored.instants import parse_instant as agents_parse_instant

END = datetime(2026, 1, 27, 18, 0, tzinfo=UTC)
BEHIND = timedelta(minutes=5)
STOP = {"spawn:on-expiry": "stop"}
FIRST = datetime(1000, 1, 1)  # noqa: DTZ001  hypothesis wants its bounds without a zone
ANY_DATE = st.datetimes(min_value=FIRST, timezones=st.just(UTC))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-27T18:00Z",
        "2026-01-27T18:00:00",
        "2026-01-27T18:00:00+00:00",
        "2026-01-27T19:00:00+01:00",
        "2026-01-27T18:00:00.0Z",
        " 2026-01-27T18:00:00Z",
        "2026-02-30T18:00:00Z",
        "0099-01-27T18:00:00Z",
    ],
)
def test_a_date_in_any_other_form_is_none(text: str) -> None:
    """A time that is not written to the letter as spawn writes it is no end date."""
    assert end_date({"spawn:expires-at": text}) is None
    assert end_date({}) is None


@given(ANY_DATE)
def test_what_spawn_writes_it_reads_as_its_agent_does(instant: datetime) -> None:
    """Each date that spawn writes is read back as the same one, here and by the agent."""
    text = format_instant(instant)
    found = end_date({"spawn:expires-at": text})
    assert found == instant.replace(microsecond=0)
    assert agents_parse_instant(text) == found.timestamp()


@given(st.text())
def test_no_text_fails(text: str) -> None:
    """Tags may hold anything: each is read as something, and nothing is raised."""
    tags = dict.fromkeys(("spawn:expires-at", "spawn:on-expiry", "spawn:pre-stop-timeout"), text)
    assert on_expiry(tags) in End
    assert alarms(end_date(tags) or END, tags)


@pytest.mark.parametrize("value", ["terminate", "STOP", "hibernate", "", "stop "])
def test_in_doubt_it_is_the_end(value: str) -> None:
    """Nothing but the one word keeps the disks."""
    assert on_expiry({"spawn:on-expiry": value}) is End.TERMINATE
    assert on_expiry({}) is End.TERMINATE
    assert on_expiry(STOP) is End.STOP


def test_one_alarm_ends_and_two_keep_the_disks_for_a_week() -> None:
    """Without a word the end follows the date; with it a stop does, and the end a week later."""
    assert alarms(END, {}) == (Alarm(End.TERMINATE, END + BEHIND),)
    assert alarms(END, STOP) == (
        Alarm(End.STOP, END + BEHIND),
        Alarm(End.TERMINATE, END + KEPT + BEHIND),
    )
    assert timedelta(days=7) == KEPT
    assert (gone_at(END, {}), gone_at(END, STOP)) == (END, END + KEPT)


@pytest.mark.parametrize(
    ("text", "waited"),
    [
        ("2m", timedelta(minutes=2)),
        ("1h", timedelta(hours=1)),
        ("1h1s", timedelta(hours=1)),
        ("999999d", timedelta(hours=1)),
        ("", timedelta()),
        ("-2m", timedelta()),
        ("2", timedelta()),
    ],
)
def test_a_hook_puts_the_alarms_off_within_limits(text: str, waited: timedelta) -> None:
    """All alarms wait for the pre-stop hook, an hour at the most, and not for a garbled tag."""
    for tags, count in (({}, 1), (STOP, 2)):
        found = alarms(END, tags | {"spawn:pre-stop-timeout": text})
        plain = alarms(END, tags)
        assert len(found) == count
        assert [one.at - other.at for one, other in zip(found, plain, strict=True)] == [
            waited
        ] * count


def test_the_last_year_there_is_does_no_harm() -> None:
    """A date at the end of all calendars is a date like others."""
    last = end_date({"spawn:expires-at": "9999-12-31T23:59:59Z"})
    assert last is not None
    for tags in ({}, STOP):
        assert all(alarm.at >= last for alarm in alarms(last, tags))
        assert gone_at(last, tags) >= last


@pytest.mark.parametrize(
    ("tags", "is_stopped", "late", "needed"),
    [
        ({}, False, -1, (End.TERMINATE,)),
        ({}, True, 1, (End.TERMINATE,)),
        (STOP, False, -1, (End.STOP, End.TERMINATE)),
        (STOP, True, -1, (End.STOP, End.TERMINATE)),
        (STOP, False, 1, (End.STOP, End.TERMINATE)),
        (STOP, True, 1, (End.TERMINATE,)),
    ],
)
def test_what_has_stopped_on_time_needs_only_its_end(
    tags: dict[str, str], is_stopped: bool, late: int, needed: tuple[End, ...]
) -> None:
    """Once it has stopped at its end date, nothing has to stop it any more."""
    now = END + timedelta(hours=late)
    assert needed_ends(END, tags, is_stopped=is_stopped, now=now) == needed
    if tags:
        assert needed_ends(None, tags, is_stopped=True, now=now) == (End.STOP, End.TERMINATE)
