"""What protects data, judged by what policies do and not by how they read."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from spawn.aws.kms import Key, KeyGrant
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.aws.s3 import Encryption
from spawn.launch.doctor.data.buckets import BucketState, bucket_rows
from spawn.launch.doctor.data.disks import disk_rows
from spawn.launch.doctor.data.key_use import NEEDED, KeyUser
from spawn.launch.doctor.data.keys import KeyState, key_rows
from spawn.launch.doctor.data.model import DataRow, Outcome
from spawn.launch.doctor.data.transit import tls_statements

ACCOUNT = "123456789012"
ARN = "arn:aws:s3:::results"
BOTH = [ARN, f"{ARN}/*"]
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/launcher"
USER = KeyUser(
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/launcher/ada",
    role_arn=ROLE,
    account=ACCOUNT,
    region="eu-west-1",
)
ON = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
)
DENIED = Unseen("s3:GetBucketPolicy", "not for you")


def deny(**changes: Any) -> dict[str, Any]:
    """Return the statement that denies requests without TLS, but for what is changed."""
    usual = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": BOTH,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {**usual, **changes}


def policy(*statements: dict[str, Any]) -> Fact[str]:
    """Return a bucket's policy as S3 answers it."""
    return Known(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def rows(**changes: Any) -> dict[str, DataRow]:
    """Judge a bucket that has everything, but for what is changed."""
    usual: dict[str, Any] = {
        "name": "results",
        "arn": ARN,
        "account": ACCOUNT,
        "region": Known("eu-west-1"),
        "policy": policy(*tls_statements(ARN)),
        "public_access": Known(ON),
        "encryption": Known(Encryption(algorithm="aws:kms", bucket_key=True)),
        "versioning": Known("Enabled"),
    }
    return {row.check: row for row in bucket_rows(BucketState(**{**usual, **changes}))}


def words_of(row: DataRow) -> list[str]:
    """Return a row's command as a shell hands it on."""
    return shlex.split(row.command)


def test_what_is_printed_is_what_passes() -> None:
    """A bucket with the two printed statements passes, whatever else its policy holds."""
    reader = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/*"}
    failing = rows(policy=policy(reader))
    assert failing["tls-only"].outcome is failing["tls-version"].outcome is Outcome.FAIL
    mended = words_of(failing["tls-only"])[-1]
    assert json.loads(mended)["Statement"][0] == reader
    again = rows(policy=Known(mended))
    assert [row.outcome for row in again.values()] == [*[Outcome.PASS] * 4, Outcome.NOTE]
    assert words_of(rows(policy=Absent())["tls-version"])[:3] == [
        "aws",
        "s3api",
        "put-bucket-policy",
    ]


NOT_TLS_ONLY: dict[str, dict[str, Any]] = {
    "it denies what is encrypted": {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    "a text that is no truth value": {"Condition": {"StringEquals": {"aws:SecureTransport": "no"}}},
    "the negated operator": {"Condition": {"StringNotEquals": {"aws:SecureTransport": "false"}}},
    "only where the key is absent": {"Condition": {"Null": {"aws:SecureTransport": "true"}}},
    "objects alone": {"Resource": f"{ARN}/*"},
    "the bucket alone": {"Resource": ARN},
    "some objects": {"Resource": [ARN, f"{ARN}/public/*"]},
    "another bucket": {"Resource": ["arn:aws:s3:::result", "arn:aws:s3:::result/*"]},
    "reading alone": {"Action": ["s3:Get*", "s3:List*"]},
    "all but reading": {"Action": None, "NotAction": "s3:GetObject"},
    "its own account alone": {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
    "all but one": {"Principal": None, "NotPrincipal": {"AWS": ROLE}},
    "all but one by a condition": {
        "Condition": {
            "Bool": {"aws:SecureTransport": "false"},
            "ArnNotEquals": {"aws:PrincipalArn": ROLE},
        }
    },
    "one address alone": {
        "Condition": {
            "Bool": {"aws:SecureTransport": "false"},
            "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
        }
    },
    "an allowance": {"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
}


@pytest.mark.parametrize("changes", NOT_TLS_ONLY.values(), ids=NOT_TLS_ONLY)
def test_what_only_looks_tls_only_is_not(changes: dict[str, Any]) -> None:
    """A Deny that lets any request without TLS through is none, and the row names the request."""
    statement = {name: value for name, value in deny(**changes).items() if value is not None}
    row = rows(policy=policy(statement))["tls-only"]
    assert row.outcome is Outcome.FAIL
    assert "s3:" in row.found


@pytest.mark.parametrize(
    "statements",
    [
        (deny(),),
        (deny(Principal={"AWS": "*"}, Resource="*"),),
        (deny(Resource=ARN), deny(Resource=f"{ARN}/*")),
        (deny(Condition={"BoolIfExists": {"AWS:securetransport": ["false"]}}),),
        (deny(Condition={"StringNotEquals": {"aws:SecureTransport": "true"}}),),
        (deny(Condition={}),),
        (deny(Action=None, NotAction="iam:*"),),
    ],
)
def test_other_ways_to_say_it_count(statements: tuple[dict[str, Any], ...]) -> None:
    """However a policy says it, one that denies every request without TLS passes."""
    said = [{k: v for k, v in one.items() if v is not None} for one in statements]
    assert rows(policy=policy(*said))["tls-only"].outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("operator", "version", "outcome"),
    [
        ("NumericLessThan", "1.2", Outcome.PASS),
        ("NumericLessThan", "1.3", Outcome.PASS),
        ("NumericLessThan", "1.1", Outcome.FAIL),
        ("NumericGreaterThan", "1.2", Outcome.FAIL),
        ("NumericEquals", "1.1", Outcome.FAIL),
    ],
)
def test_old_tls_is_judged_by_its_number(operator: str, version: str, outcome: Outcome) -> None:
    """Each version before 1.2 must be denied."""
    old = deny(Condition={operator: {"s3:TlsVersion": version}})
    found = rows(policy=policy(deny(), old))
    assert (found["tls-only"].outcome, found["tls-version"].outcome) == (Outcome.PASS, outcome)


def test_what_is_not_seen_never_passes() -> None:
    """A denied look, or a policy that can't be read, is UNKNOWN and has no command."""
    for hidden in (DENIED, Known("{"), Known('{"Statement": 1}')):
        row = rows(policy=hidden)["tls-only"]
        assert (row.outcome, row.command) == (Outcome.UNKNOWN, "")
    unseen = {"public_access": DENIED, "encryption": DENIED, "versioning": DENIED}
    found = rows(**unseen)
    checks = ("public-access", "encryption", "versioning")
    assert {found[check].outcome for check in checks} == {Outcome.UNKNOWN}
    assert [row.outcome for row in rows(region=DENIED).values()] == [Outcome.UNKNOWN]
    assert [row.outcome for row in rows(region=Absent()).values()] == [Outcome.FAIL]


def test_encryption_keeps_the_key_that_is_there() -> None:
    """A bucket key is added to the key that stands, and spawn's own bucket gets no customer's."""
    standing = Known(Encryption(algorithm="aws:kms", bucket_key=False, key="mine"))
    row = rows(encryption=standing, key_arn=KEY_ARN)["encryption"]
    assert row.outcome is Outcome.FAIL
    assert '"KMSMasterKeyID":"mine"' in row.command
    plain = Known(Encryption(algorithm="AES256", bucket_key=False))
    assert KEY_ARN in rows(encryption=plain, key_arn=KEY_ARN)["encryption"].command
    own = rows(encryption=plain, key_arn=KEY_ARN, is_own=True)["encryption"]
    assert "KMSMasterKeyID" not in own.command
    assert rows(encryption=Absent())["encryption"].outcome is Outcome.FAIL


def test_public_access_takes_all_four() -> None:
    """Each block that is off is named."""
    row = rows(public_access=Known({**ON, "IgnorePublicAcls": False}))["public-access"]
    assert (row.outcome, row.found) == (Outcome.FAIL, "not blocked: IgnorePublicAcls")
    assert rows(public_access=Absent())["public-access"].found.count(",") == 3


def allow(*actions: str, to: str = ROLE, **members: Any) -> dict[str, Any]:
    """Return a statement of a key's policy."""
    members = {"Effect": "Allow", "Principal": {"AWS": to}, "Resource": "*", **members}
    return {**members, "Action": list(actions)}


TO_ACCOUNT = allow("kms:*", to=f"arn:aws:iam::{ACCOUNT}:root")
FOR_AWS: dict[str, Any] = {"Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}
ALLOWED = Known(dict.fromkeys(NEEDED, "allowed"))


def key_state(**changes: Any) -> dict[str, DataRow]:
    """Judge a key that leaves all to the account, whose policies allow it, but for changes."""
    usual: dict[str, Any] = {
        "name": "alias/disks",
        "user": USER,
        "key": Known(Key(key_id="k", arn=KEY_ARN, key_state="Enabled", key_manager="CUSTOMER")),
        "policy": policy(TO_ACCOUNT),
        "grants": Known(()),
        "rotates": Known(True),
        "simulated": ALLOWED,
    }
    return {row.check: row for row in key_rows(KeyState(**{**usual, **changes}))}


@pytest.mark.parametrize(
    "statements",
    [
        (TO_ACCOUNT,),
        (allow("kms:*"),),
        (allow(*NEEDED[:-1]), allow("kms:CreateGrant", **FOR_AWS)),
        (
            allow("kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
            allow("kms:CreateGrant", **FOR_AWS),
        ),
        (
            allow(
                "kms:*",
                to="*",
                Condition={
                    "StringEquals": {
                        "kms:ViaService": "ec2.eu-west-1.amazonaws.com",
                        "kms:CallerAccount": ACCOUNT,
                    }
                },
            ),
        ),
    ],
)
def test_a_key_that_ec2_may_use_passes(statements: tuple[dict[str, Any], ...]) -> None:
    """By its policy, for AWS's resources alone or through EC2 alone, or by the account's."""
    found = key_state(policy=policy(*statements))
    assert {row.outcome for row in found.values()} == {Outcome.PASS}


@pytest.mark.parametrize("action", NEEDED)
def test_what_a_key_lacks_is_named(action: str) -> None:
    """Each of the actions, where it alone is missing; the printed policy adds it, and passes."""
    given = policy(allow(*(one for one in NEEDED if one != action)))
    row = key_state(policy=given)["key-use"]
    assert row.outcome is Outcome.FAIL
    assert [one for one in NEEDED if f"{one} " in row.found or f"{one}," in row.found] == [action]
    mended = Known(words_of(row)[-1])
    assert key_state(policy=mended)["key-use"].outcome is Outcome.PASS
    by_grant = KeyGrant(grantee_principal=ROLE, operations=(action.removeprefix("kms:"),))
    assert key_state(policy=given, grants=Known((by_grant,)))["key-use"].outcome is Outcome.PASS
    bound = KeyGrant(
        grantee_principal=ROLE,
        operations=by_grant.operations,
        constraints={"EncryptionContextSubset": {"department": "research"}},
    )
    assert key_state(policy=given, grants=Known((bound,)))["key-use"].outcome is Outcome.FAIL
    others = KeyGrant(grantee_principal=f"{ROLE}x", operations=by_grant.operations)
    assert key_state(policy=given, grants=Known((others,)))["key-use"].outcome is Outcome.FAIL
    hidden = Unseen("kms:ListGrants", "not for you")
    assert key_state(policy=given, grants=hidden)["key-use"].outcome is Outcome.UNKNOWN


def test_what_the_account_must_give_is_asked_of_it() -> None:
    """A key that leaves it to the account is no better than the caller's own policies."""
    said = Known({**ALLOWED.value, "kms:CreateGrant": "implicitDeny"})
    row = key_state(simulated=said)["key-use"]
    assert row.outcome is Outcome.FAIL
    assert "don't allow kms:CreateGrant" in row.found
    assert words_of(row)[:5] == ["aws", "iam", "put-role-policy", "--role-name", "launcher"]
    hidden = Unseen("iam:SimulatePrincipalPolicy", "not for you")
    assert key_state(simulated=hidden)["key-use"].outcome is Outcome.UNKNOWN
    elsewhere = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
    bound = {**TO_ACCOUNT, "Condition": {"StringEquals": elsewhere}}
    assert "neither its policy" in key_state(policy=policy(bound))["key-use"].found


def test_a_denial_is_no_command_away() -> None:
    """What a statement denies is named, and left to whoever wrote it."""
    row = key_state(policy=policy(TO_ACCOUNT, allow("kms:ReEncrypt*", to="*", Effect="Deny")))
    assert row["key-use"].outcome is Outcome.FAIL
    assert "denies kms:ReEncryptFrom, kms:ReEncryptTo" in row["key-use"].found
    assert row["key-use"].command == ""


@pytest.mark.parametrize(
    ("changes", "check", "command"),
    [
        ({"key_state": "Disabled"}, "key-state", "enable-key"),
        ({"key_state": "PendingDeletion"}, "key-state", "cancel-key-deletion"),
        ({"key_state": "PendingImport"}, "key-state", ""),
        ({"key_usage": "SIGN_VERIFY", "key_spec": "RSA_2048"}, "key-state", ""),
    ],
)
def test_a_key_that_can_not_be_used_is_told(
    changes: dict[str, Any], check: str, command: str
) -> None:
    """Its state or kind, and what makes it usable where anything does."""
    usual = {"key_id": "k", "arn": KEY_ARN, "key_state": "Enabled", "key_manager": "CUSTOMER"}
    row = key_state(key=Known(Key(**{**usual, **changes})))[check]
    assert row.outcome is Outcome.FAIL
    assert command in row.command
    assert bool(row.command) == bool(command)


def test_rotation_and_aws_own_keys() -> None:
    """A key that is not rotated fails; AWS's own is, and lets EC2 use it."""
    assert key_state(rotates=Known(False))["key-rotation"].outcome is Outcome.FAIL
    assert key_state(rotates=Absent())["key-rotation"].command == ""
    own = Key(key_id="k", arn=KEY_ARN, key_state="Enabled", key_manager="AWS")
    found = key_state(key=Known(own), policy=DENIED)
    assert {row.outcome for row in found.values()} == {Outcome.PASS}
    assert key_state(key=Absent())["key-state"].outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [(Known(True), Outcome.PASS), (Known(False), Outcome.FAIL), (DENIED, Outcome.UNKNOWN)],
)
def test_disks(fact: Fact[bool], outcome: Outcome) -> None:
    """Encryption by default is judged, the default key is told."""
    first, second = disk_rows(fact, Known("alias/aws/ebs"), region="eu-west-1")
    assert (first.outcome, second.outcome) == (outcome, Outcome.NOTE)
