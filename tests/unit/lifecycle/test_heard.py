"""What is believed of a console: nothing that would make a verdict better."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.instants import format_instant
from spawn.lifecycle.heard import (
    Heard,
    HeardState,
    expected_order,
    judge_heard,
    read_console,
)
from spored.orders import order_id
from tests.unit.lifecycle.builders import NOW

UNTIL = NOW + timedelta(hours=2)
TAGS = {"spawn": "true", "owner": "alice", "spawn:expires-at": format_instant(UNTIL)}
LONG_AGO = NOW - timedelta(days=1)


def beat(
    number: int = 7,
    *,
    at: datetime = NOW - timedelta(seconds=20),
    doing: str = "watching",
    until: datetime = UNTIL,
    tags: dict[str, str] | None = None,
    key: str = "SHA256:" + "a" * 43,
) -> str:
    order = expected_order(TAGS if tags is None else tags)
    return (
        f"\r\nspored: {number} {format_instant(at)} {doing} until {format_instant(until)}"
        f" order {order} {key}\r\n"
    )


def heard(
    text: str, tags: dict[str, str] | None = None, *, started_at: datetime = LONG_AGO
) -> Heard:
    return judge_heard(read_console(text), TAGS | (tags or {}), started_at=started_at, now=NOW)


def test_the_last_heartbeat_counts() -> None:
    """Of a whole console the last line of the agent's tells what it does, and until when."""
    text = f"[ 1.2] kernel\n{beat(1, doing='preparing')}login: {beat(2)}Cloud-init finished\n"
    found = heard(text)
    assert found.state is HeardState.HEARD
    assert (found.sequence, found.doing, found.until) == (2, "watching", UNTIL)
    assert found.at == NOW - timedelta(seconds=20)
    assert found.difference == ""


@pytest.mark.parametrize("doing", ["powering off", "held", "asking", "forcing"])
def test_every_state_is_read(doing: str) -> None:
    """States of one word and of two are read alike."""
    assert heard(beat(doing=doing)).doing == doing


def test_a_heartbeat_without_a_host_key_is_one() -> None:
    """The agent speaks before the host key is made, and that counts."""
    assert heard(beat(key="")).state is HeardState.HEARD


@pytest.mark.parametrize(
    "line",
    [
        "spored: x 2026-01-27T11:59:40Z watching until 2026-01-27T14:00:00Z order 01234567",
        "spored: 7 2026-01-27 watching until 2026-01-27T14:00:00Z order 01234567",
        "spored: 7 2026-01-27T11:59:40Z watching until for ever order 01234567",
        "spored: 7 2026-01-27T11:59:40Z watching until 2026-99-27T14:00:00Z order 01234567",
        "spored: 7 2026-01-27T11:59:40Z watching until 2026-01-27T14:00:00Z order 0123456",
        "spored: 7 2026-01-27T11:59:40Z WATCHING! until 2026-01-27T14:00:00Z order 01234567",
        "user: spored: 7 2026-01-27T11:59:40Z watching until 2026-01-27T14:00:00Z order 01234567",
        "spored: order: 01234567 until 2026-01-27T14:00:00Z",
    ],
)
def test_what_is_not_wholly_a_heartbeat_is_none(line: str) -> None:
    """A line that the agent would not write says nothing."""
    assert read_console(f"{line}\n").heartbeat is None


@given(st.text(max_size=300), st.text(max_size=50))
def test_no_console_fails(text: str, noise: str) -> None:
    """A console may hold anything: it is read, and nothing is raised."""
    for shown in (text, f"{beat()}{noise}", f"spored: completed: {text}", f"spored: {text}"):
        read_console(shown)
        assert heard(shown).state in HeardState


@pytest.mark.parametrize(
    ("age", "started", "state"),
    [
        (timedelta(minutes=3), LONG_AGO, HeardState.HEARD),
        (timedelta(minutes=3, seconds=1), LONG_AGO, HeardState.SILENT),
        (timedelta(days=2), LONG_AGO, HeardState.SILENT),
        (timedelta(days=2), NOW - timedelta(minutes=2), HeardState.UNKNOWN),
        (timedelta(minutes=-4), LONG_AGO, HeardState.HEARD),
        (timedelta(minutes=-6), LONG_AGO, HeardState.UNKNOWN),
    ],
)
def test_an_agent_is_silent_after_three_minutes(
    age: timedelta, started: datetime, state: HeardState
) -> None:
    """Three heartbeats that fail to come are a silence; a time in the future means nothing."""
    found = heard(beat(at=NOW - age), started_at=started)
    assert found.state is state
    assert (found.why != "") is (state is not HeardState.HEARD)


@pytest.mark.parametrize(
    ("started", "state"),
    [(timedelta(minutes=2), HeardState.UNKNOWN), (timedelta(minutes=4), HeardState.SILENT)],
)
def test_one_that_was_never_heard_has_three_minutes(started: timedelta, state: HeardState) -> None:
    """A boot is no silence; after it, nothing heard is one."""
    found = heard("[ 0.0] Linux\n", started_at=NOW - started)
    assert (found.state, found.at, found.sequence) == (state, None, None)


def test_the_order_is_the_agents_own() -> None:
    """What is expected of a heartbeat is what the agent itself makes of the tags it follows."""
    assert expected_order(TAGS) == order_id({"spawn:expires-at": TAGS["spawn:expires-at"]})
    more = {"spawn:hold": "case-7", "spawn:idle-timeout": "1h", "spawn:on-complete": "terminate"}
    assert expected_order(TAGS | more) == order_id(
        {"spawn:expires-at": TAGS["spawn:expires-at"], **more}
    )


@pytest.mark.parametrize(
    ("text", "tags", "words"),
    [
        (beat(until=NOW + timedelta(days=9)), {}, "it has read its tags, and yet ends at"),
        (beat(until=NOW + timedelta(hours=1)), {}, "it has read its tags, and yet ends at"),
        (beat(), {"spawn:expires-at": "2026-01-28T14:00:00Z"}, "other orders than its tags give"),
        (beat(), {"spawn:hold": "case-7"}, "other orders than its tags give"),
        (beat(tags={}), {}, "other orders than its tags give"),
    ],
)
def test_an_agent_that_goes_its_own_way_is_noticed(
    text: str, tags: dict[str, str], words: str
) -> None:
    """An end date or orders other than the tags' are a warning, whatever else is fine."""
    found = heard(text, tags)
    assert found.state is HeardState.HEARD
    assert words in found.difference


def test_notice_is_no_difference() -> None:
    """An end that was brought nearer is followed with a quarter of an hour's notice."""
    soon = {"spawn:expires-at": format_instant(NOW + timedelta(minutes=2))}
    tags = TAGS | soon
    at = NOW - timedelta(seconds=20)
    in_time = beat(at=at, until=at + timedelta(minutes=15), tags=tags)
    assert heard(in_time, soon).difference == ""
    late = beat(at=at, until=at + timedelta(minutes=16), tags=tags)
    assert heard(late, soon).difference != ""


def test_a_held_agent_has_no_end_date_to_differ() -> None:
    """While it is held the date in its heartbeat is one that it does not go by."""
    tags = TAGS | {"spawn:hold": "x"}
    text = beat(doing="held", until=NOW + timedelta(minutes=1), tags=tags)
    assert heard(text, {"spawn:hold": "x"}).difference == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"status": "success", "message": "42 frames"}', ("success", "42 frames")),
        ('{"status": "failed"}', ("failed", "")),
        ('{"status": "a\\nb\\u001b[2J", "message": "\\u202e"}', ("a\\nb\\x1b[2J", "\\u202e")),
        ('{"status": "' + "x" * 99 + '", "message": "' + "y" * 900 + '"}', ("x" * 32, "y" * 500)),
    ],
)
def test_a_completion_is_bounded_and_harmless(text: str, expected: tuple[str, str]) -> None:
    """Status and message are taken as printable text of a bounded length."""
    found = heard(f"{beat()}spored: completed: {text}\r\n{beat(8)}")
    assert found.completion is not None
    assert (found.completion.status, found.completion.message) == expected
    assert found.sequence == 8


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"message": "x"}', '{"status": 7}', '{"status": null}', "null"]
)
def test_what_is_no_completion_is_none(text: str) -> None:
    """Anything that is not the agent's own form has not completed."""
    assert read_console(f"spored: completed: {text}\n").completion is None


@given(st.text(), st.text())
def test_whatever_is_said_is_printable(status: str, message: str) -> None:
    """However it is written, what comes out can stand in a record and on a line."""
    text = json.dumps({"status": status, "message": message})
    said = read_console(f"spored: completed: {text}\n").completion
    pairs = () if said is None else ((said.status, 32), (said.message, 500))
    for shown, longest in pairs:
        assert shown.isascii()
        assert shown.isprintable()
        assert len(shown) <= longest


def test_a_forged_heartbeat_does_not_make_an_end_date() -> None:
    """What the console says of an end is shown beside what the tags say, never in its place."""
    found = heard(beat(until=NOW + timedelta(days=9999)))
    assert found.until != UNTIL
    assert found.difference


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("waiting", "ready"), "ready"),
        (("ready", "failed: API_KEY: ResourceNotFoundException: no"), "failed: API_KEY: Res"),
        (("ready: the old value stays: API_KEY: no",), "ready: the old value stays: API_KEY: no"),
        (("ready", "fine"), "ready"),
        (("failed: \x1b[31mred",), ""),
        (("failed: " + "x" * 600,), ""),
    ],
)
def test_the_last_word_on_secrets_counts(lines: tuple[str, ...], expected: str) -> None:
    """What the agent says of its secrets is told; what it would not write says nothing."""
    text = beat() + "".join(f"spored: secrets: {line}\r\n" for line in lines)
    assert heard(text).secrets.startswith(expected)
    assert bool(heard(text).secrets) is bool(expected)


def test_an_sshd_that_is_not_as_ordered_is_told() -> None:
    """What sshd did not take at boot is known as long as the console shows it, escapes apart."""
    said = "spored: sshd does not take 00-spawn: line 3: Bad configuration option: Nonsense"
    assert heard(f"{said}\r\n{beat()}").sshd == said.removeprefix("spored: ")
    assert heard(f"{said}\r\n").sshd == said.removeprefix("spored: ")
    assert heard(f"{said}\x1b[2J\r\n{beat()}").sshd == ""
    assert heard(beat()).sshd == ""
