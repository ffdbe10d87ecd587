"""Whose account it is: another role, another sign-in, something else in AWS's place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.tools.clouds import running_cloud
from tests.tools.loaded import loaded_spawn
from tests.tools.programs import Program, clean_environment

USAGE, REFUSED = 2, 4
HERE = ("--region", REGION)
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
LAUNCHER, CLOSED = f"{ROLES}/people/launcher", f"{ROLES}/closed"
AS_LAUNCHER = f"account {ACCOUNT}, as arn:aws:sts::{ACCOUNT}:assumed-role/launcher/anna+example.com"
SSO = """\
[profile corp]
region = us-east-1
sso_session = corp
sso_account_id = 123456789012
sso_role_name = launcher
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://corp.awsapps.com/start
"""


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account with a role that its people may assume, and one that they may not."""
    with running_cloud(control_plane_only=True) as cloud:
        running = Account(cloud=cloud)
        iam = running.client("iam")
        for path, name, who in (
            ("/people/", "launcher", f"arn:aws:iam::{ACCOUNT}:root"),
            ("/", "closed", "arn:aws:iam::210987654321:root"),
        ):
            trust = allowing("sts:AssumeRole", Principal={"AWS": who})
            iam.create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=trust)
            everything = allowing("*", Resource="*")
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=everything)
        yield running


def allowing(action: str, **rest: Any) -> str:
    """Return a policy of one statement."""
    statement = {"Effect": "Allow", "Action": action, **rest}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def keys(account: Account) -> dict[str, str]:
    """The keys of a person who may do nothing but assume roles."""
    iam = account.client("iam")
    name = "anna+example.com"
    iam.create_user(UserName=name)
    document = allowing("sts:AssumeRole", Resource="*")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


@pytest.fixture
def spawn(account: Account, keys: dict[str, str], home: Path) -> Program:
    """The `spawn` program of that person."""
    environment = {**account.cloud.environment(home), **keys}
    return loaded_spawn(environment, home)


def test_a_role_launches_and_the_person_owns(account: Account, spawn: Program, home: Path) -> None:
    """Its session bears the person's name: that owns the instance, and is said by every command."""
    launched = spawn("launch", "--assume-role", LAUNCHER, "--name", "box", "-o", "ids")
    assert launched.code == 0, launched.stderr
    instance_id = launched.stdout.strip()
    shown = account.client("ec2").describe_instances(InstanceIds=[instance_id])
    (found,) = shown["Reservations"][0]["Instances"]
    assert {"Key": "owner", "Value": "anna+example.com"} in found["Tags"]
    settings = home / ".config" / "spawn"
    settings.mkdir(parents=True, mode=0o700)
    (settings / "config.toml").write_text(f'assume-role = "{LAUNCHER}"\n')
    url = account.cloud.endpoint_url
    line = f"{AS_LAUNCHER}; NOT AWS: {url} answers in its place"
    cancel = ("cancel", "box", "--yes", *HERE)
    for words in (("list", "--mine", *HERE), ("status", "box", *HERE), cancel, ("cleanup",)):
        done = spawn(*words)
        assert done.code == 0, done.stderr
        assert line in done.stderr, words
    assert account.billable() == []


def test_what_is_remembered_of_a_role_serves_again(spawn: Program, home: Path) -> None:
    """Its credentials are new each time: what a launch remembers is not a file for each of them."""
    words = ("launch", "--dry-run", "--assume-role", LAUNCHER)
    for _ in range(2):
        planned = spawn(*words)
        assert planned.code == 0, planned.stderr
        assert AS_LAUNCHER.replace("account ", "account   ") in planned.stdout
    assert len(list((home / ".cache" / "spawn").glob("caller-*"))) == 1


@pytest.mark.parametrize("words", [("launch", "--dry-run"), ("list", *HERE)])
def test_a_role_that_is_not_given_is_told(words: tuple[str, ...], spawn: Program) -> None:
    """Not what was asked with it was denied, but the role: so it is said, with the role's name."""
    refused = spawn(*words, "--assume-role", CLOSED)
    assert refused.code == REFUSED, refused.stderr
    assert "AssumeRole was refused" in refused.stderr
    assert f"on resource: {CLOSED}" in refused.stderr
    assert "try: aws sts get-caller-identity" in refused.stderr


@pytest.mark.parametrize("arn", ["launcher", f"arn:aws:iam::{ACCOUNT}:user/anna"])
def test_what_is_no_role_is_refused(arn: str, spawn: Program) -> None:
    """The flag takes a role's ARN, and says how one looks."""
    refused = spawn("list", *HERE, "--assume-role", arn)
    assert refused.code == USAGE, refused.stderr
    assert "--assume-role" in refused.stderr
    assert ":role/" in refused.stderr


@pytest.mark.parametrize("words", [("launch",), ("list", "--assume-role", LAUNCHER)])
def test_who_is_signed_out_is_told_how_to_sign_in(
    words: tuple[str, ...], spawn: Program, home: Path
) -> None:
    """With an SSO profile and no token yet, the next command is the sign-in of that profile."""
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(SSO)
    signed_out = replace(spawn, environment=clean_environment(home))
    refused = signed_out(*words, "--profile", "corp")
    assert refused.code == REFUSED, refused.stderr
    assert refused.stderr.endswith("  try: aws sso login --profile corp\n")
