"""DynamoDB: conditions keep what is there, transactions are whole, and roles have their tables."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import ADMIN_TRUST, Account

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/boxes"
ABSENT = {"ConditionExpression": "attribute_not_exists(instance_id)"}


def _make_table(account: Account) -> None:
    account.client("dynamodb").create_table(
        TableName="boxes",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("instance_id", "record", "tag_key")
        ],
        KeySchema=[
            {"AttributeName": "instance_id", "KeyType": "HASH"},
            {"AttributeName": "record", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "tag-index",
                "KeySchema": [{"AttributeName": "tag_key", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def _put(record: str, value: str = "1", **more: Any) -> dict[str, Any]:
    item = {"instance_id": "i-1", "record": record, "tag_key": "owner", "value": value}
    return {"TableName": "boxes", "Item": {k: {"S": v} for k, v in item.items()}, **more}


def _failure(order: Any, **parameters: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        order(**parameters)
    return dict(refused.value.response)


def _values(dynamodb: Any) -> dict[str, str]:
    answer = dynamodb.query(
        TableName="boxes",
        KeyConditionExpression="instance_id = :i",
        ExpressionAttributeValues={":i": {"S": "i-1"}},
    )
    return {item["record"]["S"]: item["value"]["S"] for item in answer["Items"]}


def test_what_is_there_is_not_put_again(account: Account) -> None:
    """attribute_not_exists refuses alone, and a whole transaction, naming the item's place."""
    _make_table(account)
    dynamodb = account.client("dynamodb")
    dynamodb.put_item(**_put("LAUNCH", **ABSENT))
    refused = _failure(dynamodb.put_item, **_put("LAUNCH", "2", **ABSENT))
    assert refused["Error"] == {
        "Code": "ConditionalCheckFailedException",
        "Message": "The conditional request failed",
    }
    puts = [{"Put": _put(record, "2", **ABSENT)} for record in ("TAG#a", "LAUNCH")]
    refused = _failure(dynamodb.transact_write_items, TransactItems=puts)
    assert refused["Error"]["Code"] == "TransactionCanceledException"
    assert refused["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed]"
    )
    codes = [reason["Code"] for reason in refused["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed"]
    assert _values(dynamodb) == {"LAUNCH": "1"}
    dynamodb.transact_write_items(TransactItems=puts[:1])
    assert _values(dynamodb) == {"LAUNCH": "1", "TAG#a": "2"}


def test_a_role_has_its_table_and_index(account: Account) -> None:
    """A transaction needs what each of its parts needs; an index is a resource of its own."""
    _make_table(account)
    allows = [
        {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": TABLE},
        {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": f"{TABLE}/index/*"},
    ]
    role = account.role("r", trusts=ADMIN_TRUST, allows=allows)
    dynamodb = account.client("dynamodb", account.assume(role))
    put = {"Put": _put("LAUNCH", **ABSENT)}
    dynamodb.transact_write_items(TransactItems=[put])
    key = {"instance_id": {"S": "i-1"}, "record": {"S": "LAUNCH"}}
    deletion = {"Delete": {"TableName": "boxes", "Key": key}}
    refused = _failure(dynamodb.transact_write_items, TransactItems=[put, deletion])
    assert refused["Error"]["Code"] == "AccessDeniedException"
    assert f"dynamodb:DeleteItem on resource: {TABLE}" in refused["Error"]["Message"]
    query = {
        "TableName": "boxes",
        "KeyConditionExpression": "tag_key = :k",
        "ExpressionAttributeValues": {":k": {"S": "owner"}},
    }
    assert dynamodb.query(IndexName="tag-index", **query)["Count"] == 1
    refused = _failure(dynamodb.query, **query)
    assert f"dynamodb:Query on resource: {TABLE} " in refused["Error"]["Message"]
