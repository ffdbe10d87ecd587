"""Disks: the image's own, sized, encrypted and ending as was asked, or a word why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spawn.aws import kms
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.core.errors import (
    AccountError,
    InputError,
    NamedThingNotFound,
    RefusedByControl,
    SpawnError,
)
from spawn.core.levels import Level
from spawn.launch.facts import AccountFacts
from spawn.posture.model import KeyManager
from tests.unit.launch.accounts import (
    KMS_KEY,
    OWN_AMI,
    ROOT_DEVICE,
    fresh_account,
    plan_of,
    spec,
)

ALIAS = "alias/disks"
DENIED = Unseen("kms:DescribeKey", "no identity-based policy allows it")


def disks_of(facts: AccountFacts | None = None, **fields: Any) -> dict[str, dict[str, Any]]:
    """Return what is asked for each disk, by its device name."""
    mappings = plan_of(spec(**fields), facts).run.parameters["BlockDeviceMappings"]
    return {mapping["DeviceName"]: mapping["Ebs"] for mapping in mappings}


def with_key(fact: Fact[kms.Key], **fields: Any) -> AccountFacts:
    """Return an account where the named key looks so."""
    facts = fresh_account(spec(kms_key_id=ALIAS, **fields))
    return replace(facts, disks=replace(facts.disks, kms_key=fact))


def key(**members: str) -> Fact[kms.Key]:
    """Return a key that can be used, but for `members`."""
    usable = {"key_id": "1", "arn": KMS_KEY, "key_state": "Enabled", "key_manager": "CUSTOMER"}
    return Known(kms.Key(**usable | members))


def test_size_and_type_are_the_roots_alone() -> None:
    """Other disks of the image keep their size, and every disk is encrypted and goes at the end."""
    disks = disks_of(ami=OWN_AMI, volume_size_gib=30, volume_type="gp3")
    assert disks == {
        ROOT_DEVICE: {
            "DeleteOnTermination": True,
            "VolumeSize": 30,
            "VolumeType": "gp3",
            "Encrypted": True,
        },
        "/dev/sdf": {"DeleteOnTermination": True, "Encrypted": True},
    }


def test_a_named_key_encrypts_every_disk() -> None:
    """The key goes out as the ARN that it was looked at under, also where it was an alias."""
    disks = disks_of(with_key(key(), ami=OWN_AMI), ami=OWN_AMI, kms_key_id=ALIAS)
    assert {one["KmsKeyId"] for one in disks.values()} == {KMS_KEY}
    assert all(one["Encrypted"] for one in disks.values())


def test_a_key_encrypts_in_open_too() -> None:
    """A key that is named is used, whatever the level says by default."""
    (disk,) = disks_of(security=Level.OPEN, kms_key_id=KMS_KEY).values()
    assert disk["Encrypted"] is True


def test_a_key_that_may_not_be_looked_at_goes_out_as_it_was_given() -> None:
    """Whether it can be used is then for EC2 to say; nobody claims to have checked it."""
    asked = spec(kms_key_id=ALIAS)
    plan = plan_of(asked, with_key(DENIED))
    (disk,) = plan.run.parameters["BlockDeviceMappings"]
    assert disk["Ebs"]["KmsKeyId"] == ALIAS
    assert plan.posture.disks[0].key_manager == DENIED


@pytest.mark.parametrize(
    ("fact", "error", "words"),
    [
        (Absent(), NamedThingNotFound, "there is no such key"),
        (key(key_state="Disabled"), AccountError, "the key is Disabled"),
        (key(key_state="PendingDeletion"), AccountError, "the key is PendingDeletion"),
        (key(key_spec="RSA_2048"), InputError, "RSA_2048"),
    ],
)
def test_a_key_that_could_not_encrypt_is_refused(
    fact: Fact[kms.Key], error: type[SpawnError], words: str
) -> None:
    """EC2 would let the instance go from pending to terminated without a word: we say it before."""
    with pytest.raises(error, match=words) as refused:
        plan_of(spec(kms_key_id=ALIAS), with_key(fact))
    assert "--kms-key-id" in refused.value.what


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"volume_size_gib": 7}, "--volume-size 7 is too small"),
        ({"volume_type": "io2"}, "--volume-type io2 needs a number of IOPS"),
        ({"volume_type": "st1"}, "--volume-type 'st1' is not a type"),
        ({"encrypt_volumes": False, "kms_key_id": KMS_KEY}, "exclude each other"),
    ],
)
def test_disks_that_can_not_be_had_are_refused(fields: dict[str, Any], words: str) -> None:
    """Each refusal names the flag."""
    with pytest.raises(InputError, match=words):
        plan_of(spec(**fields))


def test_an_account_that_encrypts_can_not_be_talked_out_of_it() -> None:
    """`Encrypted=false` has no effect in such an account, so it is refused and not sent."""
    asked = spec(encrypt_volumes=False)
    facts = fresh_account(asked)
    always = replace(facts, disks=replace(facts.disks, encrypts_by_default=Known(value=True)))
    with pytest.raises(InputError, match="--no-encrypt-volumes can't be had"):
        plan_of(asked, always)
    with pytest.raises(RefusedByControl):
        plan_of(asked, facts)


@pytest.mark.parametrize(
    ("default", "manager"),
    [
        (Known("alias/aws/ebs"), KeyManager.AWS),
        (Known(KMS_KEY), KeyManager.CUSTOMER),
        (Unseen("ec2:GetEbsDefaultKmsKeyId", "no"), Unseen("ec2:GetEbsDefaultKmsKeyId", "no")),
    ],
)
def test_the_accounts_default_key_may_be_a_customers(
    default: Fact[str], manager: KeyManager | Unseen
) -> None:
    """Encrypted without a key means the account's default key: whose that is, was looked at."""
    facts = fresh_account(spec())
    plan = plan_of(spec(), replace(facts, disks=replace(facts.disks, default_key=default)))
    assert plan.posture.disks[0].key_manager == manager
