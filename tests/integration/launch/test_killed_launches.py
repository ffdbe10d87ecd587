"""A launch that is killed, wherever it stands, leaves nothing that costs without an end."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.launch.account import Account
from tests.integration.launch.half_done import (
    SAMPLED_READS,
    WORDS,
    WRITES,
    Case,
    assert_all_will_end,
    break_and_launch_again,
    broken_launch,
)
from tests.tools.faults import Effect, Moment
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

# What is sent side by side begins with these: killed before, nothing of the stage may be done.
FIRST_OF_A_STAGE = (
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "ec2:RunInstances",
    "scheduler:CreateSchedule",
)


def cases() -> list[Case]:
    """Return a kill after every write, and one before each stage and each sampled read."""
    each_write = [(operation, nth + 1) for operation, many in WRITES.items() for nth in range(many)]
    return [
        *(Case(one, Effect.CUT, Moment.AFTER, nth=nth, kills=True) for one, nth in each_write),
        *(Case(one, Effect.CUT, kills=True) for one in (*FIRST_OF_A_STAGE, *SAMPLED_READS)),
    ]


@pytest.mark.usefixtures("account")
def test_every_write_has_its_kill_points(spawn: Program, proxy: Proxy) -> None:
    """A write that joins the launch must be broken here, too."""
    assert spawn(*WORDS).code == 0
    sent = Counter(one.call.key for one in proxy.records if not one.call.is_read)
    assert sent == WRITES


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_next_launch_makes_it_good(
    case: Case, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """The same launch again succeeds, and then all that costs has an end date and a backstop."""
    break_and_launch_again(case, account=account, spawn=spawn, proxy=proxy)


@pytest.mark.parametrize("command", [("list",), ("list", "--region", "us-east-1", "-o", "json")])
@pytest.mark.parametrize("operation", ["ec2:RunInstances", "scheduler:CreateSchedule"])
def test_a_listing_makes_it_good(
    operation: str, command: tuple[str, ...], *, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Killed after the instance was made: `spawn list` shows it, gives it its backstop, says so."""
    moment = Moment.AFTER if operation == "ec2:RunInstances" else Moment.BEFORE
    broken_launch(Case(operation, Effect.CUT, moment, kills=True), spawn, proxy)
    (orphan,) = account.billable()
    assert orphan.backstop_at is None
    listed = spawn(*command)
    assert listed.code == 0, listed.stderr
    assert orphan.instance_id in listed.stdout
    assert "made good" in listed.stderr
    assert_all_will_end(account)
    assert "made good" not in spawn(*command).stderr
