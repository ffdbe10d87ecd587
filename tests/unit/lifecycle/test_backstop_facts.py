"""What stands behind instances, and which roles count as their owner's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.questions import Absent, Asker, Known, Unseen
from spawn.aws.sts import Identity
from spawn.core.endings import End
from spawn.core.errors import AccessDenied, AwsRefusal, Throttled
from spawn.core.steps import Parameters
from spawn.iam.backstop_role import backstop_role_name, wanted_backstop_role
from spawn.lifecycle.backstop import Arming, Behind, judge_backstop
from spawn.lifecycle.backstop_facts import ask_arming, ask_behind
from spawn.lifecycle.listed import BackstopState, ListedInstance
from tests.unit.lifecycle.builders import ID, ME, NOW, behind, row, schedule
from tests.unit.lifecycle.clouds import Account, Reply

ACCOUNT = "123456789012"
ALICE = Identity(account=ACCOUNT, arn="a", user_id="u", partition="aws", owner=ME)
LIMIT = f"arn:aws:iam::{ACCOUNT}:policy/our-limit"
DEFAULT = f"arn:aws:iam::{ACCOUNT}:policy/spawn/boundary"


def role_of(owner: str, boundary: str | None) -> str:
    wanted = wanted_backstop_role(owner, partition="aws", account=ACCOUNT, boundary=boundary)
    return wanted.arn(partition="aws", account=ACCOUNT)


class Cloud:
    """Answers what is asked of schedules and roles."""

    def __init__(self, role_arn: str, boundary: str | None = None, **denied: AwsRefusal) -> None:
        self.role_arn, self.boundary, self.denied = role_arn, boundary, denied

    def __call__(self, key: str, parameters: Parameters, region: str) -> Reply:
        name = key.partition(":")[2]
        if name in self.denied:
            return self.denied[name]
        if key == "scheduler:GetSchedule" and not parameters["Name"].endswith("-stop"):
            found = schedule(role=self.role_arn)
            return {
                "Name": found.name,
                "ScheduleExpression": found.schedule_expression,
                "ScheduleExpressionTimezone": "UTC",
                "State": "ENABLED",
                "Target": {
                    "Arn": found.target.arn,
                    "RoleArn": self.role_arn,
                    "Input": found.target.input,
                },
            }
        if key == "iam:GetRole":
            role = {"RoleName": parameters["RoleName"], "Path": "/spawn/", "Arn": self.role_arn}
            limit = {"PermissionsBoundaryArn": self.boundary}
            return {"Role": role | ({"PermissionsBoundary": limit} if self.boundary else {})}
        return AwsRefusal("no", code="ResourceNotFoundException")


def looked(cloud: Cloud, **of_row: Any) -> tuple[Behind, Account, ListedInstance]:
    account, one = Account(cloud), row(**of_row)
    with ThreadPoolExecutor(2) as pool:
        found = ask_behind(Asker(account, pool), (one,), caller=ALICE)()
    return found[ID], account, one


@pytest.mark.parametrize("boundary", [None, DEFAULT])
def test_the_owners_role_is_known_by_its_name(boundary: str | None) -> None:
    """A role that spawn makes for the owner counts without a look at it."""
    found, account, one = looked(Cloud(role_of(ME, boundary)))
    assert judge_backstop(found, one, now=NOW).state is BackstopState.ARMED
    assert isinstance(found.schedules[End.TERMINATE], Known)
    assert found.schedules[End.STOP] == Absent()
    assert not account.called("iam:GetRole")


def test_a_role_with_a_boundary_of_its_own_is_recognised() -> None:
    """A launch may have named a boundary: with it the role's name proves what is in it."""
    found, account, one = looked(Cloud(role_of(ME, LIMIT), LIMIT))
    assert judge_backstop(found, one, now=NOW).state is BackstopState.ARMED
    assert len(account.called("iam:GetRole")) == 1


@pytest.mark.parametrize(
    ("arn", "boundary"),
    [
        (role_of("bob", None), None),
        (role_of("bob", DEFAULT), DEFAULT),
        (role_of(ME, LIMIT), None),
        (f"arn:aws:iam::{ACCOUNT}:role/spawn/spawn-backstop-{'0' * 32}", LIMIT),
        (f"arn:aws:iam::{ACCOUNT}:role/admin", None),
        ("", None),
    ],
)
def test_any_other_role_is_found(arn: str, boundary: str | None) -> None:
    """Somebody else's role, or one of another content, would not end it: that is seen."""
    found, _, one = looked(Cloud(arn, boundary))
    judged = judge_backstop(found, one, now=NOW)
    assert judged.state is BackstopState.BROKEN
    assert "does not end its owner's instances" in judged.why


def test_a_role_that_may_not_be_looked_at_is_unknown() -> None:
    """Where the role's boundary can't be seen, nobody says that the backstop is armed."""
    denied = AccessDenied("no", why="needs iam:GetRole", operation="iam:GetRole")
    found, _, one = looked(Cloud(role_of(ME, LIMIT), LIMIT, GetRole=denied))
    judged = judge_backstop(found, one, now=NOW)
    assert judged.state is BackstopState.UNKNOWN
    assert "iam:GetRole" in judged.why


@pytest.mark.parametrize("refusal", [AccessDenied("no", why="x"), Throttled("slow down")])
def test_schedules_that_cannot_be_seen_fail_nothing(refusal: AwsRefusal) -> None:
    """Whatever keeps a schedule from being read, the answer is that it is unknown."""
    found, _, one = looked(Cloud("", GetSchedule=refusal))
    assert isinstance(found.schedules[End.TERMINATE], Unseen)
    assert judge_backstop(found, one, now=NOW).state is BackstopState.UNKNOWN


def test_the_role_is_that_of_the_instances_owner() -> None:
    """A colleague's instance is judged by the colleague's role, not by one's own."""
    found, _, one = looked(Cloud(role_of("bob", None)), owner="bob")
    assert judge_backstop(found, one, now=NOW).state is BackstopState.ARMED


def arming(account: Account, one: ListedInstance, found: Behind) -> Arming:
    wanted = ((one, found, NOW + timedelta(hours=2)),)
    with ThreadPoolExecutor(4) as pool:
        return ask_arming(Asker(account, pool), wanted, caller=ALICE, now=NOW)


def test_where_a_role_serves_nothing_is_asked() -> None:
    """An owner whose schedules act by the right role needs no right to look at roles."""
    account = Account(lambda *_: AccessDenied("no"))
    assert arming(account, row(), behind(schedule())).stages == ()
    assert account.calls == []


def test_a_missing_role_is_made_for_the_owner() -> None:
    """The role is that of the instance's owner, and bears the tags of its launch."""

    def nothing(key: str, parameters: Parameters, region: str) -> Reply:
        code = "NoSuchEntity" if key.startswith("iam:") else "ResourceNotFoundException"
        return AwsRefusal("none", code=code)

    made = arming(Account(nothing), row(owner="bob"), behind())
    assert made.role_arn == role_of("bob", None)
    operations = [step.operation for stage in made.stages for step in stage]
    assert operations == ["iam:CreateRole", "scheduler:CreateScheduleGroup", "iam:PutRolePolicy"]
    tags = made.stages[0][0].parameters["Tags"]
    assert {"Key": "owner", "Value": "bob"} in tags


def test_without_the_right_to_look_nothing_is_made() -> None:
    """Which role may be used can't be guessed: what is missing is said instead."""
    account = Account(lambda key, *_: AccessDenied("no", why=f"needs {key}"))
    with pytest.raises(AccessDenied) as caught:
        arming(account, row(), behind())
    assert "iam:GetPolicy" in caught.value.why


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (role_of(ME, None), True),
        (f"arn:aws:iam::210987654321:role/spawn/spawn-backstop-{'0' * 32}", False),
        (f"arn:aws:iam::{ACCOUNT}:role/spawn-backstop-{'0' * 32}", False),
        (f"arn:aws:iam::{ACCOUNT}:role/spawn/spawn-{'0' * 32}", False),
        (f"arn:aws:iam::{ACCOUNT}:user/spawn/spawn-backstop-{'0' * 32}", False),
        ("spawn-backstop", False),
        ("", False),
    ],
)
def test_only_spawns_names_are_roles_of_backstops(arn: str, expected: bool) -> None:
    """A role elsewhere, of another account or another kind is none by which instances end."""
    assert (backstop_role_name(arn, account=ACCOUNT) is not None) is expected
