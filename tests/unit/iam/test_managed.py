"""Managed policies and boundaries that are named."""

from __future__ import annotations

import pytest

from spawn.aws.iam import ManagedPolicy
from spawn.aws.questions import Absent, Known, Unseen
from spawn.core.errors import AccessDenied, InputError, NamedThingNotFound
from spawn.iam.managed import (
    boundary_arn,
    check_managed_policy,
    choose_boundary,
    default_boundary_arn,
    managed_policy_arns,
)

DEFAULT = "arn:aws:iam::123456789012:policy/spawn/boundary"
OTHER = "arn:aws:iam::123456789012:policy/team"
FOUND = Known(ManagedPolicy(policy_name="team", arn=OTHER))
UNSEEN = Unseen("iam:GetPolicy", "not allowed")


def test_a_name_is_one_of_awss_own() -> None:
    """Names, names with AWS's paths and ARNs all become ARNs of the partition, once each."""
    assert managed_policy_arns(
        ["ReadOnlyAccess, service-role/AWSBackup", f"{OTHER},ReadOnlyAccess"], partition="aws"
    ) == (
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/service-role/AWSBackup",
        OTHER,
    )
    assert managed_policy_arns(["ReadOnlyAccess"], partition="aws-cn") == (
        "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not the name"),
        ("Read Only", "not the name"),
        ("$(id)", "not the name"),
        ("arn:aws", "not an ARN"),
        ("arn:aws:iam::123456789012:role/x", "not the ARN of a managed policy"),
        ("arn:aws:s3:::policy/x", "not the ARN of a managed policy"),
        ("arn:aws:iam::somebody:policy/x", "not the ARN of a managed policy"),
        ("arn:aws-cn:iam::aws:policy/ReadOnlyAccess", "'aws-cn'"),
        (",".join(f"P{n}" for n in range(26)), "26 policies"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, what: str) -> None:
    """The error names the flag and what is wrong with the text."""
    with pytest.raises(InputError, match=what) as refusal:
        managed_policy_arns([text], partition="aws")
    assert refusal.value.what.startswith("--iam-managed-policies")


def test_a_policy_that_is_not_there_is_named() -> None:
    """The error is exit 5, and its next command finds what was meant."""
    with pytest.raises(NamedThingNotFound) as refusal:
        check_managed_policy("arn:aws:iam::aws:policy/AmazonEC2RoleforSSM", Absent())
    assert "service-role/AmazonEC2RoleforSSM" in refusal.value.why
    assert "contains(PolicyName, 'AmazonEC2RoleforSSM')" in refusal.value.next_command


def test_a_policy_that_cannot_be_attached_is_refused() -> None:
    """A policy of a service-linked role is found, and still no use."""
    fixed = Known(ManagedPolicy(policy_name="team", arn=OTHER, is_attachable=False))
    with pytest.raises(InputError, match="can't be attached"):
        check_managed_policy(OTHER, fixed)
    check_managed_policy(OTHER, FOUND)
    check_managed_policy(OTHER, UNSEEN)


def test_a_boundary_is_a_policy_of_the_account() -> None:
    """A name is the account's own policy, since AWS's are no boundaries for it."""
    assert boundary_arn("team", partition="aws", account="123456789012") == OTHER
    assert boundary_arn(OTHER, partition="aws", account="210987654321") == OTHER
    assert default_boundary_arn(partition="aws", account="123456789012") == DEFAULT
    with pytest.raises(InputError, match="--permissions-boundary"):
        boundary_arn("no such thing", partition="aws", account="123456789012")


def test_the_boundary_is_the_asked_one_else_the_accounts_else_none() -> None:
    """Every role carries the account's boundary where there is one."""
    assert choose_boundary(None, FOUND, default=DEFAULT) == DEFAULT
    assert choose_boundary(OTHER, FOUND, default=DEFAULT) == OTHER
    assert choose_boundary(None, Absent(), default=DEFAULT) is None


def test_a_boundary_that_is_not_there_or_not_seen_ends_it() -> None:
    """A role without the boundary may be more than was meant: doubt makes none."""
    with pytest.raises(NamedThingNotFound, match="there is no policy"):
        choose_boundary(OTHER, Absent(), default=DEFAULT)
    with pytest.raises(AccessDenied) as denial:
        choose_boundary(None, UNSEEN, default=DEFAULT)
    assert DEFAULT in denial.value.what
    assert denial.value.operation == "iam:GetPolicy"
