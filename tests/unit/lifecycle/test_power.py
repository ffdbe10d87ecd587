"""Stopping, starting and hibernating: the end date stays, and what can't be is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.perform import Performer
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.core.steps import Parameters
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.outcomes import Outcome, Report, error_of
from spawn.lifecycle.power import Deed, PowerPlan, change_power, plan_power
from spawn.lifecycle.resolve import Resolution, Unresolved
from tests.unit.lifecycle.builders import ID, NOW, OTHER_ID, row
from tests.unit.lifecycle.clouds import Account, Reply, StandingClock

HELD = {"tags": {"spawn:hold": "case-7"}}
CAN_HIBERNATE = {"HibernationOptions": {"Configured": True}}


def planned(
    deed: Deed, *rows: ListedInstance, unresolved: tuple[Unresolved, ...] = ()
) -> PowerPlan:
    return plan_power(deed, Resolution(found=rows, unresolved=unresolved), now=NOW)


def willing(key: str, parameters: Parameters, region: str) -> Reply:
    return {"Reservations": []}


def changed(plan: PowerPlan, reply: Any = willing) -> tuple[Report, Account]:
    account = Account(reply)
    return change_power(plan, Performer(writer=account, clock=StandingClock())), account


@pytest.mark.parametrize(
    ("deed", "of_row", "call", "outcome"),
    [
        (Deed.STOP, {}, ("ec2:StopInstances", {"InstanceIds": [ID]}), Outcome.STOPPING),
        (
            Deed.START,
            {"state": "stopped"},
            ("ec2:StartInstances", {"InstanceIds": [ID]}),
            Outcome.STARTING,
        ),
        (
            Deed.HIBERNATE,
            CAN_HIBERNATE,
            ("ec2:StopInstances", {"InstanceIds": [ID], "Hibernate": True}),
            Outcome.HIBERNATING,
        ),
    ],
)
def test_each_deed_is_one_call(
    deed: Deed, of_row: dict[str, Any], call: tuple[str, Parameters], outcome: Outcome
) -> None:
    """One call changes an instance's state, and none touches its end date."""
    report, account = changed(planned(deed, row(**of_row)))
    writes = [(key, given) for key, given, _ in account.calls if "Describe" not in key]
    assert writes == [call]
    assert [one.outcome for one in report.results] == [outcome]
    assert error_of(report, done=deed.done) is None


@pytest.mark.parametrize(
    ("deed", "of_row", "outcome", "word"),
    [
        (Deed.STOP, {"state": "terminated"}, Outcome.IMPOSSIBLE, "terminated"),
        (Deed.STOP, {"InstanceLifecycle": "spot"}, Outcome.IMPOSSIBLE, "spot"),
        (Deed.STOP, {"state": "stopped"}, Outcome.ALREADY_STOPPED, ""),
        (Deed.STOP, {"state": "stopping"}, Outcome.ALREADY_STOPPED, ""),
        (Deed.STOP, HELD, Outcome.HELD, "case-7"),
        (Deed.HIBERNATE, {}, Outcome.IMPOSSIBLE, "--hibernation"),
        (Deed.HIBERNATE, {"InstanceLifecycle": "spot"}, Outcome.IMPOSSIBLE, "spot"),
        (Deed.HIBERNATE, CAN_HIBERNATE | HELD, Outcome.HELD, "case-7"),
        (Deed.START, {}, Outcome.ALREADY_RUNNING, ""),
        (Deed.START, {"state": "pending"}, Outcome.ALREADY_RUNNING, ""),
        (Deed.START, {"state": "stopped"} | HELD, Outcome.HELD, "case-7"),
        (
            Deed.START,
            {"state": "stopped", "ends_in": timedelta(0)},
            Outcome.IMPOSSIBLE,
            "2026-01-27T12:00:00Z has passed",
        ),
        (Deed.START, {"state": "stopped", "ends_in": None}, Outcome.IMPOSSIBLE, "can't be read"),
    ],
    ids=str,
)
def test_what_cannot_be_is_known_beforehand(
    deed: Deed, of_row: dict[str, Any], outcome: Outcome, word: str
) -> None:
    """What is so already, held, spot or past its end date is settled, and AWS is not asked."""
    plan = planned(deed, row(**of_row))
    assert plan.changes == ()
    report, account = changed(plan)
    (result,) = report.results
    assert (result.outcome, account.calls) == (outcome, [])
    assert word in result.why


def test_what_to_type_first_is_said() -> None:
    """One that is past its end date is extended first, and then it can be started."""
    late = row(state="stopped", ends_in=timedelta(hours=-1))
    report, _ = changed(planned(Deed.START, late))
    error = error_of(report, done="started")
    assert error is not None
    assert (error.exit_code, error.next_command) == (2, f"spawn extend {ID} 2h")


def test_one_refusal_stops_no_other() -> None:
    """Each instance has its own result, and together they are done in part."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if parameters.get("InstanceIds") == [ID]:
            return AccessDenied("no", why="needs ec2:StopInstances")
        return {"Reservations": []}

    missing = Unresolved(word="wbe", why="nobody", candidates=("web",))
    report, _ = changed(planned(Deed.STOP, row(), row(OTHER_ID), unresolved=(missing,)), reply)
    assert {one.id: one.outcome for one in report.results} == {
        ID: Outcome.DENIED,
        OTHER_ID: Outcome.STOPPING,
        "wbe": Outcome.NOT_FOUND,
    }
    error = error_of(report, done="stopped")
    assert error is not None
    assert error.exit_code == 6


def test_a_hold_that_came_meanwhile_is_seen() -> None:
    """Between the question and the deed someone may have put a hold: that instance runs on."""
    held = {
        "InstanceId": ID,
        "LaunchTime": NOW,
        "State": {"Name": "running"},
        "Tags": [{"Key": "spawn:hold", "Value": "case-8"}],
    }
    report, account = changed(
        planned(Deed.STOP, row()),
        lambda *_: {"Reservations": [{"Instances": [held]}]},
    )
    assert [one.outcome for one in report.results] == [Outcome.HELD]
    assert not account.called("ec2:StopInstances")


DNS = {"spawn:dns-zone": "Z0123456789", "spawn:dns-name": "box.example.com"}


def test_what_stops_is_taken_out_of_dns() -> None:
    """A stopped instance gives its address back: who gets it must not be reached by its name."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "route53:ListResourceRecordSets":
            record = {
                "Name": "box.example.com.",
                "Type": "A",
                "SetIdentifier": ID,
                "Weight": 1,
                "TTL": 60,
                "ResourceRecords": [{"Value": "203.0.113.9"}],
            }
            return {"ResourceRecordSets": [record]}
        return {"Reservations": []}

    report, account = changed(planned(Deed.STOP, row(tags=DNS)), reply)
    keys = [key for key, _, _ in account.calls]
    assert keys.index("ec2:StopInstances") < keys.index("route53:ChangeResourceRecordSets")
    assert report.results[0].warnings == ()
    started, account = changed(planned(Deed.START, row(state="stopped", tags=DNS)), reply)
    assert started.results[0].outcome is Outcome.STARTING
    assert not [key for key, _, _ in account.calls if key.startswith("route53:")]


def test_a_record_that_stays_is_a_warning() -> None:
    """An instance has stopped, whatever Route 53 says; that its record may be there is told."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        return AwsRefusal("no", why="denied") if key.startswith("route53:") else {}

    report, _ = changed(planned(Deed.STOP, row(tags=DNS)), reply)
    (result,) = report.results
    assert result.outcome is Outcome.STOPPING
    assert "may still be in DNS (box.example.com)" in result.warnings[0]
