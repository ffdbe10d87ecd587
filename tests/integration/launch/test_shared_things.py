"""Roles and groups that launches share: used as they should be, refused as soon as they are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.launch.account import ACCOUNT, Account
from tests.tools.faults import Effect, Fault
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

WORDS = ("launch", "--iam-policy", "s3:ReadOnly", "-o", "ids")
REFUSED = 3
ANYONE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def test_a_launch_that_fails_leaves_its_twin_unharmed(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Two launches begin at once in a fresh account; one may not run: the other one does, whole."""
    with Proxy(account.cloud.endpoint_url) as other_way:
        other_way.place(Fault(effect=Effect.DENY, operation="ec2:RunInstances", times=99))
        with ThreadPoolExecutor(max_workers=2) as pool:
            lucky = pool.submit(spawn, *WORDS)
            denied = pool.submit(spawn, *WORDS, AWS_ENDPOINT_URL=other_way.url)
    assert lucky.result().code == 0, lucky.result().stderr
    assert denied.result().code == 4, denied.result().stderr
    assert "ec2:RunInstances" in denied.result().stderr
    (instance,) = account.billable()
    assert instance.ends_twice_over
    assert instance.instance_id == lucky.result().stdout.strip()
    assert_role_is_whole(account)


def test_launches_at_once_share_one_role(account: Account, spawn: Program) -> None:
    """Whoever comes second finds what the first one made, reads it back, and goes on."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        launches = list(pool.map(lambda _: spawn(*WORDS), range(3)))
    assert [one.code for one in launches] == [0, 0, 0], [one.stderr for one in launches]
    assert len(account.billable()) == 3
    assert all(one.ends_twice_over for one in account.billable())
    assert_role_is_whole(account)


def assert_role_is_whole(account: Account) -> None:
    """Fail unless there is one role, with its one policy, in its profile."""
    (role,) = account.roles()
    iam = account.client("iam")
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["spawn"]
    profile = iam.get_instance_profile(InstanceProfileName=role)["InstanceProfile"]
    assert [one["RoleName"] for one in profile["Roles"]] == [role]


def add_inline_policy(iam: Any, role: str) -> None:
    """Give the role one more policy."""
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=EVERYTHING)


def change_inline_policy(iam: Any, role: str) -> None:
    """Let its own policy say something else."""
    iam.put_role_policy(RoleName=role, PolicyName="spawn", PolicyDocument=EVERYTHING)


def change_trust(iam: Any, role: str) -> None:
    """Let others assume it."""
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=ANYONE)


def attach_administrator(iam: Any, role: str) -> None:
    """Attach a policy of AWS's that allows everything."""
    iam.attach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)


def swap_role_in_profile(iam: Any, role: str) -> None:
    """Put another role into its instance profile."""
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=ANYONE)
    iam.remove_role_from_instance_profile(InstanceProfileName=role, RoleName=role)
    iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName="theirs")


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (add_inline_policy, "'more'"),
        (change_inline_policy, "says something else"),
        (change_trust, "trust policy"),
        (attach_administrator, "AdministratorAccess"),
        (swap_role_in_profile, "theirs"),
    ],
)
def test_a_role_that_was_changed_is_refused(
    tamper: Callable[[Any, str], None],
    says: str,
    *,
    account: Account,
    spawn: Program,
    proxy: Proxy,
) -> None:
    """A role of the right name with other content gets no instance; the words say what differs."""
    assert spawn(*WORDS).code == 0
    (role,) = account.roles()
    tamper(account.client("iam"), role)
    proxy.forget()
    refused = spawn(*WORDS)
    assert refused.code == REFUSED, refused.stderr
    assert role in refused.stderr
    assert says in refused.stderr
    assert not [one for one in proxy.records if not one.call.is_read]


def test_a_group_that_was_opened_is_refused(account: Account, spawn: Program) -> None:
    """One more rule in the owner's group, and no instance is launched into it."""
    assert spawn(*WORDS).code == 0
    ec2 = account.client("ec2")
    groups = ec2.describe_security_groups(Filters=[{"Name": "tag:spawn", "Values": ["true"]}])
    (group,) = groups["SecurityGroups"]
    world = [{"CidrIp": "0.0.0.0/0"}]
    rule = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "IpRanges": world}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    refused = spawn(*WORDS)
    assert refused.code == REFUSED, refused.stderr
    assert "3306" in refused.stderr
    assert len(account.billable()) == 1
