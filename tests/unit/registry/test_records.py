"""What is remembered of a launch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.journal import (
    FileJournal,
    JournalledLaunch,
    Planned,
    StepDone,
    StepFailed,
    StepStarted,
    journal_path,
    read_journal,
)
from spawn.core.steps import Output, OutputReference, references, resolve
from spawn.registry.owed import owed_records
from spawn.registry.records import (
    HOLD,
    UNHOLD,
    Held,
    LaunchRecord,
    Waiver,
    completed_question,
    plan_cancelled,
    plan_completed,
    plan_held,
    plan_record,
    read_launch,
)

NOW = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
ACCOUNT = "123456789012"
INSTANCE = OutputReference(Output.INSTANCE_ID)
GROUP = OutputReference(Output.SECURITY_GROUP_ID)
OUTPUTS = {Output.INSTANCE_ID: ("i-0abc",), Output.SECURITY_GROUP_ID: ("sg-1",)}


def record(**changed: Any) -> LaunchRecord:
    whole: dict[str, Any] = {
        "instance_id": INSTANCE,
        "launch_id": "l-1",
        "account": ACCOUNT,
        "region": "eu-west-1",
        "owner": "alice",
        "name": "web",
        "launched_at": NOW,
        "expires_at": NOW + timedelta(hours=8),
        "instance_type": "t3.micro",
        "image_id": "ami-1",
        "subnet_id": "subnet-1",
        "security_group_ids": (GROUP, "sg-2"),
        "role": "",
        "security_level": "standard",
        "user_data_sha256": "ab" * 32,
        "plan_digest": "cd" * 32,
        "tags": {"owner": "alice", "project": "ml", "empty": ""},
        "waivers": (Waiver(control="NET-SSH-WORLD", reason="demo", by="alice"),),
    }
    return LaunchRecord(**(whole | changed))


def items(of: LaunchRecord) -> list[dict[str, Any]]:
    puts = resolve(plan_record(of).parameters, OUTPUTS)["TransactItems"]
    assert {put["Put"]["TableName"] for put in puts} == {"spawn-instances"}
    return [put["Put"]["Item"] for put in puts]


def test_a_launch_is_one_item_and_one_for_each_tag() -> None:
    """The tag items bear what the index looks for, and a tag without a value has none."""
    found = {item["record"]["S"]: item for item in items(record())}
    assert set(found) == {"LAUNCH", "TAG#owner", "TAG#project"}
    assert {item["instance_id"]["S"] for item in found.values()} == {"i-0abc"}
    assert found["TAG#project"]["tag_key"] == {"S": "project"}
    assert found["TAG#project"]["tag_value"] == {"S": "ml"}
    assert "tag_key" not in found["LAUNCH"]


def test_records_outlive_the_end_date_by_400_days() -> None:
    """Every item says when DynamoDB may forget it, in seconds since 1970."""
    expected = str(int((NOW + timedelta(hours=8, days=400)).timestamp()))
    assert {item["expires_epoch"]["N"] for item in items(record())} == {expected}


def test_what_is_not_known_yet_is_filled_in() -> None:
    """Ids that only the launch yields are references in the plan, and texts in the table."""
    assert set(references(plan_record(record()).parameters)) == {*OUTPUTS}
    launch = next(item for item in items(record()) if item["record"]["S"] == "LAUNCH")
    assert read_launch(launch) == record(instance_id="i-0abc", security_group_ids=("sg-1", "sg-2"))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


@given(name=texts, tags=st.dictionaries(texts.filter(bool), texts, max_size=50), reason=texts)
def test_any_text_comes_back_as_it_was(name: str, tags: dict[str, str], reason: str) -> None:
    """Names, tags and reasons are foreign text: what is read is what was written."""
    written = record(
        instance_id="i-1",
        security_group_ids=(),
        name=name,
        tags=tags,
        waivers=(Waiver(control="X", reason=reason, by="bob"),),
    )
    launch = next(item for item in items(written) if item["record"]["S"] == "LAUNCH")
    assert read_launch(launch) == written


def test_fifty_tags_are_one_transaction() -> None:
    """All of a launch's items are written together, or none of them."""
    tags = {f"key-{number}": "x" for number in range(50)}
    assert len(items(record(tags=tags))) == 51


def test_a_new_table_is_waited_for_and_an_old_one_is_not() -> None:
    """Only a launch that makes the table has a reason to wait for it; none fails by it."""
    new, old = plan_record(record(), table_is_new=True), plan_record(record())
    assert "ResourceNotFoundException" in {rule.code for rule in new.retries}
    assert old.retries == ()
    assert new.optional
    assert old.optional


@pytest.mark.parametrize("item", [{}, {"record": {"B": b"x"}}, {"record": {"S": "LAUNCH"}}])
def test_an_item_of_another_shape_is_refused(item: dict[str, Any]) -> None:
    """What someone else wrote into the table is an error, not a record."""
    with pytest.raises(ValueError, match=r".+"):
        read_launch(item)


def test_a_cancellation_is_remembered_longest() -> None:
    """Who ended it and when; it is kept 400 days past whichever end came last."""
    step = plan_cancelled("i-1", region="eu-west-1", by="bob", at=NOW, expires_at=None)
    ((put,),) = [step.parameters["TransactItems"]]
    assert put["Put"]["Item"] == {
        "instance_id": {"S": "i-1"},
        "record": {"S": "CANCELLED"},
        "cancelled_by": {"S": "bob"},
        "cancelled_at": {"S": "2026-01-27T12:00:00Z"},
        "expires_epoch": {"N": str(int((NOW + timedelta(days=400)).timestamp()))},
    }
    later = plan_cancelled(
        "i-1", region="eu-west-1", by="bob", at=NOW, expires_at=NOW + timedelta(days=9)
    )
    put = later.parameters["TransactItems"][0]["Put"]["Item"]
    assert put["expires_epoch"] == {"N": str(int((NOW + timedelta(days=409)).timestamp()))}


def launched(
    path: Path,
    *,
    of: LaunchRecord | None = None,
    launch_id: str = "l-1",
    account: str = ACCOUNT,
    recorded: bool = False,
    ran: bool = True,
    ids: tuple[str, ...] = ("i-0abc",),
) -> JournalledLaunch:
    place = journal_path(path, launch_id)
    with FileJournal(place) as journal:
        journal.write(
            Planned(
                at=NOW,
                launch_id=launch_id,
                account=account,
                region="eu-west-1",
                endpoint="https://example.com",
                plan_digest="d",
                record=msgspec.Raw(msgspec.json.encode(of or record())),
            )
        )
        if ran:
            journal.write(StepStarted(at=NOW, step=0, operation="ec2:RunInstances", region="r"))
            outputs = OUTPUTS | {Output.INSTANCE_ID: ids}
            journal.write(StepDone(at=NOW, step=0, outputs=outputs))
        table = "dynamodb:TransactWriteItems"
        journal.write(StepStarted(at=NOW, step=1, operation=table, region="r"))
        journal.write(
            StepDone(at=NOW, step=1)
            if recorded
            else StepFailed(at=NOW, step=1, code="AccessDeniedException")
        )
    found = read_journal(place)
    assert found is not None
    return found


def test_a_hold_and_its_release_are_both_remembered() -> None:
    """Who held it, for which case and why stands there, as does who released it; for long."""
    at = NOW + timedelta(days=100)
    for kind in (HOLD, UNHOLD):
        held = Held(kind=kind, case="case-7", reason="a key was found", by="bob", at=at)
        step = plan_held("i-1", held, region="eu-west-1", expires_at=NOW)
        ((put,),) = [step.parameters["TransactItems"]]
        item = put["Put"]["Item"]
        assert item["record"] == {"S": f"{kind}#2026-05-07T12:00:00Z"}
        assert (item["case"], item["reason"], item["by"]) == (
            {"S": "case-7"},
            {"S": "a key was found"},
            {"S": "bob"},
        )
        assert int(item["expires_epoch"]["N"]) == (at + timedelta(days=400)).timestamp()
        assert step.optional
        assert step.accepts == ()


def test_a_completion_is_written_once_and_read_back() -> None:
    """The first who hears of it writes it down; what was written is what is read."""
    step = plan_completed(
        "i-1", status="success", message="", region="eu-west-1", at=NOW, expires_at=None
    )
    item = step.parameters["Item"]
    assert (item["instance_id"], item["record"]) == ({"S": "i-1"}, {"S": "COMPLETED"})
    assert step.parameters["ConditionExpression"] == "attribute_not_exists(instance_id)"
    assert "ConditionalCheckFailedException" in step.accepts
    question = completed_question("i-1", "eu-west-1")
    key = question.parameters["Key"]
    assert key == {"instance_id": {"S": "i-1"}, "record": {"S": "COMPLETED"}}
    assert question.understand({"Item": item}) == ("success", "")
    assert question.understand({}) is None


def test_a_record_that_was_not_written_is_owed(tmp_path: Path) -> None:
    """The next command writes what the launch could not, with the ids that it yielded."""
    (step,) = owed_records([launched(tmp_path)], account=ACCOUNT)
    assert step == plan_record(record(instance_id="i-0abc", security_group_ids=("sg-1", "sg-2")))


def test_each_instance_of_a_launch_is_owed_its_record(tmp_path: Path) -> None:
    """Where one record of two was written, both are written again: which it was is not known."""
    found = launched(tmp_path, recorded=True, ids=("i-0abc", "i-0def"))
    both = owed_records([found], account=ACCOUNT)
    items = [step.parameters["TransactItems"][0]["Put"]["Item"] for step in both]
    assert [item["instance_id"]["S"] for item in items] == ["i-0abc", "i-0def"]


@pytest.mark.parametrize(
    "story",
    [
        {"recorded": True},
        {"ran": False},
        {"account": "210987654321", "of": record(account="210987654321")},
        {"account": "210987654321"},
        {"of": record(launch_id="l-2")},
        {"of": record(account="210987654321")},
    ],
    ids=[
        "recorded",
        "nothing ran",
        "another account",
        "other account",
        "other launch",
        "record of another account",
    ],
)
def test_nothing_else_is_owed(tmp_path: Path, story: dict[str, Any]) -> None:
    """Nothing is written for what is recorded, never ran, or is not this account's."""
    assert owed_records([launched(tmp_path, **story)], account=ACCOUNT) == ()


def test_a_journal_with_another_record_is_passed_over(tmp_path: Path) -> None:
    """A record that can't be understood is no record, and no error."""
    found = launched(tmp_path)
    planned = msgspec.structs.replace(found.planned, record=msgspec.Raw(b'{"launch_id":1}'))
    broken = JournalledLaunch(path=found.path, planned=planned, steps=found.steps)
    assert owed_records([broken], account=ACCOUNT) == ()
