"""Whatever goes wrong in a launch, and wherever: nothing is left that costs without an end.

Each case breaks one launch into a fresh account at one request. Then the same person types one
more command, and the account is looked at: every instance has its end date and its backstop, and
what is shared works for the next launch.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import pytest

from tests.integration.launch.account import Account
from tests.integration.launch.victim import Victim
from tests.tools.faults import Effect, Fault, Moment
from tests.tools.programs import Finished, Program
from tests.tools.proxy import Proxy

WORDS = ("launch", "--iam-policy", "s3:ReadOnly", "--user-data", "echo hello", "-o", "ids")
# Every write of a cold launch, with how many of it there are.
WRITES = {
    "iam:CreateRole": 2,
    "iam:CreateInstanceProfile": 1,
    "ec2:CreateSecurityGroup": 1,
    "ec2:ImportKeyPair": 1,
    "scheduler:CreateScheduleGroup": 1,
    "dynamodb:CreateTable": 1,
    "iam:PutRolePolicy": 2,
    "iam:AddRoleToInstanceProfile": 1,
    "ec2:AuthorizeSecurityGroupIngress": 1,
    "ec2:AuthorizeSecurityGroupEgress": 1,
    "dynamodb:UpdateTimeToLive": 1,
    "dynamodb:UpdateContinuousBackups": 1,
    "ec2:RunInstances": 1,
    "scheduler:CreateSchedule": 1,
    "dynamodb:TransactWriteItems": 1,
}
SAMPLED_READS = ("ec2:DescribeSubnets", "iam:GetRole", "ec2:DescribeInstances", "ec2:DescribeVolumes")
# Persistent refusals are asked again for some ten seconds: tried where most hangs on it.
DECISIVE = ("iam:CreateRole", "ec2:RunInstances", "scheduler:CreateSchedule")
FOR_EVER = 1_000
KILLED = -9


class Case(NamedTuple):
    """What happens, to which request of an operation, and whether it happens again and again."""

    operation: str
    effect: Effect
    moment: Moment = Moment.BEFORE
    nth: int = 1
    times: int = 1
    kills: bool = False

    def __str__(self) -> str:
        """Return the case's name."""
        what = "kill" if self.kills else self.effect.name.lower()
        often = "" if self.times == 1 else " on and on"
        return f"{what}{often} {self.moment.name.lower()} {self.operation} {self.nth}"


def cases() -> list[Case]:
    """Return every case: each write killed, denied and cut; some of it for as long as it takes."""
    writes = [(operation, nth) for operation, many in WRITES.items() for nth in range(1, many + 1)]
    found = []
    for operation, nth in writes:
        found += [
            Case(operation, Effect.CUT, moment, nth=nth, kills=True) for moment in Moment
        ]
        found.append(Case(operation, Effect.DENY, nth=nth, times=FOR_EVER))
        found.append(Case(operation, Effect.CUT, Moment.AFTER, nth=nth))
    for operation in DECISIVE:
        found.append(Case(operation, Effect.THROTTLE, times=FOR_EVER))
        found += [Case(operation, Effect.CUT, moment, times=FOR_EVER) for moment in Moment]
    for operation in SAMPLED_READS:
        found += [
            Case(operation, Effect.CUT, kills=True),
            Case(operation, Effect.DENY, times=FOR_EVER),
        ]
    return found


def broken_launch(case: Case, spawn: Program, proxy: Proxy) -> Finished:
    """Return what came of a launch to which the case happened."""
    victim, happened = Victim(spawn), threading.Event()

    def strike() -> None:
        happened.set()
        if case.kills:
            victim.kill()

    fault = Fault(
        effect=case.effect,
        moment=case.moment,
        operation=case.operation,
        nth=case.nth,
        times=case.times,
        hook=strike,
    )
    proxy.place(fault)
    finished = victim.run(*WORDS)
    proxy.forget()
    assert happened.is_set(), "the launch never came so far"
    assert (finished.code == KILLED) == case.kills
    assert "Traceback" not in finished.stderr
    assert "defect" not in finished.stderr
    return finished


def assert_all_will_end(account: Account) -> None:
    """Fail for an instance that could be forgotten."""
    forgotten = [one for one in account.billable() if not one.ends_twice_over]
    assert not forgotten


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_next_launch_makes_it_good(
    case: Case, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """After the same launch again, which succeeds, all that costs has an end date and a backstop."""
    first = broken_launch(case, spawn, proxy)
    survivors = [one for one in account.billable() if one.shutdown_behavior != "terminate"]
    assert not survivors
    if not case.kills and first.code != 0:
        assert account.billable() == [], "a launch that fails ends what it made"
    again = spawn(*WORDS)
    assert again.code == 0, again.stderr
    assert_all_will_end(account)
    assert again.stdout.strip() in {one.instance_id for one in account.billable()}


@pytest.mark.parametrize("command", [("list",), ("list", "--region", "us-east-1", "-o", "json")])
@pytest.mark.parametrize("operation", ["ec2:RunInstances", "scheduler:CreateSchedule"])
def test_a_listing_makes_it_good(
    operation: str, command: tuple[str, ...], account: Account, spawn: Program, proxy: Proxy
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
    assert spawn(*command).stderr == ""


def test_a_record_that_was_not_written_is_written_later(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Where the registry can't be reached the launch succeeds; the next command records it, once."""
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
