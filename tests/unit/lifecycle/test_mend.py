"""When nothing was left behind, nothing is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.core.errors import AccessDenied
from spawn.core.steps import Parameters
from spawn.lifecycle.mend import plan_missing_backstops
from tests.unit.lifecycle.builders import ID, ME, NOW, row, summaries
from tests.unit.lifecycle.clouds import Account, Reply

ALICE = Identity(account="123456789012", arn="a", user_id="u", partition="aws", owner=ME)


def denied(key: str, parameters: Parameters, region: str) -> Reply:
    return AccessDenied("no", why=f"needs {key}")


@pytest.mark.parametrize(
    "of_row",
    [
        {"schedules": summaries(f"spawn-{ID}")},
        {"owner": "bob"},
        {"state": "terminated", "ends_in": timedelta(hours=-1)},
    ],
)
def test_a_whole_fleet_costs_no_call(of_row: dict[str, Any]) -> None:
    """Where the caller's instances have what they need, the next command is not slowed down."""
    account = Account(denied)
    with ThreadPoolExecutor(1) as pool:
        assert (
            plan_missing_backstops(Asker(account, pool), [row(**of_row)], caller=ALICE, now=NOW)
            == ()
        )
    assert account.calls == []


def test_without_the_right_to_look_nothing_is_made() -> None:
    """Which role may be used can't be guessed: what is missing is said instead."""
    with ThreadPoolExecutor(1) as pool, pytest.raises(AccessDenied) as caught:
        plan_missing_backstops(Asker(Account(denied), pool), [row()], caller=ALICE, now=NOW)
    assert "iam:GetPolicy" in caught.value.why
