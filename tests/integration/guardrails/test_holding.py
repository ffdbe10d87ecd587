"""Under the printed policies spawn's people do their work, and reach nobody else's instance."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from spawn.iam.templates import TEMPLATES
from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.integration.lifecycle.lives import Life, user_keys
from tests.tools.programs import Program

DEADLINE_SECONDS = 20.0
DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/spawn/boundary"
POLICIES = [f"arn:aws:iam::{ACCOUNT}:policy/spawn/{name}-user" for name in ("owners", "backstops")]


def client_with(account: Account, service: str, keys: dict[str, Any]) -> Any:
    """A client of somebody whose keys stand in an environment."""
    return botocore.session.Session().create_client(
        service,
        region_name=REGION,
        endpoint_url=account.cloud.endpoint_url,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
    )


def is_denied(call: Callable[..., Any], **parameters: Any) -> bool:
    """Whether a call is refused for want of rights; it fails otherwise than so."""
    try:
        call(**parameters)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] in DENIALS:
            return True
        raise
    return False


def role_keys(account: Account, name: str) -> dict[str, str]:
    """Credentials of an instance's role, as the administrator gets them."""
    iam = account.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))
    arn = f"arn:aws:iam::{ACCOUNT}:role/spawn/{name}"
    found = account.client("sts").assume_role(RoleArn=arn, RoleSessionName="instance")
    credentials = found["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def test_launches_under_the_boundary_carry_it_and_work(account: Account, spawn: Program) -> None:
    """All templates' role and the backstop's have it; the role works, and the backstop ends."""
    assert spawn("guardrails", "apply", "boundary", "--yes").code == 0
    templates = ",".join(name for name in TEMPLATES if "FullAccess" not in name)
    life = Life(spawn, account, "--iam-policy", templates)
    iam = account.client("iam")
    roles = [role["RoleName"] for role in iam.list_roles(PathPrefix="/spawn/")["Roles"]]
    assert len(roles) == 2
    for name in roles:
        found = iam.get_role(RoleName=name)["Role"]
        assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    (own,) = account.roles()
    keys = role_keys(account, own)
    table = {"TableName": "jobs"}
    account.client("dynamodb").create_table(
        **table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb = client_with(account, "dynamodb", keys)
    assert not is_denied(dynamodb.put_item, **table, Item={"id": {"S": "1"}})
    assert is_denied(client_with(account, "iam", keys).list_users)
    life.update_schedule(
        "terminateInstances",
        ScheduleExpression=f"at({datetime.now(UTC):%Y-%m-%dT%H:%M:%S})",
    )
    deadline = time.monotonic() + DEADLINE_SECONDS
    while life.state not in {"shutting-down", "terminated"}:
        assert time.monotonic() < deadline, "the backstop has not ended the instance"
        time.sleep(0.1)


@pytest.fixture
def people(account: Account, spawn: Program) -> dict[str, dict[str, Any]]:
    """Two users who may do everything, but for what the owner-only policy denies them."""
    names = ("boundary", "owners", "backstops")
    whom = ("--for", "user", "--owner", "ana,ben")
    put = spawn("guardrails", "apply", *names, *whom, "--yes")
    assert put.code == 0, put.stderr
    keys = {name: user_keys(account, name) for name in ("ana", "ben")}
    for name in keys:
        for policy in POLICIES:
            account.client("iam").attach_user_policy(UserName=name, PolicyArn=policy)
    return keys


def test_one_owner_reaches_only_their_own(
    account: Account, spawn: Program, people: dict[str, dict[str, Any]]
) -> None:
    """Ana launches, extends and ends; Ben can neither end, stop, tag nor schedule the end of it."""
    life = Life(spawn, account, "--name", "anas", **people["ana"])
    assert life.tags()["owner"] == "ana"
    refused = life("cancel", "--yes", **people["ben"])
    assert refused.code == 4, refused.stderr + refused.stdout
    ec2 = client_with(account, "ec2", people["ben"])
    one = {"InstanceIds": [life.id]}
    for call in (ec2.terminate_instances, ec2.stop_instances, ec2.reboot_instances):
        assert is_denied(call, **one)
    for tag in ({"Key": "owner", "Value": "ben"}, {"Key": "spawn:expires-at", "Value": "now"}):
        assert is_denied(ec2.create_tags, Resources=[life.id], Tags=[tag])
    assert is_denied(ec2.delete_tags, Resources=[life.id])
    protect = {"InstanceId": life.id, "DisableApiTermination": {"Value": True}}
    assert is_denied(ec2.modify_instance_attribute, **protect)
    scheduler = client_with(account, "scheduler", people["ben"])
    (schedule,) = life.schedules().values()
    planned = {
        key: schedule[key]
        for key in (
            *("GroupName", "Name", "ScheduleExpression", "FlexibleTimeWindow", "Target"),
            "ScheduleExpressionTimezone",
        )
    }
    assert is_denied(scheduler.update_schedule, **planned)
    assert is_denied(scheduler.create_schedule, **planned | {"Name": "bens"})
    assert life.state == "running"
    extended = life("extend", "1h", "--no-wait", **people["ana"])
    assert extended.code == 0, extended.stderr
    ended = life("cancel", "--yes", **people["ana"])
    assert ended.code == 0, ended.stderr
    assert life.state in {"shutting-down", "terminated"}
