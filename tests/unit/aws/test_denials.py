"""What AWS says of a denial is understood, in each of its ways to say it."""

from __future__ import annotations

import json

import msgspec
import pytest

from spawn.aws.denials import decoded_tags, decoded_words, denials_in, without_encoded
from spawn.core.denials import Denial

WHO = "arn:aws:sts::123456789012:assumed-role/dev/ana"
BOX = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"
PUT = f"User: {WHO} is not authorized to perform: s3:PutObject"
SENTENCE = f"User: {WHO} is not authorized to perform: ec2:StopInstances on resource: {BOX}"


@pytest.mark.parametrize(
    ("rest", "kind", "explicit", "can_be_allowed"),
    [
        ("because no {} allows the ec2:StopInstances action", "identity-based policy", False, True),
        ("because no {} allows the ec2:StopInstances action", "session policy", False, False),
        ("because no {} allows the ec2:StopInstances action", "permissions boundary", False, False),
        ("because no {} allows the ec2:StopInstances action", "VPC endpoint policy", False, False),
        ("with an explicit deny in a {}", "service control policy", True, False),
        ("with an explicit deny in an {}", "identity-based policy", True, False),
        (
            "with an explicit deny in a {}: arn:aws:iam::1:policy/x",
            "permissions boundary",
            True,
            False,
        ),
    ],
)
def test_each_kind_of_policy_is_told(
    rest: str, kind: str, explicit: bool, can_be_allowed: bool
) -> None:
    """Who, what, on what, and which kind of policy decided; and whether a statement would help."""
    (found,) = denials_in(f"You are not authorized. {SENTENCE} {rest.format(kind)}. Encoded …: x")
    assert found == Denial(
        action="ec2:StopInstances", resource=BOX, who=WHO, kind=kind, is_explicit=explicit
    )
    assert found.can_be_allowed is can_be_allowed


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        (
            f'{PUT} on resource: "arn:aws:s3:::b/k"',
            "arn:aws:s3:::b/k",
        ),
        (f"{PUT} on resource: *", ""),
        (PUT, ""),
    ],
)
def test_resources_are_read_as_each_service_writes_them(text: str, resource: str) -> None:
    """Quoted, a star for none, or left out."""
    (found,) = denials_in(text)
    assert (found.action, found.resource, found.who) == ("s3:PutObject", resource, WHO)


def test_other_words_tell_of_no_denial() -> None:
    """A throttle, or a message of another kind, is not read as one."""
    assert denials_in("Rate exceeded") == ()
    assert denials_in("You are not authorized to perform this operation.") == ()


def test_what_is_encoded_is_not_shown() -> None:
    """It hides the rest; where it is all that there is, it is said that there is something."""
    encoded = "Encoded authorization failure message: " + "x" * 900
    assert without_encoded(f"{SENTENCE}. {encoded}") == f"{SENTENCE}."
    assert without_encoded(f"Denied. {encoded}") == "Denied. (the details are encoded)"


def decoded(**changed: object) -> str:
    """A message as STS decodes it."""
    tag = {"key": "aws:ResourceTag/owner", "values": {"items": [{"value": "bob"}]}}
    key = {"key": "ec2:Region", "values": {"items": [{"value": "eu-west-1"}]}}
    context = {
        "principal": {"id": "AROA", "arn": WHO},
        "action": "ec2:StopInstances",
        "resource": BOX,
        "conditions": {"items": [tag, key]},
    }
    return json.dumps(
        {"allowed": False, "explicitDeny": False, "context": context, "failures": {}} | changed
    )


def test_a_decoded_message_reads_as_a_plain_one() -> None:
    """Action and resource are found in it, whether a deny decided, and whose the resource is."""
    (missing,) = denials_in(decoded_words(decoded()))
    (denied,) = denials_in(decoded_words(decoded(explicitDeny=True)))
    assert (missing.action, missing.resource, missing.who) == ("ec2:StopInstances", BOX, WHO)
    assert (missing.is_explicit, denied.is_explicit) == (False, True)
    assert decoded_tags(decoded()) == "owner=bob"


@pytest.mark.parametrize("message", ["", "{}", "[]", '{"context": {"action": 1}}', "\u0000"])
def test_what_is_no_such_message_is_a_value_error(message: str) -> None:
    """Whatever answers for STS, a denial stays a denial: what is wrong with it can be caught."""
    with pytest.raises(msgspec.DecodeError):
        decoded_words(message)
