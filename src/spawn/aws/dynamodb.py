"""DynamoDB: the operations that spawn calls, and what the answers mean."""

from __future__ import annotations

from typing import Any

import msgspec

from spawn.aws.operation import Answer, Permission, read, write
from spawn.aws.shapes import Shape

_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/spawn-instances"

DESCRIBE_TABLE = read("dynamodb", "DescribeTable", Permission("dynamodb:DescribeTable", _TABLE))
DESCRIBE_TIME_TO_LIVE = read(
    "dynamodb", "DescribeTimeToLive", Permission("dynamodb:DescribeTimeToLive", _TABLE)
)
DESCRIBE_CONTINUOUS_BACKUPS = read(
    "dynamodb",
    "DescribeContinuousBackups",
    Permission("dynamodb:DescribeContinuousBackups", _TABLE),
)

CREATE_TABLE = write(
    "dynamodb",
    "CreateTable",
    Permission("dynamodb:CreateTable", _TABLE),
    Permission("dynamodb:TagResource", _TABLE),
)
UPDATE_TIME_TO_LIVE = write(
    "dynamodb", "UpdateTimeToLive", Permission("dynamodb:UpdateTimeToLive", _TABLE)
)
UPDATE_CONTINUOUS_BACKUPS = write(
    "dynamodb",
    "UpdateContinuousBackups",
    Permission("dynamodb:UpdateContinuousBackups", _TABLE),
)
PUT_ITEM = write("dynamodb", "PutItem", Permission("dynamodb:PutItem", _TABLE))
# A transaction has no action of its own: "Using IAM with DynamoDB transactions", Developer Guide.
TRANSACT_WRITE_ITEMS = write(
    "dynamodb", "TransactWriteItems", Permission("dynamodb:PutItem", _TABLE)
)

GET_ITEM = read("dynamodb", "GetItem", Permission("dynamodb:GetItem", _TABLE))

OPERATIONS = (
    DESCRIBE_TABLE,
    DESCRIBE_TIME_TO_LIVE,
    DESCRIBE_CONTINUOUS_BACKUPS,
    CREATE_TABLE,
    UPDATE_TIME_TO_LIVE,
    UPDATE_CONTINUOUS_BACKUPS,
    PUT_ITEM,
    TRANSACT_WRITE_ITEMS,
    GET_ITEM,
)


class KeyElement(Shape, frozen=True, kw_only=True):
    """One part of a key; `key_type` is HASH or RANGE."""

    attribute_name: str
    key_type: str


class SecondaryIndex(Shape, frozen=True, kw_only=True):
    """A global secondary index."""

    index_name: str
    key_schema: tuple[KeyElement, ...] = ()


class Table(Shape, frozen=True, kw_only=True):
    """A table. `table_status` is ACTIVE once it can be used."""

    table_name: str
    table_status: str = "ACTIVE"
    key_schema: tuple[KeyElement, ...] = ()
    global_secondary_indexes: tuple[SecondaryIndex, ...] = ()


def table(answer: Answer) -> Table:
    """Understand DescribeTable."""
    return msgspec.convert(answer["Table"], type=Table, strict=False)


def expires(answer: Answer) -> bool:
    """Understand DescribeTimeToLive: whether items are deleted in time, or soon will be."""
    status = _under(answer, "TimeToLiveDescription").get("TimeToLiveStatus")
    return status in {"ENABLED", "ENABLING"}


def can_be_restored(answer: Answer) -> bool:
    """Understand DescribeContinuousBackups: whether point-in-time recovery is on."""
    backups = _under(answer, "ContinuousBackupsDescription")
    recovery = _under(backups, "PointInTimeRecoveryDescription")
    return recovery.get("PointInTimeRecoveryStatus") == "ENABLED"


def _under(answer: Answer, member: str) -> Answer:
    found: Any = answer.get(member)
    return found if isinstance(found, dict) else {}
