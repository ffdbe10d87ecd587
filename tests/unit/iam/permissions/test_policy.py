"""Printed policies hold together: bounded, short enough, and nothing that the table lacks."""

from __future__ import annotations

import json

import msgspec
import pytest

from spawn.aws.table import OPERATIONS, operation
from spawn.core.denials import Denial
from spawn.core.errors import AccessDenied, InputError
from spawn.iam.documents import Effect, PolicyDocument, size
from spawn.iam.permissions.commands import ADMINISTRATION, NEEDS, commands_of, needs_of
from spawn.iam.permissions.denied import advice
from spawn.iam.permissions.policy import Scope, Variant, parts, policy
from spawn.iam.quotas import MOST_MANAGED_CHARACTERS

SCOPE = Scope(partition="aws", account="123456789012", region="eu-west-1")
BOUNDARY = "arn:aws:iam::123456789012:policy/spawn/boundary"
by_variant = pytest.mark.parametrize("variant", list(Variant))


def made(
    *commands: str, variant: Variant = Variant.WITH_BOUNDARY, owner: str = ""
) -> PolicyDocument:
    scope = msgspec.structs.replace(SCOPE, owner=owner)
    return policy([operation(need.operation) for need in needs_of(commands)], variant, scope)


def test_every_operation_is_some_commands() -> None:
    """What can be called is called by a command, whose row says so."""
    assert {need.operation for row in NEEDS.values() for need in row} == OPERATIONS.keys()


@by_variant
@pytest.mark.parametrize("command", NEEDS)
def test_each_part_is_short_enough(command: str, variant: Variant) -> None:
    """IAM takes every part as a managed policy, and the parts are the whole."""
    whole = made(command, variant=variant)
    found = parts(whole)
    assert all(size(part) <= MOST_MANAGED_CHARACTERS for part in found)
    assert tuple(each for part in found for each in part.statements) == whole.statements


def test_roles_are_made_under_the_boundary_only() -> None:
    """Each action that makes a role more than it was is bound to it; it is itself untouchable."""
    allowed = [each for each in made("launch").statements if each.effect is Effect.ALLOW]
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"):
        (statement,) = (each for each in allowed if action in each.actions)
        assert statement.conditions["ArnEquals"]["iam:PermissionsBoundary"] == (BOUNDARY,)
        assert statement.resources == ("arn:aws:iam::123456789012:role/spawn/*",)
    denied = {
        action: each.resources
        for each in made("launch").statements
        if each.effect is Effect.DENY
        for action in each.actions
    }
    assert denied["iam:CreatePolicyVersion"] == (BOUNDARY,)
    assert "iam:DeleteRolePermissionsBoundary" in denied


def test_pass_only_makes_no_role() -> None:
    """No action of IAM that writes is left, but for passing, and spot's own role."""
    actions = {
        action
        for each in made("launch", "cleanup", variant=Variant.PASS_ONLY).statements
        for action in each.actions
        if action.startswith("iam:") and not action.startswith(("iam:Get", "iam:List"))
    }
    assert actions == {"iam:PassRole", "iam:CreateServiceLinkedRole"}


@by_variant
def test_roles_are_passed_to_two_services_only(variant: Variant) -> None:
    """To EC2 any of spawn's, to the scheduler those that end instances: and to nobody else."""
    passing = [
        each
        for each in made("launch", variant=variant).statements
        if "iam:PassRole" in each.actions
    ]
    assert {
        (
            each.resources[0].rpartition(":")[2],
            each.conditions["StringEquals"]["iam:PassedToService"],
        )
        for each in passing
    } == {
        ("role/spawn/spawn-*", ("ec2.amazonaws.com",)),
        ("role/spawn/spawn-backstop-*", ("scheduler.amazonaws.com",)),
    }


def test_an_owner_is_bound_to_what_is_theirs() -> None:
    """With a name, what exists must carry it and what is made must get it; dollars are literal."""
    document = json.dumps(msgspec.to_builtins(made("cancel", "launch", owner="a$na")))
    ending = next(
        each
        for each in made("cancel", owner="a$na").statements
        if "ec2:TerminateInstances" in each.actions
    )
    assert ending.conditions["StringEquals"]["aws:ResourceTag/owner"] == ("a${$}na",)
    assert '"aws:RequestTag/owner": ["a${$}na"]' in document


def test_words_are_commands_or_groups() -> None:
    """Two words are one command where there is such a one, a group is all of its commands."""
    assert commands_of(["network", "allow", "list"]) == ("network allow", "list")
    assert commands_of(["network"]) == ("network allow",)
    assert set(commands_of([])) == NEEDS.keys() - ADMINISTRATION
    with pytest.raises(InputError) as wrong:
        commands_of(["lanch"])
    assert "launch" in wrong.value.why


def test_the_statement_to_add_is_the_declared_one() -> None:
    """Not the one thing that was denied, which would help once; its conditions are in it."""
    denial = Denial(
        action="ec2:TerminateInstances",
        resource="arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0",
        who="arn:aws:iam::123456789012:user/ana",
    )
    (found,) = advice(AccessDenied("denied", operation="ec2:TerminateInstances", denials=(denial,)))
    assert found.statement is not None
    assert found.statement.resources == ("arn:aws:ec2:eu-west-1:123456789012:instance/*",)
    assert found.statement.conditions == {"StringEquals": {"aws:ResourceTag/spawn": ("true",)}}


def test_what_no_statement_helps_is_said() -> None:
    """A deny, and a policy of another kind that leaves the action out, are for others to change."""
    explicit = Denial(action="s3:PutObject", kind="service control policy", is_explicit=True)
    missing = Denial(action="s3:PutObject", kind="permissions boundary")
    found = advice(AccessDenied("denied", denials=(explicit, missing)))
    assert [one.statement for one in found] == [None, None]
    assert "service control policy denies s3:PutObject" in found[0].why
    assert "permissions boundary leaves s3:PutObject out" in found[1].why


def test_without_aws_words_the_operations_permissions_are_named() -> None:
    """Where AWS says nothing, all that the operation needs is."""
    found = advice(AccessDenied("denied", operation="scheduler:CreateSchedule"))
    named = [one.statement.actions[0] for one in found if one.statement is not None]
    assert named == ["scheduler:CreateSchedule", "iam:PassRole"]
