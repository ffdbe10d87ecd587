"""An authority whose key lies in KMS, on a control plane that enforces IAM."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.iam.conftest import Person, printed, without
from tests.integration.launch.account import Account

MakePerson = Callable[[str], Person]
SIGNING = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
OURS = [{"TagKey": "spawn", "TagValue": "true"}]


@pytest.fixture
def alice(person: MakePerson) -> Person:
    """A person with an authority in KMS, who may do what is printed for it."""
    made = person("alice")
    made.may(*printed("ssh-ca init", "ssh-ca sign"))
    return made


def judged(line: str, place: Path) -> str:
    """What ssh-keygen shows of a certificate, whose signature it verifies."""
    place.write_text(line)
    words = ["ssh-keygen", "-L", "-f", str(place)]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=True).stdout


def test_what_kms_signs_openssh_takes(alice: Person, account: Account, tmp_path: Path) -> None:
    """A key is made in KMS, tagged, and signs a certificate for its owner, who may no more."""
    made, calls = alice("ssh-ca", "init", "--kms", "--yes", "-o", "json")
    assert made.code == 0, made.stderr
    assert {"kms:CreateKey", "kms:GetPublicKey", "kms:ListResourceTags"} <= calls
    shown = json.loads(made.stdout)
    assert shown["public_key"].startswith("ecdsa-sha2-nistp256 ")
    (key,) = account.client("kms").list_keys()["Keys"]
    assert shown["place"] == f"the KMS key {key['KeyArn']}"
    tags = account.client("kms").list_resource_tags(KeyId=key["KeyId"])["Tags"]
    assert {tag["TagKey"]: tag["TagValue"] for tag in tags} == {"spawn": "true", "owner": "alice"}

    again, calls = alice("ssh-ca", "init", "-o", "json")
    assert json.loads(again.stdout) == {**shown, "is_new": False}
    assert not any(call.startswith("kms:") for call in calls)

    signed, calls = alice("ssh-ca", "sign")
    assert signed.code == 0, signed.stderr
    assert calls == {"sts:GetCallerIdentity", "kms:Sign"}
    words = judged(signed.stdout, tmp_path / "a-cert.pub")
    assert f"Signing CA: ECDSA {shown['fingerprint']}" in words
    assert "owner:alice\n" in words


def test_whoever_may_not_sign_is_told_so(alice: Person) -> None:
    """Without kms:Sign the denial names it, its key, and the statement to add."""
    assert alice("ssh-ca", "init", "--kms", "--yes")[0].code == 0
    alice.may(*without(printed("ssh-ca init", "ssh-ca sign"), "kms:Sign"))
    denied, _ = alice("ssh-ca", "sign")
    assert denied.code == 4
    assert denied.stdout == ""
    assert "not authorized to perform: kms:Sign on resource: arn:aws:kms:" in denied.stderr
    assert 'this statement allows it: {"Effect": "Allow", "Action": "kms:Sign"' in denied.stderr


def test_an_account_s_other_keys_stay_out_of_reach(alice: Person, account: Account) -> None:
    """A key without spawn's tag is refused, and so is signing with it under the printed policy."""
    kms = account.client("kms")
    other = kms.create_key(**SIGNING)["KeyMetadata"]["Arn"]
    refused, _ = alice("ssh-ca", "init", "--kms-key", other)
    assert refused.code == 1
    assert "lacks the tag spawn=true" in refused.stderr
    assert f"try: aws kms tag-resource --key-id {other}" in refused.stderr
    kms.tag_resource(KeyId=other, Tags=OURS)
    taken, _ = alice("ssh-ca", "init", "--kms-key", other)
    assert taken.code == 0, taken.stderr
    kms.untag_resource(KeyId=other, TagKeys=["spawn"])
    denied, _ = alice("ssh-ca", "sign")
    assert denied.code == 4
    assert "kms:Sign" in denied.stderr


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ({}, (5, "has a public half")),
        ({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, (1, "can't sign SSH certificates")),
        ({"KeySpec": "ECC_NIST_P384", "KeyUsage": "SIGN_VERIFY"}, (1, "can't sign SSH")),
        (None, (5, "there is no KMS key")),
    ],
    ids=["symmetric", "RSA", "P-384", "none"],
)
def test_keys_that_can_t_sign_are_refused(
    key: dict[str, Any] | None, says: tuple[int, str], alice: Person, account: Account
) -> None:
    """Whatever is no signing key of a fitting kind is said to be none, and nothing is kept."""
    name = "alias/nothing"
    if key is not None:
        name = account.client("kms").create_key(Tags=OURS, **key)["KeyMetadata"]["KeyId"]
    refused, _ = alice("ssh-ca", "init", "--kms-key", name)
    code, words = says
    assert refused.code == code, refused.stderr
    assert words in refused.stderr
    assert alice("ssh-ca", "sign", "--principal", "owner:alice")[0].code == 2


def test_an_authority_that_is_disabled_is_said_to_be(alice: Person, account: Account) -> None:
    """A key that somebody disables signs nothing, and the words come from KMS."""
    assert alice("ssh-ca", "init", "--kms", "--yes")[0].code == 0
    (key,) = account.client("kms").list_keys()["Keys"]
    account.client("kms").schedule_key_deletion(KeyId=key["KeyId"])
    refused, _ = alice("ssh-ca", "sign")
    assert refused.code == 1, refused.stderr
    assert "pending deletion" in refused.stderr
    assert "try: spawn ssh-ca status" in refused.stderr
