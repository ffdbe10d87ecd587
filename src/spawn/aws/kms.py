"""KMS: whether a key can encrypt a disk."""

from __future__ import annotations

import msgspec

from spawn.aws.operation import Answer, Permission, read
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape

DESCRIBE_KEY = read(
    "kms",
    "DescribeKey",
    Permission("kms:DescribeKey", "arn:{partition}:kms:{region}:{account}:key/*"),
)

OPERATIONS = (DESCRIBE_KEY,)


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
