"""KMS: whether a key can encrypt a disk, who may use it, and an SSH authority's signing keys."""

from __future__ import annotations

from typing import Any

import msgspec

from spawn.aws.operation import TAGGED, TAGGING, Answer, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

_KEY = "arn:{partition}:kms:{region}:{account}:key/*"
DESCRIBE_KEY = read("kms", "DescribeKey", Permission("kms:DescribeKey", _KEY))
GET_KEY_POLICY = read("kms", "GetKeyPolicy", Permission("kms:GetKeyPolicy", _KEY))
GET_KEY_ROTATION_STATUS = read(
    "kms", "GetKeyRotationStatus", Permission("kms:GetKeyRotationStatus", _KEY)
)
GET_PUBLIC_KEY = read("kms", "GetPublicKey", Permission("kms:GetPublicKey", _KEY))
LIST_GRANTS = read("kms", "ListGrants", Permission("kms:ListGrants", _KEY))
LIST_RESOURCE_TAGS = read("kms", "ListResourceTags", Permission("kms:ListResourceTags", _KEY))
# What is signed lasts, though AWS keeps nothing of it: a preview must not be able to.
SIGN = write("kms", "Sign", Permission("kms:Sign", _KEY, TAGGED))
CREATE_KEY = write(
    "kms",
    "CreateKey",
    Permission("kms:CreateKey", "*", TAGGING),
    Permission("kms:TagResource", "*", TAGGING),
)

OPERATIONS = (
    CREATE_KEY,
    DESCRIBE_KEY,
    GET_KEY_POLICY,
    GET_KEY_ROTATION_STATUS,
    GET_PUBLIC_KEY,
    LIST_GRANTS,
    LIST_RESOURCE_TAGS,
    SIGN,
)
# KMS API Reference, Sign, Message: what is longer has to be hashed by the caller.
LONGEST_MESSAGE_BYTES = 4096
NO_SUCH_KEY = ("NotFoundException", "InvalidArnException", "ValidationException")


class Key(Shape, frozen=True, kw_only=True):
    """A key. `key_manager` is "AWS" or "CUSTOMER"; a usable one's `key_state` is "Enabled"."""

    key_id: str
    arn: str
    key_state: str = ""
    key_manager: str = ""
    key_usage: str = "ENCRYPT_DECRYPT"
    key_spec: str = "SYMMETRIC_DEFAULT"


def key(answer: Answer) -> Key:
    """Understand DescribeKey."""
    return msgspec.convert(answer["KeyMetadata"], type=Key, strict=False)


def key_question(name: str, region: str) -> Question[Key]:
    """Ask for a key by id, ARN or alias. A malformed name is one of no key."""
    return Question(
        operation=DESCRIBE_KEY,
        parameters={"KeyId": name},
        region=region,
        understand=key,
        absent_codes=NO_SUCH_KEY,
    )


class SigningKey(Shape, frozen=True, kw_only=True):
    """What GetPublicKey tells: `key_id` is the key's ARN, `public_key` its DER."""

    key_id: str
    public_key: bytes
    key_spec: str = ""
    key_usage: str = ""


def signing_key_question(name: str, region: str) -> Question[SigningKey]:
    """Ask for the public key of an asymmetric key, by id, ARN or alias."""
    return Question(
        operation=GET_PUBLIC_KEY,
        parameters={"KeyId": name},
        region=region,
        understand=lambda answer: msgspec.convert(answer, type=SigningKey),
        # A symmetric key has no public half.
        absent_codes=(*NO_SUCH_KEY, "UnsupportedOperationException"),
    )


def key_tags_question(name: str, region: str) -> Question[dict[str, str]]:
    """Ask for a key's tags; KMS has its own names for what a tag consists of."""

    def understand(answer: Answer) -> dict[str, str]:
        return {str(tag["TagKey"]): str(tag["TagValue"]) for tag in answer.get("Tags", ())}

    return Question(
        operation=LIST_RESOURCE_TAGS,
        parameters={"KeyId": name},
        region=region,
        understand=understand,
        absent_codes=NO_SUCH_KEY,
    )


class KeyGrant(Shape, frozen=True, kw_only=True):
    """A grant: who may do which operations with a key, beside its policy."""

    grantee_principal: str = ""
    operations: tuple[str, ...] = ()
    constraints: dict[str, Any] = msgspec.field(default_factory=dict)


def key_policy_question(key_id: str, region: str) -> Question[str]:
    """Ask for a key's policy: each has one, and its name is always `default`."""
    return Question(
        operation=GET_KEY_POLICY,
        parameters={"KeyId": key_id, "PolicyName": "default"},
        region=region,
        understand=lambda answer: str(answer["Policy"]),
        absent_codes=("NotFoundException",),
    )


def grants_question(key_id: str, region: str) -> Question[tuple[KeyGrant, ...]]:
    """Ask which grants a key has."""
    return Question(
        operation=LIST_GRANTS,
        parameters={"KeyId": key_id},
        region=region,
        understand=lambda answer: many(answer, "Grants", KeyGrant),
        absent_codes=("NotFoundException",),
    )


def rotation_question(key_id: str, region: str) -> Question[bool]:
    """Ask whether KMS rotates a key by itself."""
    return Question(
        operation=GET_KEY_ROTATION_STATUS,
        parameters={"KeyId": key_id},
        region=region,
        understand=lambda answer: bool(answer["KeyRotationEnabled"]),
        absent_codes=("NotFoundException", "UnsupportedOperationException"),
    )
