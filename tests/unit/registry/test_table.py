"""What the table must look like, and when it is touched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from spawn.aws import dynamodb
from spawn.aws.questions import Absent, Asker, Fact, Known, Unseen
from spawn.core.errors import Throttled
from spawn.core.steps import Parameters
from spawn.registry.table import TableFacts, TablePlan, ask_table, plan_table
from tests.unit.lifecycle.clouds import Account, Reply

REGION = "eu-west-1"
DENIED = Unseen("dynamodb:DescribeTable", "denied")
ON: Fact[bool] = Known(value=True)
OFF: Fact[bool] = Known(value=False)


def described(**changed: Any) -> dynamodb.Table:
    shown = {
        "TableName": "spawn-instances",
        "TableStatus": "ACTIVE",
        "KeySchema": [
            {"AttributeName": "instance_id", "KeyType": "HASH"},
            {"AttributeName": "record", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [
            {"IndexName": "other", "KeySchema": []},
            {
                "IndexName": "tag-index",
                "KeySchema": [
                    {"AttributeName": "tag_key", "KeyType": "HASH"},
                    {"AttributeName": "tag_value", "KeyType": "RANGE"},
                ],
            },
        ],
    }
    return dynamodb.table({"Table": shown | changed})


def plan(
    table: Fact[dynamodb.Table],
    expires: Fact[bool] = ON,
    recovers: Fact[bool] = ON,
) -> TablePlan:
    facts = TableFacts(table=table, expires=expires, can_be_restored=recovers)
    return plan_table(facts, region=REGION, tags={"spawn": "true", "owner": "alice"})


def operations(found: TablePlan) -> tuple[list[str], list[str]]:
    return [one.operation for one in found.create], [one.operation for one in found.complete]


def test_a_missing_table_is_made_and_completed() -> None:
    """Keys, index, billing, encryption, tags; then expiry and recovery, once it is there."""
    found = plan(Absent(), Absent(), Absent())
    assert operations(found) == (
        ["dynamodb:CreateTable"],
        ["dynamodb:UpdateTimeToLive", "dynamodb:UpdateContinuousBackups"],
    )
    asked = found.create[0].parameters
    made = described(
        **{key: asked[key] for key in ("TableName", "KeySchema", "GlobalSecondaryIndexes")}
    )
    assert plan(Known(made)) == TablePlan()
    assert asked["BillingMode"] == "PAY_PER_REQUEST"
    assert asked["SSESpecification"]["Enabled"] is True
    assert {"Key": "owner", "Value": "alice"} in asked["Tags"]
    expiry = found.complete[0].parameters["TimeToLiveSpecification"]
    assert expiry == {"Enabled": True, "AttributeName": "expires_epoch"}
    assert all(one.retries for one in found.complete)


def test_nothing_of_it_can_fail_a_launch() -> None:
    """The registry is a memory: each of its steps is optional."""
    found = plan(Absent(), Absent(), Absent())
    assert all(step.optional and step.undo is None for step in (*found.create, *found.complete))


@pytest.mark.parametrize(
    ("expires", "recovers", "expected"),
    [
        (ON, ON, []),
        (OFF, ON, ["dynamodb:UpdateTimeToLive"]),
        (ON, OFF, ["dynamodb:UpdateContinuousBackups"]),
        (DENIED, DENIED, []),
    ],
)
def test_what_an_interrupted_launch_left_out_is_added(
    expires: Fact[bool], recovers: Fact[bool], expected: list[str]
) -> None:
    """An existing table gets what it lacks; what can't be seen is not meddled with."""
    assert operations(plan(Known(described()), expires, recovers)) == ([], expected)


def test_a_table_that_cannot_be_seen_is_taken_as_it_is() -> None:
    """Without the right to look nothing is made, and records are still tried."""
    found = plan(DENIED)
    assert operations(found) == ([], [])
    assert found.is_usable


@pytest.mark.parametrize(
    "changed",
    [
        {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
        {"GlobalSecondaryIndexes": []},
        {"GlobalSecondaryIndexes": [{"IndexName": "tag-index", "KeySchema": []}]},
    ],
)
def test_a_table_of_another_kind_is_left_alone(changed: dict[str, Any]) -> None:
    """Somebody else's table of that name is neither written to nor changed, and that is said."""
    found = plan(Known(described(**changed)), OFF, OFF)
    assert operations(found) == ([], [])
    assert not found.is_usable
    assert "spawn-instances" in found.warning


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}}, True),
        ({"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLING"}}, True),
        ({"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}, False),
        ({"TimeToLiveDescription": {}}, False),
        ({}, False),
    ],
)
def test_expiry_is_understood(answer: dict[str, Any], expected: bool) -> None:
    """Only what says so counts as on, also while it is being switched on."""
    assert dynamodb.expires(answer) is expected


@pytest.mark.parametrize(
    ("status", "expected"), [("ENABLED", True), ("DISABLED", False), (None, False)]
)
def test_recovery_is_understood(status: str | None, expected: bool) -> None:
    """Only what says so counts as on."""
    recovery = {"PointInTimeRecoveryStatus": status} if status else {}
    answer = {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}
    assert dynamodb.can_be_restored(answer) is expected
    assert not dynamodb.can_be_restored({})


def test_a_registry_that_does_not_answer_is_unseen() -> None:
    """Throttled, unreachable or broken: nothing is planned, and nothing is raised."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        return Throttled("too often", why="slow down", operation=key)

    with ThreadPoolExecutor(1) as pool:
        facts = ask_table(Asker(Account(reply), pool), REGION)()
    assert facts.table == Unseen("dynamodb:DescribeTable", "slow down")
    assert plan_table(facts, region=REGION, tags={}) == TablePlan()
