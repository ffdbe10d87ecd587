"""What the owner's next command makes good, and what it leaves alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.perform import Performer
from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.core.endings import End
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.core.steps import Parameters
from spawn.lifecycle.backstop import Behind
from spawn.lifecycle.heard import Completion, Heard, HeardState
from spawn.lifecycle.mend import MOST_LOOKED_AT, mend_backstops, mend_completions
from tests.unit.lifecycle.builders import ID, ME, NOW, OTHER_ID, behind, row, schedule
from tests.unit.lifecycle.clouds import Account, Reply, StandingClock

ALICE = Identity(account="123456789012", arn="a", user_id="u", partition="aws", owner=ME)
STOPS = {"spawn:on-expiry": "stop"}


def willing(key: str, parameters: Parameters, region: str) -> Reply:
    return {}


def mended(
    found: dict[str, Behind] | None, *rows: Any, reply: Any = willing
) -> tuple[tuple[str, ...], Account]:
    account = Account(reply)
    performer = Performer(writer=account, clock=StandingClock())
    with ThreadPoolExecutor(4) as pool:
        asker = Asker(account, pool)
        done = mend_backstops(asker, performer, rows, caller=ALICE, now=NOW, behind=found)
    return done, account


def test_what_is_right_costs_no_write() -> None:
    """Where the caller's instances have what they need, nothing is changed and nothing said."""
    done, account = mended({ID: behind(schedule())}, row())
    assert (done, account.calls) == ((), [])


@pytest.mark.parametrize(
    "of_row",
    [
        {"owner": "bob"},
        {"ClientToken": "not-of-spawn"},
        {"tags": {"spawn:hold": "x"}},
        {"state": "terminated", "ends_in": timedelta(hours=-1)},
        {"ends_in": None},
    ],
    ids=str,
)
def test_what_is_not_ours_to_mend_is_not_even_looked_at(of_row: dict[str, Any]) -> None:
    """Others' instances, held ones, and those whose tags alone say that they are ours, are left."""
    done, account = mended(None, row(**of_row))
    assert (done, account.calls) == ((), [])


def test_an_altered_schedule_is_put_right() -> None:
    """Whoever disabled it, the owner's next command switches it on again, and says so."""
    done, account = mended({ID: behind(schedule(state="DISABLED"))}, row())
    (update,) = account.called("scheduler:UpdateSchedule")
    assert (update["State"], update["Name"]) == ("ENABLED", f"spawn-{ID}")
    assert done == (
        f"spawn-{ID}: move its termination to 2026-01-27T14:05:00Z, whatever happens to it",
    )


def test_what_was_not_looked_at_is_looked_at() -> None:
    """A command that listed names only asks for the schedules of the caller's own itself."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "scheduler:GetSchedule":
            return AccessDenied("no", why="needs scheduler:GetSchedule")
        return {}

    done, account = mended(None, row(), row(OTHER_ID, owner="bob"), reply=reply)
    asked = {one["Name"] for one in account.called("scheduler:GetSchedule")}
    assert asked == {f"spawn-{ID}", f"spawn-{ID}-stop"}
    assert done == ()


def test_a_fleet_is_looked_at_up_to_a_limit() -> None:
    """However many there are, one command asks about so many of them at the most."""
    fleet = [row(f"i-{number:017x}") for number in range(MOST_LOOKED_AT + 20)]
    _, account = mended(None, *fleet, reply=lambda *_: AccessDenied("no"))
    assert len(account.called("scheduler:GetSchedule")) == 2 * MOST_LOOKED_AT


def test_a_leftover_that_would_stop_it_goes_and_is_said() -> None:
    """A schedule that would stop an instance before its end date is taken away."""
    done, account = mended({ID: behind(schedule(), schedule(End.STOP))}, row())
    (deleted,) = account.called("scheduler:DeleteSchedule")
    assert deleted["Name"] == f"spawn-{ID}-stop"
    assert len(done) == 1


def test_what_is_mended_twice_is_mended_once() -> None:
    """A schedule that was just put right is right: the next command finds nothing to do."""
    _, account = mended({ID: behind(schedule(expression="at(2026-03-01T00:00:00)"))}, row())
    (update,) = account.called("scheduler:UpdateSchedule")
    again = behind(schedule(expression=update["ScheduleExpression"]))
    assert mended({ID: again}, row())[0] == ()


def test_the_first_refusal_is_raised() -> None:
    """What could not be mended is told with AWS's reason."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        return AccessDenied("no", why="needs scheduler:UpdateSchedule")

    with pytest.raises(AccessDenied) as caught:
        mended({ID: behind(schedule(state="DISABLED"))}, row(), reply=reply)
    assert "UpdateSchedule" in caught.value.why


def test_both_schedules_are_mended_where_the_disks_are_kept() -> None:
    """Each of the two is put right for itself, and both are said."""
    off = behind(
        schedule(state="DISABLED", expression="at(2026-02-03T14:05:00)"),
        schedule(state="DISABLED"),
    )
    done, account = mended({ID: off}, row(tags=STOPS))
    assert {one["Name"] for one in account.called("scheduler:UpdateSchedule")} == {
        f"spawn-{ID}",
        f"spawn-{ID}-stop",
    }
    assert len(done) == 2


SAID = Heard(
    state=HeardState.NOT_ASKED, completion=Completion(status="success", message="42 frames")
)


def completed(heard: Heard, reply: Any = willing, **of_row: Any) -> tuple[tuple[str, ...], Account]:
    account = Account(reply)
    performer = Performer(writer=account, clock=StandingClock())
    return mend_completions(performer, [row(**of_row)], {ID: heard}), account


def test_a_completion_is_remembered_once() -> None:
    """What an instance said when it was done is written where nothing is written yet."""
    done, account = completed(SAID)
    (put,) = account.called("dynamodb:PutItem")
    assert put["Item"]["record"] == {"S": "COMPLETED"}
    assert (put["Item"]["status"], put["Item"]["message"]) == ({"S": "success"}, {"S": "42 frames"})
    assert "attribute_not_exists" in put["ConditionExpression"]
    assert done == (f"remember in spawn-instances that {ID} has completed",)


@pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "ResourceNotFoundException"])
def test_what_is_remembered_already_is_as_wanted(code: str) -> None:
    """A second command finds it written, and says nothing of it."""
    done, _ = completed(SAID, lambda *_: AwsRefusal("no", code=code))
    assert done == ()


@pytest.mark.parametrize(
    "of_row", [{"owner": "bob"}, {"ClientToken": "not-of-spawn"}], ids=["others", "by tags alone"]
)
def test_only_the_callers_own_are_remembered(of_row: dict[str, Any]) -> None:
    """What others' instances say is theirs to write down."""
    assert completed(SAID, **of_row)[1].calls == []
    assert completed(Heard(state=HeardState.HEARD))[1].calls == []
