"""Whose policies are read, all of them, and what is said where some can't be."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spawn.aws.door import ReadingDoor
from spawn.aws.questions import Asker
from spawn.core.errors import NamedThingNotFound
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.policies_of import Holder, policies_of
from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.integration.launch.conftest import account, control_plane
from tests.integration.lifecycle.lives import user_keys
from tests.tools.sessions import session_at

__all__ = ["account", "control_plane"]

Read = Callable[..., Holder]
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
SOME_ARN = f"arn:aws:iam::{ACCOUNT}:policy/some"


def _text(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def read(account: Account, tmp_path: Path) -> Read:
    """Reads the policies of a word, as the account's administrator or by other keys."""
    variables = account.cloud.access.variables

    def policies(word: str, **keys: str) -> Holder:
        given = {**variables, **keys}
        pair = given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]
        session = session_at(
            account.cloud.endpoint_url, tmp_path / "config", region=REGION, keys=pair
        )
        with ThreadPoolExecutor(max_workers=8) as pool:
            asker = Asker(ReadingDoor(session), pool)
            return policies_of(asker, word, region=REGION, find_instance=_no_instance)

    return policies


def _no_instance(word: str) -> ListedInstance:
    raise NamedThingNotFound(f"no instance {word}")


def _make_role(account: Account, name: str) -> None:
    iam = account.client("iam")
    iam.create_policy(PolicyName="some", PolicyDocument=_text("sqs:*"))
    iam.create_role(
        RoleName=name, Path="/p/", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=SOME_ARN
    )
    iam.put_role_policy(RoleName=name, PolicyName="inside", PolicyDocument=_text("s3:*"))
    iam.attach_role_policy(RoleName=name, PolicyArn=SOME_ARN)


@pytest.mark.parametrize("word", ["worker", "role/worker", f"arn:aws:iam::{ACCOUNT}:role/p/worker"])
def test_a_role_has_inline_and_managed_policies_and_a_boundary(
    account: Account, read: Read, word: str
) -> None:
    """Whichever way it is named, all that bears on it is read."""
    _make_role(account, "worker")
    found = read(word)
    assert found.principal == f"arn:aws:iam::{ACCOUNT}:role/p/worker"
    assert {each.name: "s3:*" in each.text for each in found.policies} == {
        "inside": True,
        SOME_ARN: False,
    }
    assert found.boundary is not None
    assert (found.boundary.name, found.unseen) == (SOME_ARN, ())


def test_a_user_has_the_policies_of_its_groups(account: Account, read: Read) -> None:
    """What a group holds counts, and says of which group it is."""
    iam = account.client("iam")
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="admins")
    iam.put_group_policy(GroupName="admins", PolicyName="all", PolicyDocument=_text("*"))
    iam.add_user_to_group(UserName="ana", GroupName="admins")
    found = read("ana")
    assert found.name == "the user ana"
    assert [each.name for each in found.policies] == ["all of the group admins"]


def test_what_may_not_be_read_is_said(account: Account, read: Read) -> None:
    """A policy behind a denial is told as unread; it is not as if it were not there."""
    _make_role(account, "worker")
    found = read("worker", **user_keys(account, "carl", "iam:GetRolePolicy"))
    assert [each.name for each in found.policies] == [SOME_ARN]
    (why,) = found.unseen
    assert "iam:GetRolePolicy" in why


def test_another_accounts_role_is_not_taken_for_ones_own(account: Account, read: Read) -> None:
    """The same name with another ARN is somebody else."""
    _make_role(account, "worker")
    for word in (f"arn:aws:iam::{ACCOUNT}:role/worker", "arn:aws:iam::999988887777:role/p/worker"):
        with pytest.raises(NamedThingNotFound):
            read(word)
    with pytest.raises(NamedThingNotFound):
        read("nobody")
