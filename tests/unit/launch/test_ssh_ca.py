"""A launch whose instance admits certificates of an authority, and nothing else."""

from __future__ import annotations

import gzip

import pytest

from spawn.aws.shapes import TagShape
from spawn.connect.ssh_ca.trust import SshTrust
from spawn.core.errors import InputError
from spawn.launch.trusting import plan_trust
from tests.unit.connect.builders import instance
from tests.unit.launch.accounts import OTHER_KEY, PUBLIC_KEY, fresh_account, plan_of, spec
from tests.unit.launch.requests import launches_of, tags_of, user_data_of

TRUST = SshTrust(public_line=OTHER_KEY, number=3, krl=b"SSHKRL\n\0")
MARK = f"{TRUST.public_key.fingerprint} 3"


def test_no_key_goes_along() -> None:
    """Neither is a key pair imported nor named, even where the person's key is known."""
    asked = spec(ssh_ca=TRUST, public_key=PUBLIC_KEY)
    plan = plan_of(asked, fresh_account(asked))
    assert not any("KeyPair" in step.operation for step in plan.steps)
    for parameters in launches_of(plan):
        assert "KeyName" not in parameters
        assert tags_of(parameters)["spawn:ssh-ca"] == MARK
    assert PUBLIC_KEY.encode() not in gzip.decompress(user_data_of(plan))


def test_owner_and_launcher_are_admitted() -> None:
    """The instance is told of both, in the spelling of certificates, and so is the person."""
    asked = spec(ssh_ca=TRUST, tags={"owner": "bob, the=builder"})
    plan = plan_of(asked, fresh_account(asked))
    told = gzip.decompress(user_data_of(plan)).decode()
    said = dict(plan.summary)["ssh"]
    own = plan_of(spec(ssh_ca=TRUST)).owner
    for principal in ("owner:bob=2C=20the=3Dbuilder", f"owner:{own}"):
        assert f"\n{principal}\n" in told
        assert principal in said
    assert TRUST.public_key.fingerprint in said
    assert f"\n{OTHER_KEY}\n" in told


def test_the_spelling_of_names_never_adds_a_line() -> None:
    """An owner with a line end in the name admits nobody besides."""
    asked = spec(ssh_ca=TRUST, tags={"owner": "bob\nowner:eve"})
    told = gzip.decompress(user_data_of(plan_of(asked, fresh_account(asked)))).decode()
    assert "\nowner:eve\n" not in told
    assert "\nowner:bob=0Aowner=3Aeve\n" in told


def test_a_running_instance_is_told_the_same() -> None:
    """Its owner by its tag and who asks are admitted, and its tag is to say so."""
    running = instance(tags=(TagShape(key="owner", value="bob"),))
    plan = plan_trust(running, TRUST, region="eu-west-1", login_user="ubuntu", caller_owner="alice")
    assert plan.orders.principals == ("owner:bob", "owner:alice")
    assert plan.orders.revoked == TRUST.krl
    assert plan.tag.parameters["Tags"] == [{"Key": "spawn:ssh-ca", "Value": MARK}]
    assert "number 3" in plan.sentences[0]


@pytest.mark.parametrize("owner", ["", None])
def test_nobody_s_instance_trusts_nobody(owner: str | None) -> None:
    """Without an owner there is nobody to admit."""
    tags = () if owner is None else (TagShape(key="owner", value=owner),)
    with pytest.raises(InputError, match="has no owner"):
        plan_trust(
            instance(tags=tags), TRUST, region="r", login_user="ubuntu", caller_owner="alice"
        )
