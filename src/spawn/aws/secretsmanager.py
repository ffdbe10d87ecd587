"""Secrets Manager: whether a secret is there, and under which key. Its value is never read here."""

from __future__ import annotations

from datetime import datetime

import msgspec

from spawn.aws.operation import Answer, Permission, read
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape

DESCRIBE_SECRET = read(
    "secretsmanager",
    "DescribeSecret",
    Permission(
        "secretsmanager:DescribeSecret",
        "arn:{partition}:secretsmanager:{region}:{account}:secret:*",
    ),
)

OPERATIONS = (DESCRIBE_SECRET,)


class Secret(Shape, frozen=True, kw_only=True):
    """A secret. `kms_key_id` is "" for AWS's own key, else a key's id or ARN, or an alias' ARN.

    `deleted_date` is set while it waits to be deleted: it can't be read any more.
    """

    arn: str = msgspec.field(name="ARN")
    name: str
    kms_key_id: str = ""
    deleted_date: datetime | None = None


def secret(answer: Answer) -> Secret:
    """Understand DescribeSecret."""
    return msgspec.convert(answer, type=Secret, strict=False)


def secret_question(secret_id: str, *, region: str) -> Question[Secret]:
    """Ask for a secret by its name or ARN."""
    return Question(
        operation=DESCRIBE_SECRET,
        parameters={"SecretId": secret_id},
        region=region,
        understand=secret,
        absent_codes=("ResourceNotFoundException",),
    )
