"""Secrets are looked at before a launch, as AWS's services describe them, and never read here."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from spawn.posture.live import user_data_posture
from tests.integration.launch.account import Account
from tests.tools.programs import PROGRAMS, Program
from tests.tools.proxy import Proxy

ELSEWHERE = "arn:aws:secretsmanager:ap-south-1:123456789012:secret:db-AbCdEf"
CANARY = "canary-93c1f0a4e2"


@pytest.fixture
def key(account: Account) -> str:
    """A customer key, with secrets under it and elsewhere."""
    kms, manager, ssm = (account.client(one) for one in ("kms", "secretsmanager", "ssm"))
    found = str(kms.create_key()["KeyMetadata"]["Arn"])
    kms.create_alias(AliasName="alias/ours", TargetKeyId=found)
    manager.create_secret(Name="db", SecretString=CANARY, KmsKeyId="alias/ours")
    manager.create_secret(Name="plain", SecretString=CANARY)
    manager.create_secret(Name="going", SecretString=CANARY)
    manager.delete_secret(SecretId="going", RecoveryWindowInDays=7)
    ssm.put_parameter(Name="/app/token", Value=CANARY, Type="SecureString", KeyId=found)
    ssm.put_parameter(Name="/app/token-2", Value=CANARY, Type="String")
    return found


def secret(*references: str) -> tuple[str, ...]:
    return tuple(word for one in references for word in ("--secret", one))


@pytest.mark.usefixtures("key")
def test_values_stay_where_they_are(
    account: Account, spawn: Program, proxy: Proxy, home: Path
) -> None:
    """A launch asks for descriptions alone; no file, table, tag or stream of its has a value."""
    words = secret("DB=secretsmanager:db", "PLAIN=secretsmanager:plain", "TOKEN=ssm:/app/token")
    launched = spawn("launch", *words, "-o", "json")
    assert launched.code == 0, launched.stderr
    called = {each.call.key for each in proxy.records}
    assert {"secretsmanager:DescribeSecret", "ssm:DescribeParameters"} <= called
    assert not called & {"secretsmanager:GetSecretValue", "ssm:GetParameters"}
    kept = [file for file in home.rglob("*") if file.is_file()]
    told = [launched.stdout, launched.stderr, json.dumps(account.records())]
    told += [file.read_text(errors="replace") for file in kept]
    (instance,) = account.billable()
    described = account.client("ec2").describe_instances(InstanceIds=[instance.instance_id])
    assert not [text for text in (*told, str(described)) if CANARY in text]


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("A=secretsmanager:nowhere", (5, "there is no secretsmanager:nowhere in")),
        ("A=ssm:/app/tok", (5, "there is no ssm:/app/tok in")),
        ("A=ssm:/app/token:7", (5, "has no version 7")),
        ("A=secretsmanager:going", (1, "scheduled for deletion")),
        (f"A=secretsmanager:{ELSEWHERE}", (2, "replicate-secret-to-regions")),
        ("A=ssm:/app/token,A=ssm:/app/none", (2, "by the same variable")),
    ],
)
def test_what_can_not_be_read_refuses(
    account: Account, spawn: Program, reference: str, told: tuple[int, str]
) -> None:
    """Nothing is launched for a secret that would never arrive, and the words say why."""
    refused = spawn("launch", *secret(reference))
    assert refused.code == told[0], refused.stderr
    assert told[1] in refused.stderr
    assert account.billable() == []


@pytest.mark.parametrize("reference", ["A=secretsmanager:db", "A=ssm:/app/token"])
def test_a_disabled_key_refuses(account: Account, spawn: Program, key: str, reference: str) -> None:
    """A secret is there, but nobody can decrypt it: also where an alias names its key."""
    account.client("kms").disable_key(KeyId=key)
    refused = spawn("launch", *secret(reference))
    assert refused.code == 1, refused.stderr
    assert "is Disabled" in refused.stderr
    assert account.billable() == []


@pytest.mark.usefixtures("key")
def test_a_saved_plan_and_an_installed_role_are_the_same_launch(
    account: Account, spawn: Program, home: Path
) -> None:
    """`policy install` makes the very role, and `apply` what a plan with secrets says."""
    words = secret("DB=secretsmanager:db#password", "TOKEN=ssm:/app/token")
    installed = spawn("policy", "install", *words, "--yes", "-o", "json")
    assert installed.code == 0, installed.stderr
    planned = spawn("launch", *words, "--dry-run", "-o", "json")
    role = dict(planned.document()["summary"])["role"]
    assert "(reused)" in role
    (home / "plan.json").write_text(planned.stdout)
    applied = spawn("apply", str(home / "plan.json"), "-o", "json")
    assert applied.code == 0, applied.stderr
    assert len(account.billable()) == 1


@pytest.mark.usefixtures("key")
def test_a_launch_file_names_secrets_and_a_directory_does_not(spawn: Program, home: Path) -> None:
    """What a person wrote for this launch may; a spawn.toml comes with whatever was unpacked."""
    text = 'secret = ["DB=secretsmanager:db"]\nsecret-user = "worker"\n'
    (home / "launch.toml").write_text(text)
    planned = spawn("launch", "-f", str(home / "launch.toml"), "--dry-run")
    assert "DB from secretsmanager:db, readable by worker" in planned.stdout
    (home / "spawn.toml").write_text(text)
    refused = spawn("launch", "--dry-run")
    assert refused.code == 2
    assert "secret can't be set here" in refused.stderr


API = """\
import sys
import spawn
from spawn.core.errors import SpawnError
try:
    box = spawn.launch(
        secrets={"TOKEN": sys.argv[1]}, secrets_in_environment={"DB": "secretsmanager:db"},
        secret_user="worker",
    )
except SpawnError as error:
    sys.exit(f"{type(error).__name__}: {error.what}: {error.why}")
print(box.id)
"""


@pytest.mark.usefixtures("key")
def test_a_program_names_secrets_too(account: Account, spawn: Program) -> None:
    """`spawn.launch()` takes references by name, and the instance is told the same."""
    program = replace(spawn, path=PROGRAMS / "python")
    done = program("-c", API, "ssm:/app/token")
    assert done.code == 0, done.stderr
    shown = account.client("ec2").describe_instance_attribute(
        InstanceId=done.stdout.strip(), Attribute="userData"
    )
    sent = base64.b64decode(shown["UserData"]["Value"])
    live = user_data_posture(sent)
    assert live is not None
    assert live.secret_variables == ("DB",)
    assert b'"user":"worker"' in gzip.decompress(sent).replace(b"\n", b"")


@pytest.mark.parametrize("written", [CANARY, f"API_KEY={CANARY}", f"API_KEY=ssm:{CANARY}#x"])
def test_who_types_the_secret_itself_does_not_read_it_again(
    spawn: Program, home: Path, written: str
) -> None:
    """From a flag, a launch file or a program, nothing of it is printed, and nothing kept."""
    file = home / "launch.toml"
    file.write_text(f'secret = ["{written}"]\n')
    program = replace(spawn, path=PROGRAMS / "python")
    for done in (
        spawn("launch", "--secret", written),
        spawn("launch", "--secret-env", written),
        spawn("launch", "-f", str(file)),
        program("-c", API, written.partition("=")[2] or written),
    ):
        assert done.code != 0
        assert "secret" in done.stderr
        assert CANARY not in done.stdout + done.stderr
    kept = [each for each in home.rglob("*") if each.is_file() and each != file]
    assert not [each for each in kept if CANARY in each.read_text(errors="replace")]
