"""A request that is denied, throttled or cut off, wherever it stands, leaves nothing half-done."""

from __future__ import annotations

import pytest

from tests.integration.launch.account import Account
from tests.integration.launch.half_done import (
    FOR_EVER,
    SAMPLED_READS,
    WRITES,
    Case,
    break_and_launch_again,
    broken_launch,
)
from tests.tools.faults import Effect, Moment
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

# Persistent refusals are asked again for some ten seconds: tried where most hangs on it.
DECISIVE = ("iam:CreateRole", "ec2:RunInstances", "scheduler:CreateSchedule")


def cases() -> list[Case]:
    """Return every write denied and cut once; where most hangs on it, for as long as it takes."""
    return [
        *(Case(one, Effect.CUT, Moment.AFTER) for one in WRITES),
        *(Case(one, Effect.DENY, times=FOR_EVER) for one in (*WRITES, *SAMPLED_READS)),
        *(Case(one, Effect.THROTTLE, times=FOR_EVER) for one in DECISIVE),
        *(Case(one, Effect.CUT, when, times=FOR_EVER) for one in DECISIVE for when in Moment),
    ]


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_launch_takes_back_what_it_made(
    case: Case, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """It succeeds all the same or ends its instance, and the same launch again succeeds."""
    break_and_launch_again(case, account=account, spawn=spawn, proxy=proxy)


def test_a_record_that_was_not_written_is_written_later(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Without the registry the launch succeeds, and the next command records it, once."""
    case = Case("dynamodb:TransactWriteItems", Effect.DENY, times=FOR_EVER)
    launched = broken_launch(case, spawn, proxy)
    assert launched.code == 0, launched.stderr
    assert account.records() == []
    assert spawn("list").code == 0
    instance_id = launched.stdout.strip()
    assert {item["instance_id"]["S"] for item in account.records()} == {instance_id}
    proxy.forget()
    assert spawn("list").code == 0
    assert not [one for one in proxy.records if not one.call.is_read]
