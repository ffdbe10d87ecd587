"""Whoever may make roles under the boundary can't become more than they are: every way is tried.

The ways are those that are known of IAM: policies changed, attached or put, roles made, altered,
passed or taken, others' credentials, and what runs under others' roles.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from spawn.iam.permissions.commands import ADMINISTRATION, NEEDS
from spawn.iam.permissions.policy import Variant
from tests.integration.iam.conftest import Person, printed
from tests.integration.launch.account import ACCOUNT, Account

MakePerson = Callable[[str], Person]
IAM = f"arn:aws:iam::{ACCOUNT}"
BOUNDARY = f"{IAM}:policy/spawn/boundary"
OTHER_BOUNDARY = f"{IAM}:policy/wide"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com", "AWS": f"{IAM}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
TAGS = [{"Key": "spawn", "Value": "true"}, {"Key": "owner", "Value": "mallory"}]
BOUNDED, UNBOUNDED, FOREIGN = "spawn-bounded", "spawn-unbounded", "administrators"
A_WAY = {"PolicyName": "spawn", "PolicyDocument": EVERYTHING}
MADE = {"Path": "/spawn/", "AssumeRolePolicyDocument": TRUST, "Tags": TAGS}

# Service, operation, parameters; "{box}" is an instance of somebody else's that spawn launched.
WAYS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # the boundary itself
    ("iam", "create_policy_version", {"PolicyArn": BOUNDARY, "PolicyDocument": EVERYTHING}),
    ("iam", "set_default_policy_version", {"PolicyArn": BOUNDARY, "VersionId": "v1"}),
    ("iam", "delete_policy", {"PolicyArn": BOUNDARY}),
    ("iam", "delete_policy_version", {"PolicyArn": BOUNDARY, "VersionId": "v1"}),
    ("iam", "create_policy", {"PolicyName": "mine", "PolicyDocument": EVERYTHING}),
    # one's own user, and groups
    ("iam", "attach_user_policy", {"UserName": "mallory", "PolicyArn": ADMINISTRATOR}),
    ("iam", "put_user_policy", {"UserName": "mallory", **A_WAY}),
    ("iam", "add_user_to_group", {"GroupName": "admins", "UserName": "mallory"}),
    ("iam", "attach_group_policy", {"GroupName": "admins", "PolicyArn": ADMINISTRATOR}),
    ("iam", "put_group_policy", {"GroupName": "admins", **A_WAY}),
    ("iam", "delete_user_permissions_boundary", {"UserName": "mallory"}),
    # others' credentials
    ("iam", "create_access_key", {"UserName": "victim"}),
    ("iam", "create_login_profile", {"UserName": "victim", "Password": "Long-enough-1"}),
    ("iam", "update_login_profile", {"UserName": "victim", "Password": "Long-enough-1"}),
    # roles without the boundary, or under another
    ("iam", "create_role", {"RoleName": "spawn-new", **MADE}),
    ("iam", "create_role", {"RoleName": "n", **MADE, "PermissionsBoundary": OTHER_BOUNDARY}),
    ("iam", "create_role", {"RoleName": "n", **MADE, "Path": "/", "PermissionsBoundary": BOUNDARY}),
    ("iam", "put_role_policy", {"RoleName": UNBOUNDED, **A_WAY}),
    ("iam", "attach_role_policy", {"RoleName": UNBOUNDED, "PolicyArn": ADMINISTRATOR}),
    ("iam", "put_role_policy", {"RoleName": FOREIGN, **A_WAY}),
    ("iam", "attach_role_policy", {"RoleName": FOREIGN, "PolicyArn": ADMINISTRATOR}),
    ("iam", "delete_role_permissions_boundary", {"RoleName": BOUNDED}),
    (
        "iam",
        "put_role_permissions_boundary",
        {"RoleName": BOUNDED, "PermissionsBoundary": OTHER_BOUNDARY},
    ),
    ("iam", "update_assume_role_policy", {"RoleName": FOREIGN, "PolicyDocument": TRUST}),
    ("iam", "update_assume_role_policy", {"RoleName": BOUNDED, "PolicyDocument": TRUST}),
    ("iam", "tag_role", {"RoleName": BOUNDED, "Tags": TAGS}),
    # roles taken, or passed
    ("sts", "assume_role", {"RoleArn": f"{IAM}:role/{FOREIGN}", "RoleSessionName": "me"}),
    ("sts", "assume_role", {"RoleArn": f"{IAM}:role/spawn/{BOUNDED}", "RoleSessionName": "me"}),
    (
        "iam",
        "add_role_to_instance_profile",
        {"InstanceProfileName": "spawn-mine", "RoleName": FOREIGN},
    ),
    (
        "ec2",
        "run_instances",
        {
            "ImageId": "{image}",
            "MinCount": 1,
            "MaxCount": 1,
            "IamInstanceProfile": {"Name": FOREIGN},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": TAGS}],
        },
    ),
    (
        "ec2",
        "associate_iam_instance_profile",
        {"InstanceId": "{box}", "IamInstanceProfile": {"Name": FOREIGN}},
    ),
    (
        "scheduler",
        "create_schedule",
        {
            "Name": "spawn-i-0123456789abcdef0",
            "GroupName": "spawn",
            "ScheduleExpression": "at(2099-01-01T00:00:00)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": "arn:aws:scheduler:::aws-sdk:iam:attachUserPolicy",
                "RoleArn": f"{IAM}:role/{FOREIGN}",
                "Input": "{}",
            },
        },
    ),
    # what runs under others' roles
    ("ec2", "modify_instance_attribute", {"InstanceId": "{box}", "UserData": {"Value": b"x"}}),
    ("ec2", "stop_instances", {"InstanceIds": ["{box}"]}),
    ("ec2", "create_tags", {"Resources": ["{box}"], "Tags": TAGS}),
    (
        "ec2-instance-connect",
        "send_ssh_public_key",
        {
            "InstanceId": "{box}",
            "InstanceOSUser": "root",
            "SSHPublicKey": "ssh-ed25519 " + "A" * 80,
        },
    ),
    ("ssm", "start_session", {"Target": "{box}"}),
    ("ssm", "send_command", {"InstanceIds": ["{box}"], "DocumentName": "AWS-RunShellScript"}),
    (
        "lambda",
        "create_function",
        {"FunctionName": "f", "Role": f"{IAM}:role/{FOREIGN}", "Code": {"ZipFile": b"x"}},
    ),
)


@pytest.fixture
def mallory(person: MakePerson, account: Account) -> Person:
    """Somebody with all that `spawn permissions` prints, in an account with much to be had."""
    iam = account.client("iam")
    iam.create_user(UserName="victim")
    iam.create_group(GroupName="admins")
    iam.create_policy(PolicyName="wide", PolicyDocument=EVERYTHING)
    owned = [{"Key": "spawn", "Value": "true"}, {"Key": "owner", "Value": "victim"}]
    for name, path, boundary in (
        (BOUNDED, "/spawn/", {"PermissionsBoundary": BOUNDARY}),
        (UNBOUNDED, "/spawn/", {}),
        (FOREIGN, "/", {}),
    ):
        iam.create_role(
            RoleName=name, Path=path, AssumeRolePolicyDocument=TRUST, Tags=owned, **boundary
        )
    iam.create_instance_profile(InstanceProfileName=FOREIGN)
    iam.add_role_to_instance_profile(InstanceProfileName=FOREIGN, RoleName=FOREIGN)
    iam.create_instance_profile(InstanceProfileName="spawn-mine", Path="/spawn/")
    return person("mallory")


def launched_by_victim(account: Account) -> tuple[str, str]:
    """An instance with somebody else's role and their tags, and the image that it was made from."""
    ec2 = account.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    tags = [{"Key": "spawn", "Value": "true"}, {"Key": "owner", "Value": "victim"}]
    made = ec2.run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        IamInstanceProfile={"Name": FOREIGN},
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return str(made["Instances"][0]["InstanceId"]), str(image)


def filled(value: Any, **known: str) -> Any:
    """Put what is known only now into parameters."""
    if isinstance(value, dict):
        return {key: filled(each, **known) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, **known) for each in value]
    return known.get(value.strip("{}"), value) if isinstance(value, str) else value


@pytest.mark.parametrize("variant", list(Variant))
def test_nobody_becomes_administrator(variant: Variant, mallory: Person, account: Account) -> None:
    """Under either policy each of the known ways is denied, and denied for want of permission."""
    person_commands = [command for command in NEEDS if command not in ADMINISTRATION]
    mallory.may(*printed(*person_commands, variant=variant, owner="mallory"))
    box, image = launched_by_victim(account)
    open_ways = []
    for service, operation, parameters in WAYS:
        try:
            getattr(mallory.client(service), operation)(**filled(parameters, box=box, image=image))
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in DENIED:
                continue
            open_ways.append((operation, refusal.response["Error"]))
        else:
            open_ways.append((operation, "done"))
    assert open_ways == []


def test_what_is_made_under_the_boundary_stays_under_it(mallory: Person) -> None:
    """A role for everything may be made, and what comes of it is no more than the boundary lets."""
    mallory.may(*printed("launch", owner="mallory"))
    iam = mallory.client("iam")
    iam.create_role(RoleName="spawn-wide", **MADE, PermissionsBoundary=BOUNDARY)
    iam.put_role_policy(RoleName="spawn-wide", **A_WAY)
    administrator = mallory.account.client("sts")
    taken = administrator.assume_role(
        RoleArn=f"{IAM}:role/spawn/spawn-wide", RoleSessionName="box"
    )["Credentials"]
    session = mallory.with_keys(
        taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"]
    )
    assert "Buckets" in session("s3").list_buckets()
    for service, operation, parameters in (
        ("iam", "attach_user_policy", {"UserName": "mallory", "PolicyArn": ADMINISTRATOR}),
        ("iam", "create_user", {"UserName": "eve"}),
        ("sts", "assume_role", {"RoleArn": f"{IAM}:role/{FOREIGN}", "RoleSessionName": "me"}),
        ("ec2", "terminate_instances", {"InstanceIds": ["i-0123456789abcdef0"]}),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(session(service), operation)(**parameters)
        assert refused.value.response["Error"]["Code"] in DENIED, operation
