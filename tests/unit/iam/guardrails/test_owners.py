"""The owner-only policy compares with what spawn writes, for each way in which people sign."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.sts import identity
from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.evaluation import Decision, PolicySet, Request, compile_policy, decide
from spawn.iam.guardrails.catalog import named, written
from spawn.iam.guardrails.model import Caller
from spawn.iam.managed import default_boundary_arn
from tests.unit.iam.guardrails.requests import (
    ACCOUNT,
    EVERYTHING,
    INSTANCE,
    NEW_INSTANCE,
    WISHES,
    Keys,
    asks,
    tagged,
)

ROWS = named(["owners", "backstops"])
VOLUME = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-0123456789abcdef0"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/spawn/spawn-0"
FOR = {
    caller: tuple(
        compile_policy(written(row, replace(WISHES, caller=caller)).document, name=row.name)
        for row in ROWS
    )
    for caller in Caller
}
by_caller = pytest.mark.parametrize("caller", Caller)
CHANGES = (
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifyInstanceMetadataOptions",
    "ec2:RebootInstances",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "ec2-instance-connect:SendSSHPublicKey",
    "ssm:StartSession",
    "ec2:CreateTags",
    "ec2:DeleteTags",
)


def judged(request: Request, caller: Caller) -> Decision:
    """Judge what somebody asks who may do everything else."""
    return decide(request, PolicySet(identity=(EVERYTHING, *FOR[caller])))


@by_caller
@pytest.mark.parametrize("action", CHANGES)
def test_people_change_and_enter_only_what_is_their_own(caller: Caller, action: str) -> None:
    """One's own instance is changed, ended and entered; another's, and nobody's, is not."""
    tags: Keys = {"aws:tagkeys": "spawn:expires-at"}
    for owner, is_own in (("ana", True), ("ben", False), ("*", False), ("", False), (None, False)):
        request = asks(action, INSTANCE, tagged(owner, spawn="true") | tags, caller=caller)
        assert judged(request, caller).is_allowed is is_own, owner


@by_caller
def test_another_persons_disk_is_not_copied(caller: Caller) -> None:
    """A snapshot is taken of one's own volumes only."""
    for owner, is_own in (("ana", True), ("ben", False)):
        request = asks("ec2:CreateSnapshot", VOLUME, tagged(owner), caller=caller)
        assert judged(request, caller).is_allowed is is_own


@by_caller
def test_nobody_launches_in_anothers_name(caller: Caller) -> None:
    """An instance gets its launcher's name, or is not launched; its tags at birth are allowed."""
    for owner, is_own in (("ana", True), ("ben", False)):
        launch: Keys = {"aws:requesttag/owner": owner, "aws:requesttag/spawn": "true"}
        birth: Keys = launch | {
            "ec2:createaction": "RunInstances",
            "aws:tagkeys": ("owner", "spawn"),
        }
        for request in (
            asks("ec2:RunInstances", NEW_INSTANCE, launch, caller=caller),
            asks("ec2:CreateTags", NEW_INSTANCE, birth, caller=caller),
        ):
            assert judged(request, caller).is_allowed is is_own
    nameless = asks("ec2:RunInstances", NEW_INSTANCE, {}, caller=caller)
    assert not judged(nameless, caller).is_allowed


@by_caller
def test_nobody_gives_away_what_they_own(caller: Caller) -> None:
    """An owner's tag is neither changed nor taken off, also not with all others at once."""
    own = tagged("ana", spawn="true")
    given_away = own | {"aws:requesttag/owner": "ben", "aws:tagkeys": "owner"}
    assert not judged(
        asks("ec2:CreateTags", INSTANCE, given_away, caller=caller), caller
    ).is_allowed
    some: Keys = {"aws:tagkeys": ("owner", "spawn:hold")}
    every: Keys = {}
    for keys in (some, every):
        taken_off = asks("ec2:DeleteTags", INSTANCE, own | keys, caller=caller)
        assert not judged(taken_off, caller).is_allowed
    hold = asks("ec2:DeleteTags", INSTANCE, own | {"aws:tagkeys": "spawn:hold"}, caller=caller)
    assert judged(hold, caller).is_allowed


@by_caller
def test_the_end_of_anothers_instance_is_not_scheduled(caller: Caller) -> None:
    """To the Scheduler only one's own backstop role is passed, with a boundary or without."""
    place = {"partition": "aws", "account": ACCOUNT}
    to_scheduler = {"iam:passedtoservice": "scheduler.amazonaws.com"}
    for boundary in (None, default_boundary_arn(**place)):
        for owner, is_own in (("ana", True), ("ben", False), ("cleo", False)):
            role = wanted_backstop_role(owner, **place, boundary=boundary).arn(**place)
            request = asks("iam:PassRole", role, to_scheduler, caller=caller)
            assert judged(request, caller).is_allowed is is_own
    assert not judged(asks("iam:PassRole", ROLE, to_scheduler, caller=caller), caller).is_allowed
    theirs = wanted_backstop_role("cleo", **place, boundary=None).arn(**place)
    stranger = asks("iam:PassRole", theirs, to_scheduler, name="cleo", caller=caller)
    assert not judged(stranger, caller).is_allowed
    to_ec2 = asks("iam:PassRole", ROLE, {"iam:passedtoservice": "ec2.amazonaws.com"}, caller=caller)
    assert judged(to_ec2, caller).is_allowed


@by_caller
@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:TagRole"])
def test_no_role_is_made_in_anothers_name(caller: Caller, action: str) -> None:
    """What the boundary lets a role end goes by its tag: that is its maker's, and stays."""
    for owner, is_own in (("ana", True), ("ben", False)):
        request = asks(action, ROLE, {"aws:requesttag/owner": owner}, caller=caller)
        assert judged(request, caller).is_allowed is is_own
    assert not judged(asks(action, ROLE, {}, caller=caller), caller).is_allowed
    assert not judged(asks("iam:UntagRole", ROLE, {}, caller=caller), caller).is_allowed


@pytest.mark.parametrize(
    ("session", "owner"), [("mariana", "ana"), ("ana", "an"), ("ana@x", "ana"), ("ana", "-")]
)
def test_a_session_is_told_by_its_whole_name(session: str, owner: str) -> None:
    """A name that begins or ends as another's is not taken for theirs."""
    context = tagged(owner)
    request = asks("ec2:StopInstances", INSTANCE, context, name=session, caller=Caller.SSO)
    assert not judged(request, Caller.SSO).is_allowed


# IAM API Reference, CreateUser; STS API Reference, AssumeRole: both take these and commas, which
# spawn writes otherwise (as it does with what looks like that), so that those own nothing here.
names = st.text(string.ascii_letters + string.digits + "_+.@-", min_size=2, max_size=64)


@given(name=names)
@pytest.mark.parametrize("caller", Caller)
def test_what_spawn_writes_is_what_the_policy_compares_with(caller: Caller, name: str) -> None:
    """For whoever signs, the owner that spawn writes is the one whose instances they may end."""
    request = asks("ec2:TerminateInstances", INSTANCE, name=name, caller=caller)
    owner = identity({"Arn": request.principal, "Account": ACCOUNT, "UserId": "x"}).owner
    own = asks(
        "ec2:TerminateInstances", INSTANCE, tagged(owner, spawn="true"), name=name, caller=caller
    )
    assert judged(own, caller).is_allowed
