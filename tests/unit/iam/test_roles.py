"""Roles named by content: what is in the name, what is used again, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.iam import AttachedBoundary, InlinePolicy, InstanceProfile, Role
from spawn.aws.questions import Absent, Known, Unseen
from spawn.core.errors import InputError, RefusedByControl
from spawn.iam.documents import PolicyDocument, allow, canonical_json
from spawn.iam.role_plan import RolePlan, plan_role
from spawn.iam.roles import RoleFacts, WantedRole, trust_of, wanted_role

BOUNDARY = "arn:aws:iam::123456789012:policy/spawn/boundary"
MANAGED = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
REGION = "us-east-1"
TAGS = {"spawn": "true", "spawn:launch-id": "l-1", "owner": "ana|dev"}


def reading(*resources: str) -> PolicyDocument:
    """Return a policy that reads objects."""
    return PolicyDocument(statements=(allow(("s3:GetObject",), resources),))


def wanted(**changes: Any) -> WantedRole:
    """Return a role with something of everything."""
    arguments = {
        "documents": [reading("arn:aws:s3:::b/*")],
        "managed": [MANAGED],
        "partition": "aws",
        "boundary": BOUNDARY,
        **changes,
    }
    role = wanted_role(**arguments)
    assert role is not None
    return role


def role_of(plan: WantedRole, **changes: Any) -> Role:
    """Return the role as AWS would answer it."""
    return Role(
        **{
            "role_name": plan.name,
            "path": "/spawn/",
            "arn": plan.arn(partition="aws", account="123456789012"),
            "assume_role_policy_document": json.loads(canonical_json(plan.trust)),
            "permissions_boundary": AttachedBoundary(permissions_boundary_arn=BOUNDARY),
            **changes,
        }
    )


def profile_of(plan: WantedRole, **changes: Any) -> InstanceProfile:
    """Return the instance profile as AWS would answer it."""
    return InstanceProfile(
        **{
            "instance_profile_name": plan.name,
            "path": "/spawn/",
            "arn": plan.profile_arn(partition="aws", account="123456789012"),
            "roles": (role_of(plan),),
            **changes,
        }
    )


def facts_of(plan: WantedRole, **changes: Any) -> RoleFacts:
    """Return the facts about a role that is wholly there."""
    assert plan.inline is not None
    document = json.loads(canonical_json(plan.inline))
    return RoleFacts(
        **{
            "role": Known(role_of(plan)),
            "inline_names": Known(("spawn",)),
            "inline": Known(InlinePolicy(policy_name="spawn", policy_document=document)),
            "attached": Known(plan.managed),
            "profile": Known(profile_of(plan)),
            **changes,
        }
    )


NOTHING = RoleFacts(
    role=Absent(), inline_names=Absent(), inline=Absent(), attached=Absent(), profile=Absent()
)


def planned(facts: RoleFacts, role: WantedRole | None = None) -> RolePlan:
    """Return the plan for a role."""
    return plan_role(role or wanted(), facts, region=REGION, tags=TAGS)


def operations(plan: RolePlan) -> tuple[list[str], list[str]]:
    """Return the operations of both stages."""
    return [step.operation for step in plan.create], [step.operation for step in plan.fill]


CREATE = ["iam:CreateRole", "iam:CreateInstanceProfile"]
FILL = ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:AddRoleToInstanceProfile"]


def test_nothing_asked_is_no_role() -> None:
    """An instance gets no role unless one is asked for."""
    assert wanted_role([], partition="aws", boundary=BOUNDARY) is None


@given(resources=st.lists(st.text(max_size=5), min_size=1, max_size=3, unique=True))
def test_the_name_does_not_know_order(resources: list[str]) -> None:
    """The same policies in another order are the same role."""
    one = wanted(documents=[reading(*resources), reading("x")], managed=[MANAGED, "arn:b"])
    other = wanted(
        documents=[reading("x"), reading(*reversed(resources))], managed=["arn:b", MANAGED, MANAGED]
    )
    assert one.name == other.name


def test_the_name_knows_all_content() -> None:
    """Any change of what the role may do, or who may assume it, is another role."""
    roles = [
        wanted(),
        wanted(documents=[reading("arn:aws:s3:::b/x")]),
        wanted(documents=[]),
        wanted(managed=[]),
        wanted(managed=["arn:aws:iam::aws:policy/Other"]),
        wanted(boundary=None),
        wanted(boundary=f"{BOUNDARY}-2"),
        wanted(partition="aws-cn"),
    ]
    assert len({role.name for role in roles}) == len(roles)
    for role in roles:
        assert role.name.startswith("spawn-")
        assert len(role.name) == len("spawn-") + 32


def test_the_name_is_kept_between_versions() -> None:
    """Roles that are out there are found again: what is hashed changes only with its format."""
    assert wanted().name == "spawn-e24e9aa83f2cb767dde0a3dc5d12b9c0"


def test_policies_too_long_for_one_role_are_refused() -> None:
    """Policies that are short enough one by one may be too long together."""
    long = reading(*(f"arn:aws:s3:::b/{n:0200}" for n in range(30)))
    other = reading(*(f"arn:aws:s3:::c/{n:0200}" for n in range(30)))
    with pytest.raises(InputError, match="--iam-policy"):
        wanted(documents=[long, other])


def test_a_role_that_is_not_there_is_made_whole() -> None:
    """Everything that was asked for is in the requests, and nothing is ever undone."""
    role = wanted()
    plan = planned(NOTHING)
    assert operations(plan) == (CREATE, FILL)
    made, profile = plan.create
    put, attach, add = plan.fill
    assert made.parameters["RoleName"] == profile.parameters["InstanceProfileName"] == role.name
    assert made.parameters["Path"] == profile.parameters["Path"] == "/spawn/"
    assert made.parameters["PermissionsBoundary"] == BOUNDARY
    assert json.loads(made.parameters["AssumeRolePolicyDocument"])["Statement"] == [
        {
            "Action": ["sts:AssumeRole"],
            "Effect": "Allow",
            "Principal": {"Service": ["ec2.amazonaws.com"]},
        }
    ]
    assert put.parameters["PolicyName"] == "spawn"
    assert put.parameters["PolicyDocument"] == canonical_json(reading("arn:aws:s3:::b/*"))
    assert attach.parameters == {"RoleName": role.name, "PolicyArn": MANAGED}
    assert add.parameters == {"InstanceProfileName": role.name, "RoleName": role.name}
    for step in (*plan.create, *plan.fill):
        assert (step.undo, step.region) == (None, REGION)
    for step in plan.create:
        assert step.collides == ("EntityAlreadyExists",)
    for step in plan.fill:
        assert "NoSuchEntity" in {retry.code for retry in step.retries}
    assert add.collides == ("LimitExceeded",)


def test_tags_are_written_as_iam_takes_them() -> None:
    """EC2 takes any character in a tag, IAM does not: one it refuses must not stop a launch."""
    for step in planned(NOTHING).create:
        assert {"Key": "owner", "Value": "ana_dev"} in step.parameters["Tags"]
        assert {"Key": "spawn:launch-id", "Value": "l-1"} in step.parameters["Tags"]


def test_a_role_that_reads_back_equal_is_used() -> None:
    """A warm launch writes nothing to IAM."""
    plan = planned(facts_of(wanted()))
    assert plan.reused
    assert "read back" in plan.sentences[0]


def test_the_answer_may_come_in_another_order_or_undecoded() -> None:
    """What IAM answers is compared as a policy, not as text."""
    role = wanted()
    shuffled = '{"Statement": {"Resource": "arn:aws:s3:::b/*", "Action": ["s3:GetObject"],'
    policy = InlinePolicy(
        policy_name="spawn",
        policy_document=f'{shuffled} "Effect": "Allow"}}, "Version": "2012-10-17"}}',
    )
    assert planned(facts_of(role, inline=Known(policy))).reused


@pytest.mark.parametrize(
    ("missing", "create", "fill"),
    [
        ({"role": Absent(), "inline_names": Absent(), "inline": Absent(), "attached": Absent(),
          "profile": Known(profile_of(wanted(), roles=()))}, CREATE[:1], FILL),
        ({"profile": Absent()}, CREATE[1:], FILL[2:]),
        ({"profile": Known(profile_of(wanted(), roles=()))}, [], FILL[2:]),
        ({"attached": Known(())}, [], FILL[1:2]),
        ({"inline_names": Known(()), "inline": Absent()}, [], FILL[:1]),
    ],
    ids=["role", "profile", "role in profile", "attached policy", "inline policy"],
)  # fmt: skip
def test_what_an_interrupted_launch_left_is_completed(
    missing: dict[str, Any], create: list[str], fill: list[str]
) -> None:
    """Only the missing pieces are made."""
    assert operations(planned(facts_of(wanted(), **missing))) == (create, fill)


def _other_trust() -> dict[str, Any]:
    trust: dict[str, Any] = json.loads(canonical_json(trust_of("ec2.amazonaws.com")))
    trust["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "sts:AssumeRole"}
    )
    return trust


def _role(**changes: Any) -> dict[str, Any]:
    return {"role": Known(role_of(wanted(), **changes))}


def _inline(document: object) -> dict[str, Any]:
    return {"inline": Known(InlinePolicy(policy_name="spawn", policy_document=document))}


_DENIED = Unseen("iam:Something", "denied by a service control policy")
_OTHER_ROLE = role_of(wanted(), role_name="admin")
TAMPERED: dict[str, tuple[dict[str, Any], str]] = {
    "another trust": (_role(assume_role_policy_document=_other_trust()), "trust"),
    "an unreadable trust": (_role(assume_role_policy_document="%7B"), "trust"),
    "no trust": (_role(assume_role_policy_document=None), "trust"),
    "no boundary": (_role(permissions_boundary=None), "boundary is none"),
    "another boundary": (
        _role(permissions_boundary=AttachedBoundary(permissions_boundary_arn="arn:other")),
        "boundary is arn:other",
    ),
    "another path": (_role(path="/"), "path is /,"),
    "an edited inline policy": (
        _inline(json.loads(canonical_json(reading("*")))),
        "says something else",
    ),
    "an unreadable inline policy": (_inline({"Statement": []}), "says something else"),
    "a second inline policy": ({"inline_names": Known(("spawn", "extra"))}, "'extra'"),
    "a revocation": (
        {"inline_names": Known(("spawn", "spawn-revoke-7"))},
        "revoked in an incident",
    ),
    "another attached policy": (
        {"attached": Known((MANAGED, "arn:aws:iam::aws:policy/AdministratorAccess"))},
        "AdministratorAccess",
    ),
    "another role in the profile": (
        {"profile": Known(profile_of(wanted(), roles=(_OTHER_ROLE,)))},
        "holds the role admin",
    ),
    "another path of the profile": ({"profile": Known(profile_of(wanted(), path="/x/"))}, "/x/"),
    **{
        f"{fact} unseen": ({fact: _DENIED}, "iam:Something")
        for fact in ("role", "inline_names", "inline", "attached", "profile")
    },
}


@pytest.mark.parametrize("case", TAMPERED)
def test_anything_else_is_refused(case: str) -> None:
    """A role of the right name with other content is never used, never repaired."""
    changes, why = TAMPERED[case]
    with pytest.raises(RefusedByControl) as refusal:
        planned(facts_of(wanted(), **changes))
    assert refusal.value.controls == ("IAM-ROLE-TAMPERED",)
    assert refusal.value.exit_code == 3
    assert why in refusal.value.why
    assert wanted().name in refusal.value.next_command


def test_a_foreign_profile_without_its_role_is_refused() -> None:
    """A profile that waits under the name for its role, with another role in it, is a trap."""
    foreign = Known(profile_of(wanted(), roles=(_OTHER_ROLE,)))
    facts = RoleFacts(
        role=Absent(), inline_names=Absent(), inline=Absent(), attached=Absent(), profile=foreign
    )
    with pytest.raises(RefusedByControl, match="not as spawn makes it"):
        planned(facts)


def test_an_inline_policy_where_none_is_wanted_is_refused() -> None:
    """A role of attached policies alone has no policy inside it, not even one of spawn's name."""
    role = wanted(documents=[])
    document = json.loads(canonical_json(reading("*")))
    facts = RoleFacts(
        role=Known(role_of(role)),
        inline_names=Known(("spawn",)),
        inline=Known(InlinePolicy(policy_name="spawn", policy_document=document)),
        attached=Known(role.managed),
        profile=Known(profile_of(role)),
    )
    with pytest.raises(RefusedByControl) as refusal:
        planned(facts, role)
    assert "'spawn'" in refusal.value.why
