"""KMS: whether a key can encrypt a disk, and who may use it."""

from __future__ import annotations

from typing import Any

import msgspec

from spawn.aws.operation import Answer, Permission, read
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

_KEY = "arn:{partition}:kms:{region}:{account}:key/*"
DESCRIBE_KEY = read("kms", "DescribeKey", Permission("kms:DescribeKey", _KEY))

GET_KEY_POLICY = read("kms", "GetKeyPolicy", Permission("kms:GetKeyPolicy", _KEY))
GET_KEY_ROTATION_STATUS = read(
    "kms", "GetKeyRotationStatus", Permission("kms:GetKeyRotationStatus", _KEY)
)
LIST_GRANTS = read("kms", "ListGrants", Permission("kms:ListGrants", _KEY))

OPERATIONS = (DESCRIBE_KEY, GET_KEY_POLICY, GET_KEY_ROTATION_STATUS, LIST_GRANTS)


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
        absent_codes=("NotFoundException", "InvalidArnException", "ValidationException"),
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
