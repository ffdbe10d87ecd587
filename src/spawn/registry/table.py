"""The table `spawn-instances`: what it must look like, and the steps that make it so.

Keys and index are those with which anybody's `aws dynamodb query --index-name tag-index` works.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spawn.aws import dynamodb
from spawn.aws.questions import Absent, Asker, Fact, Known, Question, Unseen, as_far_as_seen
from spawn.core.steps import Retry, Stage, Step
from spawn.core.tags import tag_list

TABLE = "spawn-instances"
INDEX = "tag-index"
# The attribute, in seconds since 1970, after which DynamoDB deletes an item by itself.
EXPIRES = "expires_epoch"
# DynamoDB makes a table in some ten seconds.
ACTIVE_WAIT_SECONDS = 30.0

_KEY = (("instance_id", "HASH"), ("record", "RANGE"))
_INDEX_KEY = (("tag_key", "HASH"), ("tag_value", "RANGE"))
# What a table that is still being made answers, by operation.
UNTIL_ACTIVE = tuple(
    Retry(code=code, limit_seconds=ACTIVE_WAIT_SECONDS)
    for code in (
        "ResourceNotFoundException",
        "ResourceInUseException",
        "TableNotFoundException",
        "ContinuousBackupsUnavailableException",
    )
)


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What is known of the table in one region."""

    table: Fact[dynamodb.Table]
    expires: Fact[bool]
    can_be_restored: Fact[bool]


@dataclass(frozen=True, kw_only=True)
class TablePlan:
    """The steps that make the table, and later those that complete it.

    `is_usable` is false where a table of that name is not spawn's kind: nothing is written to
    it, and `warning` says so.
    """

    create: Stage = ()
    complete: Stage = ()
    is_usable: bool = True
    warning: str = ""


def table_question(region: str) -> Question[dynamodb.Table]:
    """Ask whether the table is there, and of which kind."""
    return Question(
        operation=dynamodb.DESCRIBE_TABLE,
        parameters={"TableName": TABLE},
        region=region,
        understand=dynamodb.table,
        absent_codes=("ResourceNotFoundException",),
    )


def expiry_question(region: str) -> Question[bool]:
    """Ask whether old records are deleted by themselves."""
    return Question(
        operation=dynamodb.DESCRIBE_TIME_TO_LIVE,
        parameters={"TableName": TABLE},
        region=region,
        understand=dynamodb.expires,
        absent_codes=("ResourceNotFoundException",),
    )


def recovery_question(region: str) -> Question[bool]:
    """Ask whether the table can be restored to an earlier time."""
    return Question(
        operation=dynamodb.DESCRIBE_CONTINUOUS_BACKUPS,
        parameters={"TableName": TABLE},
        region=region,
        understand=dynamodb.can_be_restored,
        absent_codes=("TableNotFoundException", "ResourceNotFoundException"),
    )


def ask_table(asker: Asker, region: str) -> Callable[[], TableFacts]:
    """Send all three questions; what is returned waits for the facts.

    Raises nothing that AWS says: a registry that does not answer is Unseen, and stops no launch.
    """
    table = asker.ask(table_question(region))
    expires = asker.ask(expiry_question(region))
    can_be_restored = asker.ask(recovery_question(region))
    return lambda: TableFacts(
        table=as_far_as_seen(table),
        expires=as_far_as_seen(expires),
        can_be_restored=as_far_as_seen(can_be_restored),
    )


def plan_table(facts: TableFacts, *, region: str, tags: dict[str, str]) -> TablePlan:
    """Return what is lacking. A table that can't be looked at is taken as it is."""
    match facts.table:
        case Known(value=table) if _shape(table) != (_KEY, _INDEX_KEY):
            return TablePlan(
                is_usable=False,
                warning=f"the table {TABLE} in {region} has other keys than spawn's: "
                "nothing is recorded there",
            )
        case Known():
            return TablePlan(complete=_completion(facts, region))
        case Absent():
            return TablePlan(
                create=(_creation(region, tags),), complete=(_expiry(region), _recovery(region))
            )
        case Unseen():
            return TablePlan()


def _shape(table: dynamodb.Table) -> tuple[object, object]:
    """Return the keys of the table and of its tag index, as pairs of name and type."""
    index_keys = {index.index_name: index.key_schema for index in table.global_secondary_indexes}
    keys = (table.key_schema, index_keys.get(INDEX, ()))
    own, by_tag = (tuple((part.attribute_name, part.key_type) for part in key) for key in keys)
    return own, by_tag


def _creation(region: str, tags: dict[str, str]) -> Step:
    names = [name for name, _ in (*_KEY, *_INDEX_KEY)]
    return Step(
        operation=dynamodb.CREATE_TABLE.key,
        region=region,
        parameters={
            "TableName": TABLE,
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in names
            ],
            "KeySchema": _key_schema(_KEY),
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": INDEX,
                    "KeySchema": _key_schema(_INDEX_KEY),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            "BillingMode": "PAY_PER_REQUEST",
            # An AWS managed key: unlike the default, its use shows in CloudTrail.
            "SSESpecification": {"Enabled": True, "SSEType": "KMS"},
            "Tags": tag_list(tags),
        },
        sentence=f"create the table {TABLE} in {region}, which remembers launches",
        accepts=("ResourceInUseException",),
        optional=True,
    )


def _key_schema(key: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in key]


def _completion(facts: TableFacts, region: str) -> Stage:
    """Return what was switched off or never switched on; where it can't be seen, nothing."""
    wanted = (
        (facts.expires, _expiry(region)),
        (facts.can_be_restored, _recovery(region)),
    )
    return tuple(step for fact, step in wanted if fact == Known(value=False))


def _expiry(region: str) -> Step:
    return Step(
        operation=dynamodb.UPDATE_TIME_TO_LIVE.key,
        region=region,
        parameters={
            "TableName": TABLE,
            "TimeToLiveSpecification": {"Enabled": True, "AttributeName": EXPIRES},
        },
        sentence=f"have {TABLE} forget records by itself, 400 days past the end date",
        retries=UNTIL_ACTIVE,
        follows=(dynamodb.CREATE_TABLE.key,),
        # These parameters are constants, so that it can only mean "TimeToLive is already
        # enabled": another launch was faster.
        accepts=("ValidationException",),
        optional=True,
    )


def _recovery(region: str) -> Step:
    return Step(
        operation=dynamodb.UPDATE_CONTINUOUS_BACKUPS.key,
        region=region,
        parameters={
            "TableName": TABLE,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
        sentence=f"keep {TABLE} restorable to any second of the last 35 days",
        retries=UNTIL_ACTIVE,
        follows=(dynamodb.CREATE_TABLE.key,),
        optional=True,
    )
