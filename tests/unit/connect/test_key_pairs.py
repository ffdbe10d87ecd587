"""The person's key in AWS."""

from __future__ import annotations

import pytest

from spawn.aws.ec2 import KeyPair
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.connect.key_pairs import key_pair_question, plan_key_pair, require_key_pair
from spawn.connect.keys import pair_name
from spawn.connect.publickey import parse_public_key
from spawn.core.errors import AccessDenied, NamedThingNotFound, RefusedByControl
from tests.unit.connect.builders import REGION, public_key

KEY = public_key()
NAME = pair_name(KEY)
TAGS = {"spawn": "true", "owner": "ada"}
DENIED = Unseen("ec2:DescribeKeyPairs", "not authorized")


def pair(line: str, name: str = NAME) -> KeyPair:
    """Return a key pair as AWS shows it."""
    return KeyPair(key_name=name, public_key=line, key_fingerprint="aa:bb")


def test_the_name_is_made_of_the_key() -> None:
    """One key has one name, another key another, and the name tells nothing but a hash."""
    assert pair_name(parse_public_key(f"{KEY.line} ada@laptop")) == NAME
    assert pair_name(public_key()) != NAME
    assert len(NAME.removeprefix("spawn-")) == 16


@pytest.mark.parametrize("fact", [Absent(), Known(())])
def test_an_unknown_key_is_imported(fact: Fact[tuple[KeyPair, ...]]) -> None:
    """The import is tagged at birth, never undone, and gives way when someone was faster."""
    step = plan_key_pair(KEY, fact, region=REGION, tags=TAGS)
    assert step is not None
    assert step.operation == "ec2:ImportKeyPair"
    assert step.region == REGION
    assert step.parameters["KeyName"] == NAME
    assert step.parameters["PublicKeyMaterial"] == KEY.line
    assert step.parameters["TagSpecifications"] == [
        {
            "ResourceType": "key-pair",
            "Tags": [{"Key": "owner", "Value": "ada"}, {"Key": "spawn", "Value": "true"}],
        }
    ]
    assert step.undo is None
    assert step.collides == ("InvalidKeyPair.Duplicate",)


def test_a_known_key_is_reused() -> None:
    """The same key under its name needs no step, whatever comment AWS keeps with it."""
    fact: Fact[tuple[KeyPair, ...]] = Known((pair(f"{KEY.line} ada@laptop\n"),))
    assert plan_key_pair(KEY, fact, region=REGION, tags=TAGS) is None


@pytest.mark.parametrize(
    "line",
    [public_key().line, public_key("ssh-rsa").line, "", "garbage"],
    ids=["same-kind", "other-kind", "not-shown", "unreadable"],
)
def test_a_foreign_key_under_the_name_is_refused(line: str) -> None:
    """A key that is not the person's, or is not shown, would admit someone else."""
    with pytest.raises(RefusedByControl) as caught:
        plan_key_pair(KEY, Known((pair(line),)), region=REGION, tags=TAGS)
    assert caught.value.controls == ("SSH-KEY-FOREIGN",)
    assert KEY.fingerprint in caught.value.why
    assert caught.value.next_command == (
        f"aws ec2 delete-key-pair --region {REGION} --key-name {NAME}"
    )


def test_a_key_that_may_not_be_looked_at_is_not_trusted() -> None:
    """Not being allowed to look is neither "there" nor "not there"."""
    with pytest.raises(AccessDenied) as caught:
        plan_key_pair(KEY, DENIED, region=REGION, tags=TAGS)
    assert caught.value.operation == "ec2:DescribeKeyPairs"


def test_a_named_key_pair_must_exist() -> None:
    """A key pair that a person names is found, or missed with the command that lists them."""
    named = pair("", name="laptop")
    assert require_key_pair("laptop", Known((named,)), region=REGION) == named
    with pytest.raises(NamedThingNotFound) as caught:
        require_key_pair("laptop", Absent(), region=REGION)
    assert "laptop" in caught.value.what
    assert REGION in caught.value.next_command
    with pytest.raises(AccessDenied):
        require_key_pair("laptop", DENIED, region=REGION)


def test_the_question_asks_for_the_key_itself() -> None:
    """Without the public key in the answer nothing could be compared."""
    question = key_pair_question("laptop", region=REGION)
    assert question.parameters == {"KeyNames": ["laptop"], "IncludePublicKey": True}
    assert question.region == REGION
    assert question.absent_codes == ("InvalidKeyPair.NotFound",)
