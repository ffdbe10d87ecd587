"""`spawn doctor --data` prints commands; typed as they stand, each makes its check pass."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.integration.launch.account import ACCOUNT, Account
from tests.tools.programs import Program

BUCKET = "results-of-ana"
FAILS = 3
# A policy that looks as if it asked for TLS, and one statement that has to stay.
READERS = {
    "Sid": "Readers",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}
ON_OBJECTS_ALONE = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
SOMEBODY_ELSE = {
    "Sid": "Auditors",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
    "Action": "kms:Decrypt",
    "Resource": "*",
}
# Those who look after a key, and don't use it.
KEEPERS = {
    "Sid": "Keepers",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": ["kms:Describe*", "kms:Enable*", "kms:Get*", "kms:List*", "kms:Put*"],
    "Resource": "*",
}


def policy_of(*statements: dict[str, Any]) -> str:
    """Return a policy's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def key(account: Account) -> str:
    """A key that lets nobody of this account use it, and is not rotated."""
    made = account.client("kms").create_key(Policy=policy_of(KEEPERS, SOMEBODY_ELSE))
    return str(made["KeyMetadata"]["KeyId"])


@pytest.fixture
def bucket(account: Account) -> str:
    """A bucket in another region that lacks all there is."""
    s3 = account.client("s3", "eu-west-1")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy_of(READERS, ON_OBJECTS_ALONE))
    return BUCKET


def failing(rows: list[dict[str, str]]) -> set[str]:
    """Return the checks that fail."""
    return {row["check"] for row in rows if row["outcome"] == "FAIL"}


def test_each_command_makes_its_check_pass(
    account: Account, spawn: Program, bucket: str, *, key: str
) -> None:
    """By the AWS CLI, as printed; what stood there stays, and afterwards nothing fails."""
    words = ("doctor", "--data", "--bucket", bucket, "--key", key, "-o", "json")
    examined = spawn(*words)
    assert examined.code == FAILS, examined.stderr
    rows = examined.document()["rows"]
    checks = {"tls-only", "tls-version", "encryption", "public-access"}
    assert failing(rows) == checks | {"encrypted-by-default", "key-rotation", "key-use"}
    for command in dict.fromkeys(row["command"] for row in rows if row["outcome"] == "FAIL"):
        subprocess.run(
            ["/bin/sh", "-ec", command],
            env=dict(spawn.environment),
            cwd=spawn.directory,
            timeout=60,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    again = spawn(*words)
    assert failing(again.document()["rows"]) == set()
    assert again.code == 0, again.stderr
    s3, kms = account.client("s3"), account.client("kms")
    kept = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert kept[:2] == [READERS, ON_OBJECTS_ALONE]
    kept = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])["Statement"]
    assert kept[:2] == [KEEPERS, SOMEBODY_ELSE]


def test_spawns_own_bucket_is_looked_at_where_there_is_one(
    account: Account, spawn: Program
) -> None:
    """It is no bucket that lacks what is named as missing: it is judged once it is there."""
    subjects = {
        row["subject"] for row in spawn("doctor", "--data", "-o", "json").document()["rows"]
    }
    assert subjects == {"disks"}
    own = f"spawn-binaries-{ACCOUNT}-us-east-1"
    account.client("s3").create_bucket(Bucket=own)
    examined = spawn("doctor", "--data")
    assert examined.code == FAILS
    assert f"s3://{own}" in examined.stdout


def test_what_can_not_be_meant_is_refused(spawn: Program) -> None:
    """No bucket's name, and flags that go with something else; what is not there fails by name."""
    for words in (
        ("--data", "--bucket", "Not A Bucket"),
        ("--bucket", "results"),
        ("--key", "alias/mine"),
        ("--data", "--spot"),
        ("--data", "--security", "strict"),
    ):
        refused = spawn("doctor", *words)
        assert refused.code == 2, words
        assert "Traceback" not in refused.stderr
    absent = spawn("doctor", "--data", "--bucket", "nobody-has-this", "--key", "alias/none")
    assert absent.code == FAILS
    assert "no such bucket" in absent.stdout
    assert "no such key" in absent.stdout
