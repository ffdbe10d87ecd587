"""A role of the person's own: which profile an instance gets."""

from __future__ import annotations

from typing import Any

import pytest

from spawn.aws.iam import InstanceProfile, Role
from spawn.aws.questions import Absent, Known, Unseen
from spawn.core.errors import AccessDenied, AccountError, InputError, NamedThingNotFound, SpawnError
from spawn.iam.existing import (
    ChosenProfile,
    IdentityFacts,
    choose_profile,
    ec2_may_assume,
    parse_identity,
)
from spawn.iam.parsing import document_of

ACCOUNT = "123456789012"
FLAG = "--iam-role"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/team/app"
PROFILE_ARN = f"arn:aws:iam::{ACCOUNT}:instance-profile/app"


def trust(principal: object = None, **changes: Any) -> dict[str, Any]:
    """Return a trust policy, EC2's unless another principal is given."""
    statement = {
        "Effect": "Allow",
        "Principal": principal or {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
        **changes,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(name: str = "app", **changes: Any) -> Role:
    """Return a role that EC2 may assume."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/team/{name}"
    return Role(
        **{
            "role_name": name,
            "path": "/team/",
            "arn": arn,
            "assume_role_policy_document": trust(),
            **changes,
        }
    )


def profile(name: str = "app", *roles: Role) -> InstanceProfile:
    """Return an instance profile."""
    arn = f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}"
    return InstanceProfile(instance_profile_name=name, path="/", arn=arn, roles=roles)


def facts(**changes: Any) -> IdentityFacts:
    """Return facts of an account where nothing has the name."""
    return IdentityFacts(
        **{"role": Absent(), "profiles_of_role": Absent(), "profile": Absent(), **changes}
    )


def chosen(text: str, found: IdentityFacts) -> ChosenProfile:
    """Return what a text and the facts lead to."""
    named = parse_identity(text, partition="aws", account=ACCOUNT, flag=FLAG)
    return choose_profile(named, found, flag=FLAG)


ROLE_IN_TWO = facts(
    role=Known(role()),
    profiles_of_role=Known((profile("a", role()), profile("app", role()))),
    profile=Known(profile("app", role("another"))),
)


@pytest.mark.parametrize("text", ["app", ROLE_ARN])
def test_a_role_leads_to_its_profile(text: str) -> None:
    """Of several profiles that hold the role, the one of its own name is taken."""
    assert chosen(text, ROLE_IN_TWO) == ChosenProfile(arn=PROFILE_ARN, role_arn=ROLE_ARN)


def test_a_profile_of_another_name_will_do() -> None:
    """Profiles need not be named as their role is."""
    held = facts(role=Known(role()), profiles_of_role=Known((profile("b", role()),)))
    assert chosen("app", held).arn == f"arn:aws:iam::{ACCOUNT}:instance-profile/b"


def test_a_profile_is_taken_as_it_is() -> None:
    """An ARN of a profile, or a name that no role has, is the profile; its role may differ."""
    found = facts(profile=Known(profile("app", role("other"))))
    expected = ChosenProfile(arn=PROFILE_ARN, role_arn=role("other").arn)
    assert chosen("app", found) == expected
    assert chosen(PROFILE_ARN, ROLE_IN_TWO).role_arn == role("another").arn


ELSEWHERE = facts(role=Known(role(arn="arn:aws:iam::123456789012:role/other/app")))
DENIED = Unseen("iam:GetRole", "not allowed")
REFUSED: dict[str, tuple[str, IdentityFacts, type[SpawnError], str, str]] = {
    "nothing there": ("app", facts(), NamedThingNotFound, "no role or instance profile app", ""),
    "no such role": (ROLE_ARN, facts(), NamedThingNotFound, "app", "list-roles"),
    "no such profile": (
        PROFILE_ARN,
        facts(role=Known(role())),
        NamedThingNotFound,
        "no instance profile",
        "list-instance-profiles",
    ),
    "on another path": (ROLE_ARN, ELSEWHERE, NamedThingNotFound, "there is no arn", ""),
    "in no profile": (
        "app",
        facts(role=Known(role()), profiles_of_role=Known(())),
        AccountError,
        "in no instance profile",
        "create-instance-profile --instance-profile-name app && aws iam add-role",
    ),
    "a profile without a role": (
        "app",
        facts(profile=Known(profile())),
        AccountError,
        "holds no role",
        "add-role-to-instance-profile",
    ),
    "not for EC2": (
        "app",
        facts(profile=Known(profile("app", role(assume_role_policy_document=trust("*"))))),
        AccountError,
        "may not assume",
        "get-role",
    ),
    "an unreadable trust": (
        "app",
        facts(profile=Known(profile("app", role(assume_role_policy_document=None)))),
        AccountError,
        "may not assume",
        "get-role",
    ),
    "role denied": ("app", facts(role=DENIED), AccessDenied, "iam:GetRole", ""),
    "profiles denied": (
        "app",
        facts(role=Known(role()), profiles_of_role=DENIED),
        AccessDenied,
        "iam:GetRole",
        "",
    ),
    "profile denied": (PROFILE_ARN, facts(profile=DENIED), AccessDenied, "iam:GetRole", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused(case: str) -> None:
    """Each error names the flag, and the command that mends it or finds what was meant."""
    text, found, error, what, next_command = REFUSED[case]
    with pytest.raises(error) as refusal:
        chosen(text, found)
    assert refusal.value.what.startswith(FLAG)
    assert what in refusal.value.what
    assert next_command in refusal.value.next_command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a/b",
        "arn:aws",
        f"arn:aws:iam::{ACCOUNT}:user/app",
        f"arn:aws:s3:::{ACCOUNT}/role/app",
        "arn:aws:iam::210987654321:role/app",
        f"arn:aws-cn:iam::{ACCOUNT}:role/app",
    ],
)
def test_what_is_no_role_of_this_account_is_refused(text: str) -> None:
    """Nothing is asked of AWS about a text that can't be a role here."""
    with pytest.raises(InputError, match=FLAG):
        parse_identity(text, partition="aws", account=ACCOUNT, flag=FLAG)


@pytest.mark.parametrize(
    ("document", "may"),
    [
        (trust(), True),
        (trust({"Service": ["x.amazonaws.com", "ec2.amazonaws.com.cn"]}), True),
        (trust(Action="sts:*"), True),
        (trust(Action="sts:TagSession"), False),
        (trust(Effect="Deny"), False),
        (trust({"Service": "lambda.amazonaws.com"}), False),
        (trust({"AWS": "*"}), False),
    ],
)
def test_who_may_assume(document: dict[str, Any], may: bool) -> None:
    """EC2 must be named as a service, and allowed to assume."""
    assert ec2_may_assume(document_of(document)) is may
