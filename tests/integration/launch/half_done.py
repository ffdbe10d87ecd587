"""Breaks one launch into a fresh account at one request, and looks at what is left.

Then the same person types one more command, and the account is looked at: every instance has its
end date and its backstop, and what is shared works for the next launch.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

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
SAMPLED_READS = (
    "ec2:DescribeSubnets",
    "iam:GetRole",
    "ec2:DescribeInstances",
    "ec2:DescribeVolumes",
)
KILLED = -9
FOR_EVER = 1_000


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


def break_and_launch_again(case: Case, *, account: Account, spawn: Program, proxy: Proxy) -> None:
    """Break one launch, type the same again, and fail for anything that is left half-done."""
    first = broken_launch(case, spawn, proxy)
    assert not [one for one in account.billable() if one.shutdown_behavior != "terminate"]
    if not case.kills and first.code != 0:
        assert account.billable() == [], "a launch that fails ends what it made"
    again = spawn(*WORDS)
    assert again.code == 0, again.stderr
    assert_all_will_end(account)
    assert again.stdout.strip() in {one.instance_id for one in account.billable()}
