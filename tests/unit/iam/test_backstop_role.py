"""The role by which schedules end an owner's instances."""

from __future__ import annotations

import json

import pytest

from spawn.aws.questions import Absent
from spawn.core.errors import InputError
from spawn.iam.backstop_role import check_owner, literal, wanted_backstop_role
from spawn.iam.breadth import broad_statements
from spawn.iam.checks import parse_identity_policy
from spawn.iam.documents import canonical_json, size
from spawn.iam.quotas import MOST_TRUST_CHARACTERS
from spawn.iam.role_plan import plan_role
from spawn.iam.roles import RoleFacts, WantedRole, role_questions

BOUNDARY = "arn:aws:iam::123456789012:policy/spawn/boundary"


def wanted(owner: str = "ana", account: str = "123456789012") -> WantedRole:
    """Return an owner's role."""
    return wanted_backstop_role(owner, partition="aws", account=account, boundary=BOUNDARY)


def test_it_ends_only_what_is_the_owners_spawns_and_not_on_hold() -> None:
    """Two actions, on instances of this account, under all three conditions."""
    role = wanted()
    assert role.inline is not None
    (statement,) = role.inline.statements
    assert statement.actions == ("ec2:StopInstances", "ec2:TerminateInstances")
    assert statement.resources == ("arn:aws:ec2:*:123456789012:instance/*",)
    assert statement.conditions == {
        "StringEquals": {"ec2:ResourceTag/owner": ("ana",), "ec2:ResourceTag/spawn": ("true",)},
        "Null": {"ec2:ResourceTag/spawn:hold": ("true",)},
    }
    parse_identity_policy(canonical_json(role.inline), flag="x", partition="aws")
    assert broad_statements(role.inline) == ()


def test_only_the_schedule_group_of_this_account_may_assume_it() -> None:
    """Somebody else's schedule can't make the scheduler use this role."""
    (statement,) = wanted().trust.statements
    assert statement.principals == {"Service": ("scheduler.amazonaws.com",)}
    assert statement.conditions == {
        "StringEquals": {"aws:SourceAccount": ("123456789012",)},
        "ArnLike": {"aws:SourceArn": ("arn:aws:scheduler:*:123456789012:schedule-group/spawn",)},
    }
    assert size(wanted().trust) <= MOST_TRUST_CHARACTERS


def test_each_owner_has_one() -> None:
    """Owners and accounts don't share a role; the same owner always finds the same one."""
    names = {wanted().name, wanted("bob").name, wanted(account="210987654321").name}
    assert len(names) == 3
    assert wanted().name in names
    assert all(name.startswith("spawn-backstop-") and len(name) <= 64 for name in names)


def test_an_owner_that_looks_like_a_variable_is_a_text() -> None:
    """An owner can't name itself everybody: what IAM would replace is written to be itself."""
    assert literal("${aws:PrincipalTag/owner}") == "${$}{aws:PrincipalTag/owner}"
    role = wanted("${*}")
    assert role.inline is not None
    assert role.inline.statements[0].conditions["StringEquals"]["ec2:ResourceTag/owner"] == (
        "${$}{*}",
    )


@pytest.mark.parametrize("owner", ["ana", "ana@example.com", "a=2Cb", "Jörg Müller"])
def test_a_role_under_a_boundary_bears_its_owners_name(owner: str) -> None:
    """Whoever IAM's tags can name has a backstop under the boundary too."""
    check_owner(owner, BOUNDARY)


def test_an_owner_whom_no_role_can_bear_is_refused_under_a_boundary() -> None:
    """The boundary would keep the backstop from ending the instance: without one it does."""
    check_owner("a!b", None)
    with pytest.raises(InputError, match="a!b"):
        check_owner("a!b", BOUNDARY)


def test_it_has_no_instance_profile() -> None:
    """No instance can be started with it: nothing asks for a profile, nothing makes one."""
    assert role_questions(wanted(), "us-east-1").profile is None
    nothing = RoleFacts(
        role=Absent(), inline_names=Absent(), inline=Absent(), attached=Absent(), profile=None
    )
    plan = plan_role(wanted(), nothing, region="us-east-1", tags={"spawn": "true"})
    assert [step.operation for step in (*plan.create, *plan.fill)] == [
        "iam:CreateRole",
        "iam:PutRolePolicy",
    ]
    trust = json.loads(plan.create[0].parameters["AssumeRolePolicyDocument"])
    assert trust["Statement"][0]["Principal"] == {"Service": ["scheduler.amazonaws.com"]}
    assert plan.create[0].parameters["PermissionsBoundary"] == BOUNDARY
