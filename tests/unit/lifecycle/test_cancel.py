"""What cancelling promises."""

from __future__ import annotations

from typing import Any

import pytest

from spawn.aws.perform import Performer
from spawn.core.errors import AccessDenied, AwsRefusal, Throttled
from spawn.core.steps import Parameters
from spawn.lifecycle.cancel import CancelPlan, cancel, plan_cancel
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.outcomes import Outcome, Report, Result, error_of
from spawn.lifecycle.resolve import Resolution, Unresolved
from tests.unit.lifecycle.builders import ID, ME, NOW, OTHER_ID, row
from tests.unit.lifecycle.clouds import Account, Reply, StandingClock

THIRD_ID = "i-00000000000000003"


def plan_for(*rows: ListedInstance, unresolved: tuple[Unresolved, ...] = ()) -> CancelPlan:
    return plan_cancel(Resolution(found=rows, unresolved=unresolved), by=ME, now=NOW)


def carried_out(plan: CancelPlan, reply: Any) -> tuple[Report, Account]:
    account = Account(reply)
    return cancel(plan, Performer(writer=account, clock=StandingClock())), account


def willing(key: str, parameters: Parameters, region: str) -> Reply:
    return {"Reservations": []}


def outcomes(report: Report) -> dict[str, Outcome]:
    return {result.id: result.outcome for result in report.results}


def test_an_instance_ends_then_its_schedule() -> None:
    """Termination is asked for first; schedule and record follow only then."""
    report, account = carried_out(plan_for(row(name="web")), willing)
    assert outcomes(report) == {ID: Outcome.ENDED}
    keys = [key for key, _, _ in account.calls]
    assert keys.index("ec2:TerminateInstances") < keys.index("scheduler:DeleteSchedule")
    assert account.called("ec2:TerminateInstances") == [{"InstanceIds": [ID]}]
    deleted = account.called("scheduler:DeleteSchedule")
    assert {one["Name"] for one in deleted} == {f"spawn-{ID}", f"spawn-{ID}-stop"}
    ((put,),) = [one["TransactItems"] for one in account.called("dynamodb:TransactWriteItems")]
    assert put["Put"]["Item"]["record"] == {"S": "CANCELLED"}
    assert put["Put"]["Item"]["cancelled_by"] == {"S": ME}
    assert error_of(report, done="ended") is None


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (AccessDenied("no", why="needs ec2:TerminateInstances"), Outcome.DENIED),
        (AwsRefusal("no", code="InvalidInstanceID.NotFound"), Outcome.NOT_FOUND),
        (AwsRefusal("no", why="protected", code="OperationNotPermitted"), Outcome.FAILED),
        (Throttled("no"), Outcome.FAILED),
    ],
)
def test_one_refusal_stops_no_other(refusal: AwsRefusal, expected: Outcome) -> None:
    """Each instance has its own result, and one that lives on keeps its backstop."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "ec2:TerminateInstances" and parameters["InstanceIds"] == [ID]:
            return refusal
        return willing(key, parameters, region)

    report, account = carried_out(plan_for(row(), row(OTHER_ID)), reply)
    assert outcomes(report) == {ID: expected, OTHER_ID: Outcome.ENDED}
    deleted = {one["Name"] for one in account.called("scheduler:DeleteSchedule")}
    assert deleted == {f"spawn-{OTHER_ID}", f"spawn-{OTHER_ID}-stop"}
    error = error_of(report, done="ended")
    assert error is not None
    assert error.exit_code == 6
    assert ID in error.why


@pytest.mark.parametrize("case", ["case-7", ""])
def test_what_is_held_or_has_ended_is_not_touched(case: str) -> None:
    """A hold beats a cancel, whatever its tag says, and ending twice is no error."""
    held = row(tags={"spawn:hold": case})
    plan = plan_for(held, row(OTHER_ID, state="terminated"), row(THIRD_ID, state="shutting-down"))
    assert plan.cancellations == ()
    report, account = carried_out(plan, willing)
    assert account.calls == []
    assert outcomes(report) == {
        ID: Outcome.HELD,
        OTHER_ID: Outcome.ALREADY_ENDED,
        THIRD_ID: Outcome.ALREADY_ENDED,
    }
    assert case in report.results[0].why
    assert "held as evidence" in report.results[0].why


@pytest.mark.parametrize("case", ["case-8", ""])
def test_a_hold_that_came_meanwhile_is_seen(case: str) -> None:
    """Between the plan and the deed someone may have put a hold: that instance lives."""
    held_by_now = {
        "InstanceId": ID,
        "LaunchTime": NOW,
        "State": {"Name": "running"},
        "Tags": [{"Key": "spawn:hold", "Value": case}],
    }

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        return {"Reservations": [{"Instances": [held_by_now]}]} if "Describe" in key else {}

    report, account = carried_out(plan_for(row(), row(OTHER_ID)), reply)
    assert outcomes(report) == {ID: Outcome.HELD, OTHER_ID: Outcome.ENDED}
    assert account.called("ec2:TerminateInstances") == [{"InstanceIds": [OTHER_ID]}]


def test_who_may_not_look_may_still_end() -> None:
    """Where holds can't be looked at again, what was listed stands."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        return AccessDenied("no") if "Describe" in key else {}

    report, _ = carried_out(plan_for(row()), reply)
    assert outcomes(report) == {ID: Outcome.ENDED}


def test_what_stays_undone_besides_is_a_warning() -> None:
    """A schedule or record that can't be written does not turn an end into a failure."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        is_besides = key.startswith(("scheduler:", "dynamodb:"))
        return AccessDenied("no", why=f"needs {key}") if is_besides else {"Reservations": []}

    report, _ = carried_out(plan_for(row()), reply)
    assert outcomes(report) == {ID: Outcome.ENDED}
    warnings = report.results[0].warnings
    words = ("scheduler", "scheduler", "dynamodb")
    assert all(word in warning for word, warning in zip(words, warnings, strict=True))


def test_a_missing_schedule_or_table_is_as_wanted() -> None:
    """What is not there needs no deletion, and no warning."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key.startswith(("scheduler:", "dynamodb:")):
            return AwsRefusal("gone", code="ResourceNotFoundException")
        return {"Reservations": []}

    report, _ = carried_out(plan_for(row()), reply)
    assert report.results[0].warnings == ()


def test_its_records_go_once_it_is_gone() -> None:
    """An instance is taken out of DNS after its end was accepted, and one that lives on is not."""
    tags = {"spawn:dns-zone": "Z0123456789", "spawn:dns-name": "box.example.com"}

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "ec2:TerminateInstances" and parameters["InstanceIds"] == [ID]:
            return AccessDenied("no", why="needs it")
        if key == "route53:ListResourceRecordSets":
            shown = {"Name": "box.example.com.", "Type": "A", "TTL": 60}
            both = [shown | {"SetIdentifier": one} for one in (ID, OTHER_ID)]
            return {"ResourceRecordSets": both}
        return willing(key, parameters, region)

    _, account = carried_out(plan_for(row(tags=tags), row(OTHER_ID, tags=tags)), reply)
    (change,) = account.called("route53:ChangeResourceRecordSets")
    (gone,) = change["ChangeBatch"]["Changes"]
    assert gone["ResourceRecordSet"]["SetIdentifier"] == OTHER_ID
    keys = [key for key, _, _ in account.calls]
    assert keys.index("route53:ListResourceRecordSets") > keys.index("ec2:TerminateInstances")


def test_others_are_pointed_out() -> None:
    """What belongs to somebody else is named in the plan, to be asked about."""
    plan = plan_for(row(owner="bob"), row(OTHER_ID))
    assert [one.id for one in plan.of_others] == [ID]
    sentences = [step.sentence for one in plan.cancellations for step in one.steps]
    assert any(ID in sentence and "delete its disks" in sentence for sentence in sentences)


def result(outcome: Outcome) -> Result:
    return Result(id="x", outcome=outcome, why="because")


@pytest.mark.parametrize(
    ("results", "exit_code"),
    [
        ([Outcome.ENDED, Outcome.ALREADY_ENDED], None),
        ([Outcome.ENDED, Outcome.NOT_FOUND], 6),
        ([Outcome.ALREADY_ENDED, Outcome.DENIED], 6),
        ([Outcome.NOT_FOUND, Outcome.NOT_FOUND], 5),
        ([Outcome.DENIED], 4),
        ([Outcome.HELD], 3),
        ([Outcome.FAILED], 1),
        ([Outcome.HELD, Outcome.DENIED], 1),
    ],
)
def test_the_exit_code_follows_the_results(results: list[Outcome], exit_code: int | None) -> None:
    """All ended is success, some is partly done, none has the reason's own code."""
    error = error_of(Report(results=tuple(map(result, results))), done="ended")
    assert (error.exit_code if error else None) == exit_code


def test_words_that_name_nothing_are_results() -> None:
    """A word that was not understood is reported with what it could have meant."""
    plan = plan_for(unresolved=(Unresolved(word="wbe", why="nobody", candidates=("web",)),))
    report, _ = carried_out(plan, willing)
    assert report.results == (
        Result(id="wbe", outcome=Outcome.NOT_FOUND, why="nobody; it could be web"),
    )
