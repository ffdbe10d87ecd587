"""What is remembered of an instance: one LAUNCH item, one item a tag, and what became of it.

    instance_id   record          what
    i-0abc…       LAUNCH          who launched what, when, where, with which identity and network
    i-0abc…       TAG#project     tag_key and tag_value: what the index `tag-index` finds it by
    i-0abc…       CANCELLED       who ended it, and when
    i-0abc…       HOLD#<time>     who held it as evidence, for which case, why; UNHOLD likewise
    i-0abc…       COMPLETED       what it said when its work was done

Every item carries `expires_epoch`, 400 days past the end date.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from spawn.aws import dynamodb
from spawn.aws.operation import Answer
from spawn.aws.questions import Question
from spawn.core.errors import Defect
from spawn.core.instants import format_instant
from spawn.core.steps import OutputReference, Parameters, Step
from spawn.registry.table import EXPIRES, TABLE, UNTIL_ACTIVE

# Longer than a year, so that this year's audit finds all of last year's launches.
KEPT = timedelta(days=400)
LAUNCH = "LAUNCH"
CANCELLED = "CANCELLED"
HOLD, UNHOLD = "HOLD", "UNHOLD"
COMPLETED = "COMPLETED"
# Amazon DynamoDB Developer Guide, "TransactWriteItems": up to 100 actions. An instance has at
# most 50 tags, so one transaction holds all of its items: they are written together or not.
MOST_ITEMS = 100

Item = dict[str, Any]
# What is not known before the launch has been performed is a reference until then.
Text = str | OutputReference


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """A control that was waived for this launch, why, and by whom."""

    control: str
    reason: str
    by: str


class LaunchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was launched.

    expires_at            the end date at launch; a later one is in the instance's tag alone
    role                  the ARN or name of the role, "" for none
    user_data_sha256      in hex, of the bytes sent; the text itself is nowhere kept
    plan_digest           of the plan that was carried out
    """

    instance_id: Text
    launch_id: str
    account: str
    region: str
    owner: str
    name: str
    launched_at: datetime
    expires_at: datetime
    instance_type: Text
    image_id: Text
    subnet_id: Text
    security_group_ids: tuple[Text, ...]
    role: str
    security_level: str
    user_data_sha256: str
    plan_digest: str
    tags: dict[str, str]
    waivers: tuple[Waiver, ...] = ()


def plan_record(record: LaunchRecord, *, table_is_new: bool = False) -> Step:
    """Return the step that writes all items of a launch; a failure is a warning.

    A table that is made by the same launch is waited for.
    """
    return Step(
        operation=dynamodb.TRANSACT_WRITE_ITEMS.key,
        region=record.region,
        parameters=_puts((_launch_item(record), *_tag_items(record))),
        sentence=f"remember the launch in the table {TABLE}",
        retries=UNTIL_ACTIVE if table_is_new else (),
        follows=(dynamodb.CREATE_TABLE.key,),
        optional=True,
    )


def plan_cancelled(
    instance_id: str, *, region: str, by: str, at: datetime, expires_at: datetime | None
) -> Step:
    """Return the step that remembers who ended an instance before its time, and when."""
    item = {
        "instance_id": _text(instance_id),
        "record": _text(CANCELLED),
        "cancelled_by": _text(by),
        "cancelled_at": _text(format_instant(at)),
        EXPIRES: _forgotten_after(max(at, expires_at or at)),
    }
    return Step(
        operation=dynamodb.TRANSACT_WRITE_ITEMS.key,
        region=region,
        parameters=_puts((item,)),
        sentence=f"remember in {TABLE} that {instance_id} was cancelled",
        # Without a table nothing was remembered of the launch either.
        accepts=("ResourceNotFoundException",),
        optional=True,
    )


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """That an instance was held as evidence, or released (`kind`): for which case, why, by whom."""

    kind: str
    case: str
    reason: str
    by: str
    at: datetime


def plan_held(instance_id: str, held: Held, *, region: str, expires_at: datetime | None) -> Step:
    """Return the step that remembers a hold or its release; a failure is a warning.

    The reason stands here alone: a tag could be read by the instance.
    """
    item = {
        "instance_id": _text(instance_id),
        "record": _text(f"{held.kind}#{format_instant(held.at)}"),
        "case": _text(held.case),
        "reason": _text(held.reason),
        "by": _text(held.by),
        "at": _text(format_instant(held.at)),
        EXPIRES: _forgotten_after(max(held.at, expires_at or held.at)),
    }
    return Step(
        operation=dynamodb.TRANSACT_WRITE_ITEMS.key,
        region=region,
        parameters=_puts((item,)),
        sentence=f"remember in {TABLE} why, and who asked for it",
        optional=True,
    )


def plan_completed(
    instance_id: str,
    *,
    status: str,
    message: str,
    region: str,
    at: datetime,
    expires_at: datetime | None,
) -> Step:
    """Return the step that remembers what an instance said when its work was done: once.

    `status` and `message` are foreign text, bounded by whoever read them.
    """
    item = {
        "instance_id": _text(instance_id),
        "record": _text(COMPLETED),
        "status": _text(status),
        "message": _text(message),
        "seen_at": _text(format_instant(at)),
        EXPIRES: _forgotten_after(max(at, expires_at or at)),
    }
    return Step(
        operation=dynamodb.PUT_ITEM.key,
        region=region,
        parameters={
            "TableName": TABLE,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(instance_id)",
        },
        sentence=f"remember in {TABLE} that {instance_id} has completed",
        # It is remembered already; or, without a table, nothing was of the launch either.
        accepts=("ConditionalCheckFailedException", "ResourceNotFoundException"),
        optional=True,
    )


def completed_question(instance_id: str, region: str) -> Question[tuple[str, str] | None]:
    """Ask what was remembered of an instance's completion: status and message."""
    return Question(
        operation=dynamodb.GET_ITEM,
        parameters={
            "TableName": TABLE,
            "Key": {"instance_id": _text(instance_id), "record": _text(COMPLETED)},
        },
        region=region,
        understand=_completed,
        absent_codes=("ResourceNotFoundException",),
    )


def _completed(answer: Answer) -> tuple[str, str] | None:
    item = answer.get("Item")
    return (item["status"]["S"], item["message"]["S"]) if item else None


def _puts(items: tuple[Item, ...]) -> Parameters:
    if len(items) > MOST_ITEMS:
        raise Defect(f"{len(items)} items don't fit into one transaction")
    return {"TransactItems": [{"Put": {"TableName": TABLE, "Item": item}} for item in items]}


def _launch_item(record: LaunchRecord) -> Item:
    return {
        "instance_id": _text(record.instance_id),
        "record": _text(LAUNCH),
        "launch_id": _text(record.launch_id),
        "account": _text(record.account),
        "region": _text(record.region),
        "owner": _text(record.owner),
        "name": _text(record.name),
        "launched_at": _text(format_instant(record.launched_at)),
        "expires_at": _text(format_instant(record.expires_at)),
        "instance_type": _text(record.instance_type),
        "image_id": _text(record.image_id),
        "subnet_id": _text(record.subnet_id),
        "security_group_ids": _list([_text(group) for group in record.security_group_ids]),
        "role": _text(record.role),
        "security_level": _text(record.security_level),
        "user_data_sha256": _text(record.user_data_sha256),
        "plan_digest": _text(record.plan_digest),
        "tags": _map({key: _text(value) for key, value in record.tags.items()}),
        "waivers": _list([_waiver_value(waiver) for waiver in record.waivers]),
        EXPIRES: _forgotten_after(record.expires_at),
    }


def _tag_items(record: LaunchRecord) -> tuple[Item, ...]:
    """Return an item a tag, with enough of the launch in it to be useful in a query's answer.

    A tag without a value has none: DynamoDB refuses empty texts in the keys of an index. It is
    in the LAUNCH item.
    """
    return tuple(
        {
            "instance_id": _text(record.instance_id),
            "record": _text(f"TAG#{key}"),
            "tag_key": _text(key),
            "tag_value": _text(value),
            "region": _text(record.region),
            "owner": _text(record.owner),
            "name": _text(record.name),
            "launched_at": _text(format_instant(record.launched_at)),
            "expires_at": _text(format_instant(record.expires_at)),
            EXPIRES: _forgotten_after(record.expires_at),
        }
        for key, value in sorted(record.tags.items())
        if value
    )


def _waiver_value(waiver: Waiver) -> dict[str, Any]:
    return _map(
        {
            "control": _text(waiver.control),
            "reason": _text(waiver.reason),
            "by": _text(waiver.by),
        }
    )


def _forgotten_after(end: datetime) -> dict[str, str]:
    return {"N": str(int((end + KEPT).timestamp()))}


def _text(value: Text) -> dict[str, Any]:
    return {"S": value}


def _list(values: list[Any]) -> dict[str, Any]:
    return {"L": values}


def _map(values: dict[str, Any]) -> dict[str, Any]:
    return {"M": values}


def read_launch(item: Mapping[str, Any]) -> LaunchRecord:
    """Understand a LAUNCH item. Raises ValueError for one that is not of this shape."""
    return msgspec.convert(_plain({"M": item}), type=LaunchRecord, strict=False)


def _plain(value: Mapping[str, Any]) -> object:
    """Return an attribute value without DynamoDB's type marks."""
    match value:
        case {"S": str(text)}:
            return text
        case {"N": str(number)}:
            return int(number)
        case {"L": list(values)}:
            return [_plain(inner) for inner in values]
        case {"M": Mapping() as values}:
            return {key: _plain(inner) for key, inner in values.items()}
        case _:
            raise ValueError(f"not an attribute value that spawn writes: {value!r}")
