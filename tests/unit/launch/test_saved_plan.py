"""A saved plan is applied as it was saved, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from spawn.core.errors import AccountError, InputError
from spawn.launch.plan import LaunchPlan
from spawn.launch.propose import OLDEST_PLAN, check_unchanged, read_saved_plan
from tests.unit.launch.accounts import LAUNCH_ID, NOW, fresh_account, plan_of, spec, used_account

ASKED = spec(name="builder", user_data=b"#!/bin/sh\n\x00echo\xff", iam_policies=("s3:ReadOnly",))
PLAN = plan_of(ASKED)
SAVED = msgspec.json.encode(PLAN)


def test_a_plan_is_its_own_saved_self() -> None:
    """What was saved, read back and planned anew in the same account, is the same plan."""
    saved = read_saved_plan(SAVED, now=NOW + timedelta(minutes=1))
    assert (saved.spec, saved.launch_id, saved.created_at) == (ASKED, LAUNCH_ID, NOW)
    check_unchanged(SAVED, plan_of(saved.spec, fresh_account(saved.spec)))


def other(value: Any) -> Any:
    """Return a value that is not this one, of the same kind where that is simple."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case list():
            return [*value, *value] or ["x"]
        case dict():
            return {**value, "x": 1}
        case _:
            return "x"


@pytest.mark.parametrize("member", LaunchPlan.__struct_fields__)
def test_a_changed_member_is_named(member: str) -> None:
    """Whichever part of the file was edited, the plan is refused and the part named."""
    document = msgspec.json.decode(SAVED)
    document[member] = other(document[member])
    with pytest.raises(AccountError) as refused:
        check_unchanged(msgspec.json.encode(document), PLAN)
    assert refused.value.why.startswith(f"these parts differ: {member}.")


@pytest.mark.parametrize("member", LaunchPlan.__struct_fields__)
def test_a_missing_member_is_named(member: str) -> None:
    """A part that was cut out is no more applied than one that was edited."""
    document = msgspec.json.decode(SAVED)
    del document[member]
    with pytest.raises(AccountError) as refused:
        check_unchanged(msgspec.json.encode(document), PLAN)
    assert member in refused.value.why


def test_an_added_member_is_named() -> None:
    """What spawn does not know of is not passed over."""
    with pytest.raises(AccountError, match="not what would be planned") as refused:
        check_unchanged(SAVED[:-1] + b',"extra":1}', PLAN)
    assert "extra" in refused.value.why


def test_a_changed_account_is_noticed() -> None:
    """Where somebody made the shared things meanwhile, the saved steps are no longer right."""
    with pytest.raises(AccountError) as refused:
        check_unchanged(SAVED, plan_of(ASKED, used_account(ASKED)))
    assert "prepare" in refused.value.why


@pytest.mark.parametrize("late", [OLDEST_PLAN + timedelta(seconds=1), timedelta(seconds=-1)])
def test_a_plan_is_good_for_a_quarter_of_an_hour(late: timedelta) -> None:
    """Older ones, and those from the future, are refused with the command that makes one anew."""
    read_saved_plan(SAVED, now=NOW + OLDEST_PLAN)
    with pytest.raises(InputError, match="this plan was made at") as refused:
        read_saved_plan(SAVED, now=NOW + late)
    assert "--dry-run" in refused.value.next_command


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"not json",
        SAVED[:-1],
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"," + SAVED[1:],
        SAVED.replace(b'"format":1', b'"format":2'),
        SAVED.replace(LAUNCH_ID.encode(), b"../../etc/passwd"),
        SAVED.replace(
            b'"created_at":"2026-01-27T12:00:00Z"', b'"created_at":"2026-01-27T12:00:00"'
        ),
    ],
)
def test_what_is_no_plan_is_refused(text: bytes) -> None:
    """A file of another kind or version is the person's mistake, told as such."""
    with pytest.raises(InputError):
        read_saved_plan(text, now=NOW)
