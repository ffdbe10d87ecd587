"""How an end date is moved, and when it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from spawn.aws.perform import Performer
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.aws.ssm import Parameter
from spawn.aws.sts import Identity
from spawn.core.endings import End
from spawn.core.errors import (
    AccessDenied,
    AwsRefusal,
    InputError,
    PartlyDone,
    RefusedByControl,
    Throttled,
)
from spawn.core.instants import format_instant
from spawn.core.steps import Parameters
from spawn.lifecycle.backstop import Arming, Behind
from spawn.lifecycle.extend import (
    ExtendFacts,
    ExtendPlan,
    ExtendRequest,
    new_end,
    plan_extend,
    propose,
)
from spawn.lifecycle.extend_apply import LISTEN_SECONDS, Extending, Following, judge_following
from spawn.lifecycle.heard import Heartbeat, expected_order
from tests.unit.lifecycle.builders import ID, ME, NOW, REGION, ROLE, behind, row, schedule
from tests.unit.lifecycle.clouds import Account, Reply, StandingClock

ALICE = Identity(account="123456789012", arn="a", user_id="u", partition="aws", owner=ME)
ENDS_AT = NOW + timedelta(hours=2)
STOPS = {"spawn:on-expiry": "stop"}
ARMED = behind(schedule())
NO_ORGANISATION: Fact[Parameter] = Absent()


def request(
    *, longer: timedelta | None = None, until: datetime | None = None, **of_row: Any
) -> ExtendRequest:
    if longer is None and until is None:
        longer = timedelta(hours=3)
    return ExtendRequest(row=row(**of_row), caller=ALICE, longer=longer, until=until)


def planned(
    *,
    found: Behind = ARMED,
    organisation: Fact[Parameter] = NO_ORGANISATION,
    **asked: Any,
) -> ExtendPlan:
    facts = ExtendFacts(
        behind=found,
        organisation=organisation,
        arming=Arming(partition="aws", role_arn=ROLE, now=NOW),
    )
    return plan_extend(request(**asked), facts, now=NOW)


def operations(plan: ExtendPlan) -> list[list[str]]:
    return [[step.operation for step in stage] for stage in plan.stages]


@pytest.mark.parametrize(
    ("ends_in", "expected"),
    [
        (timedelta(hours=2), NOW + timedelta(hours=5)),
        (timedelta(seconds=1), NOW + timedelta(hours=3, seconds=1)),
        (timedelta(0), NOW + timedelta(hours=3)),
        (timedelta(days=-4), NOW + timedelta(hours=3)),
        (None, NOW + timedelta(hours=3)),
    ],
)
def test_it_counts_from_the_end_date_or_from_now(
    ends_in: timedelta | None, expected: datetime
) -> None:
    """So much longer than it would have lived; from now where that has passed or is unreadable."""
    assert new_end(request(ends_in=ends_in), now=NOW) == expected


def test_a_later_date_moves_the_schedule_before_the_tag() -> None:
    """Should the second step fail, nothing ends the instance before either date."""
    plan = planned()
    assert operations(plan) == [["scheduler:UpdateSchedule"], ["ec2:CreateTags"]]
    ((update,), (tag,)) = plan.stages
    assert update.parameters["ScheduleExpression"] == "at(2026-01-27T17:05:00)"
    assert update.parameters["Target"]["RoleArn"] == ROLE
    assert tag.parameters == {
        "Resources": [ID],
        "Tags": [{"Key": "spawn:expires-at", "Value": "2026-01-27T17:00:00Z"}],
    }
    assert (plan.before, plan.until, plan.is_earlier) == (ENDS_AT, NOW + timedelta(hours=5), False)


@pytest.mark.parametrize("minutes", [1, -1])
def test_a_small_step_moves_the_schedule_as_far(minutes: int) -> None:
    """What would not be found amiss is moved all the same: the schedule follows to the second."""
    plan = planned(until=ENDS_AT + timedelta(minutes=minutes))
    (update,) = [step for stage in plan.stages for step in stage if "Update" in step.operation]
    fires_at = ENDS_AT + timedelta(minutes=minutes + 5)
    assert update.parameters["ScheduleExpression"] == f"at({fires_at:%Y-%m-%dT%H:%M:%S})"


def test_an_earlier_date_moves_the_tag_before_the_schedule() -> None:
    """The agent is told first, and it is said that it gives notice."""
    plan = planned(until=NOW + timedelta(hours=1))
    assert operations(plan) == [["ec2:CreateTags"], ["scheduler:UpdateSchedule"]]
    assert plan.is_earlier
    assert any("15 minutes' notice" in note for note in plan.notes)


def test_no_schedule_is_moved_into_the_next_quarter_of_an_hour() -> None:
    """An end in two minutes is the agent's: the backstop gives notice, and it is said."""
    plan = planned(until=NOW + timedelta(minutes=2))
    ((_,), (update,)) = plan.stages
    assert update.parameters["ScheduleExpression"] == "at(2026-01-27T12:15:00)"
    assert any("no schedule fires before 2026-01-27T12:15:00Z" in note for note in plan.notes)


def test_both_schedules_move_where_the_disks_are_kept() -> None:
    """The stop and the end a week later are moved alike, and it is said when the disks go."""
    both = behind(
        schedule(expression="at(2026-02-03T14:05:00)"),
        schedule(End.STOP),
    )
    plan = planned(found=both, tags=STOPS)
    stage, (tag,) = plan.stages
    expressions = {step.parameters["Name"]: step.parameters["ScheduleExpression"] for step in stage}
    assert expressions == {
        f"spawn-{ID}-stop": "at(2026-01-27T17:05:00)",
        f"spawn-{ID}": "at(2026-02-03T17:05:00)",
    }
    assert tag.operation == "ec2:CreateTags"
    assert any("its disks go at 2026-02-03T17:00:00Z" in note for note in plan.notes)


def test_a_missing_schedule_is_made() -> None:
    """An instance without a backstop has one afterwards."""
    assert operations(planned(found=behind())) == [["scheduler:CreateSchedule"], ["ec2:CreateTags"]]


def test_what_is_so_already_is_not_done_again() -> None:
    """The same date with the right schedule behind it needs nothing."""
    assert planned(until=ENDS_AT).stages == ()


@pytest.mark.parametrize("state", ["stopped", "pending", "stopping"])
def test_what_does_not_run_can_be_extended(state: str) -> None:
    """A stopped instance gets a new end date like any other."""
    assert operations(planned(state=state))[-1] == ["ec2:CreateTags"]


@pytest.mark.parametrize(
    ("of_row", "error", "word"),
    [
        ({"tags": {"spawn:hold": "case-7"}}, RefusedByControl, "case-7"),
        ({"tags": {"spawn:hold": ""}}, RefusedByControl, ""),
        ({"state": "terminated"}, InputError, ""),
        ({"state": "shutting-down"}, InputError, ""),
        ({"ClientToken": "somebody-else"}, InputError, "never meant to end"),
    ],
    ids=str,
)
def test_what_must_not_be_extended_is_refused(
    of_row: dict[str, Any], error: type[Exception], word: str
) -> None:
    """Held, ended, and what only tags call spawn's: none of them gets an end date from here."""
    with pytest.raises(error) as caught:
        planned(**of_row)
    assert word in getattr(caught.value, "why", "")


def test_a_date_that_has_passed_is_refused() -> None:
    """An end date lies ahead; ending now is what cancel is for."""
    with pytest.raises(InputError) as caught:
        planned(until=NOW)
    assert caught.value.next_command == f"spawn cancel {ID}"


@pytest.mark.parametrize("level", ["standard", "strict", "garbled"])
def test_no_date_is_beyond_thirty_days(level: str) -> None:
    """What a launch is refused for, an extension is: and the latest date is offered."""
    far = NOW + timedelta(days=30, seconds=1)
    with pytest.raises(RefusedByControl) as caught:
        planned(until=far, tags={"spawn:security": level})
    assert caught.value.controls == ("END-WITHIN-30-DAYS",)
    assert format_instant(NOW + timedelta(days=30)) in caught.value.next_command
    assert planned(until=NOW + timedelta(days=30), tags={"spawn:security": level}).stages


def test_open_may_be_far_and_says_that_the_agent_is_not() -> None:
    """Where the level admits it, it is said that an agent launched for less does not go along."""
    plan = planned(until=NOW + timedelta(days=60), tags={"spawn:security": "open"})
    assert any("no date that is more than 30 days away" in note for note in plan.notes)


def says(text: str) -> Fact[Parameter]:
    return Known(Parameter(name="/spawn/defaults", type="String", value=text))


def test_the_organisations_ttl_holds() -> None:
    """An organisation's longest life is counted from now, and no flag reaches beyond it."""
    four_hours = says('ttl = "4h"')
    with pytest.raises(RefusedByControl) as caught:
        planned(organisation=four_hours)
    assert caught.value.controls == ("ORG-FLOOR",)
    assert "ttl 4h at most" in caught.value.why
    assert planned(organisation=four_hours, until=NOW + timedelta(hours=4)).stages


def test_a_nearer_end_is_never_refused() -> None:
    """What lives too long already may be brought nearer by any amount."""
    far = timedelta(days=90)
    plan = planned(
        until=NOW + timedelta(days=60), ends_in=far, organisation=says('ttl = "1h"'), found=ARMED
    )
    assert plan.is_earlier


def test_an_organisation_that_cannot_be_seen_is_said() -> None:
    """Where its defaults may not be read, the date moves, and the person is told."""
    plan = planned(organisation=Unseen("ssm:GetParameter", "denied"))
    assert any("whether your organisation has defaults can't be seen" in one for one in plan.notes)


def test_a_schedule_that_cannot_be_seen_stops_it() -> None:
    """Without knowing what stands behind the instance nothing is changed."""
    with pytest.raises(AccessDenied):
        planned(found=behind(Unseen("scheduler:GetSchedule", "denied")))


@pytest.mark.parametrize(
    ("of_row", "asked", "usd"),
    [
        ({"tags": {"spawn:usd-per-hour": "0.01"}}, {}, Decimal("0.03")),
        ({"tags": {"spawn:usd-per-hour": "0.01"}, "ends_in": timedelta(days=-1)}, {}, "0.03"),
        ({"tags": {"spawn:usd-per-hour": "0.01"}}, {"until": NOW + timedelta(hours=1)}, None),
        ({"tags": {"spawn:usd-per-hour": "cheap"}}, {}, None),
        ({}, {}, None),
    ],
    ids=str,
)
def test_the_added_time_has_its_price(
    of_row: dict[str, Any], asked: dict[str, Any], usd: Any
) -> None:
    """What the time in between costs is said where the price is known, and nothing is guessed."""
    plan = planned(**of_row, **asked)
    assert plan.usd == (None if usd is None else Decimal(usd))


def test_an_agent_that_reads_no_tags_is_said_to_be_deaf() -> None:
    """With tags off in metadata only the backstop moves, and the command that mends it is named."""
    plan = planned(MetadataOptions={"InstanceMetadataTags": "disabled"})
    assert any("modify-instance-metadata-options" in note for note in plan.notes)


def test_a_proposal_asks_for_what_it_needs_and_no_more() -> None:
    """Both schedules and the organisation's parameter, in the instance's region, and no role."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "ssm:GetParameter":
            return AwsRefusal("none", code="ParameterNotFound")
        return AccessDenied("no", why="needs it")

    account = Account(reply)
    with pytest.raises(AccessDenied):
        propose(request(), account, now=NOW)
    keys = sorted(key for key, _, _ in account.calls)
    assert keys == ["scheduler:GetSchedule", "scheduler:GetSchedule", "ssm:GetParameter"]
    assert {region for _, _, region in account.calls} == {REGION}


def extending(reply: Any) -> tuple[Extending, Account]:
    account = Account(reply)
    performer = Performer(writer=account, clock=StandingClock())
    return Extending(performer=performer, phase=lambda sentence: None), account


def willing(key: str, parameters: Parameters, region: str) -> Reply:
    return {"Reservations": []}


def test_a_plan_is_performed_in_its_order() -> None:
    """It is looked whether the instance is held; then one step follows the other."""
    doer, account = extending(willing)
    doer.apply(planned())
    assert [key for key, _, _ in account.calls] == [
        "ec2:DescribeInstances",
        "scheduler:UpdateSchedule",
        "ec2:CreateTags",
    ]


def test_a_hold_that_came_meanwhile_stops_it() -> None:
    """A person may have thought for long: what is held by then keeps its date."""
    held = {
        "InstanceId": ID,
        "LaunchTime": NOW,
        "State": {"Name": "running"},
        "Tags": [{"Key": "spawn:hold", "Value": "case-9"}],
    }
    doer, account = extending(lambda *_: {"Reservations": [{"Instances": [held]}]})
    with pytest.raises(RefusedByControl) as caught:
        doer.apply(planned())
    assert "case-9" in caught.value.why
    assert [key for key, _, _ in account.calls] == ["ec2:DescribeInstances"]


@pytest.mark.parametrize(
    ("fails", "asked", "stands", "agent"),
    [
        ("ec2:CreateTags", {}, "move its termination to", "2026-01-27T14:00:00Z"),
        (
            "scheduler:UpdateSchedule",
            {"until": NOW + timedelta(hours=1)},
            "write the end date",
            "2026-01-27T13:00:00Z",
        ),
    ],
)
def test_half_a_move_says_what_stands(
    fails: str, asked: dict[str, Any], stands: str, agent: str
) -> None:
    """Where the second step fails, what was done and which date the agent goes by are said."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        return AccessDenied("no", why=f"needs {fails}") if key == fails else {"Reservations": []}

    doer, _ = extending(reply)
    with pytest.raises(PartlyDone) as caught:
        doer.apply(planned(**asked))
    done, date = caught.value.aftermath
    assert stands in done
    assert date == f"its agent goes by {agent}"
    assert "spawn extend" in caught.value.next_command
    assert caught.value.exit_code == 6


def test_nothing_moved_is_the_refusal_itself() -> None:
    """Where even the first step fails, nothing has changed, and AWS's reason is the error."""
    doer, account = extending(
        lambda key, *_: Throttled("slow") if "Update" in key else {"Reservations": []}
    )
    with pytest.raises(Throttled):
        doer.apply(planned())
    assert not account.called("ec2:CreateTags")


def line(until: datetime, tags: dict[str, str]) -> str:
    return (
        f"spored: 3 {format_instant(NOW)} watching until {format_instant(until)}"
        f" order {expected_order(tags)} \r\n"
    )


def test_the_agent_is_heard_to_follow() -> None:
    """A heartbeat with the new date, whenever it comes within the time, ends the listening."""
    plan = planned()
    consoles = iter(["", line(ENDS_AT, plan.instance.tags), line(plan.until, plan.tags_after)])

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "ec2:GetConsoleOutput":
            return {"Output": next(consoles)}
        return AccessDenied("no")

    doer, account = extending(reply)
    assert doer.listen(plan).following is Following.FOLLOWS
    assert len(account.called("ec2:GetConsoleOutput")) == 3


def test_listening_has_an_end() -> None:
    """An agent that keeps to the old date is not waited for longer than its reading takes."""
    plan = planned()
    doer, _ = extending(lambda *_: {"Output": line(ENDS_AT, plan.instance.tags)})
    began = doer.performer.clock.monotonic()
    heard = doer.listen(plan)
    assert heard.following is Following.NOT_YET
    assert "2026-01-27T14:00:00Z" in heard.why
    assert doer.performer.clock.monotonic() - began <= LISTEN_SECONDS + 5


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (AwsRefusal("no", code="UnsupportedOperation"), Following.UNKNOWN),
        (AccessDenied("no", why="x", operation="ec2:GetConsoleOutput"), Following.UNKNOWN),
        ({"Output": "", "UserData": {"Value": ""}}, Following.NONE),
    ],
    ids=str,
)
def test_what_cannot_be_heard_is_not_waited_for(reply: Reply, expected: Following) -> None:
    """Types with a late console, denials and instances without an agent are told at once."""
    doer, account = extending(lambda *_: reply)
    assert doer.listen(planned()).following is expected
    assert len(account.called("ec2:GetConsoleOutput")) == 1


@pytest.mark.parametrize(
    ("of_row", "expected"),
    [
        ({"state": "stopped"}, Following.NOT_ASKED),
        ({"MetadataOptions": {"InstanceMetadataTags": "disabled"}}, Following.REFUSES),
    ],
    ids=str,
)
def test_who_cannot_follow_is_not_asked(of_row: dict[str, Any], expected: Following) -> None:
    """A stopped instance says nothing, and one without tags in metadata will not learn of it."""
    doer, account = extending(willing)
    assert doer.listen(planned(**of_row)).following is expected
    assert account.calls == []


@pytest.mark.parametrize(
    ("until", "has_read", "asked", "expected"),
    [
        (NOW + timedelta(hours=5), True, {}, Following.FOLLOWS),
        (ENDS_AT, False, {}, Following.NOT_YET),
        (ENDS_AT, True, {}, Following.REFUSES),
        (
            NOW + timedelta(minutes=15),
            True,
            {"until": NOW + timedelta(minutes=2)},
            Following.FOLLOWS,
        ),
    ],
)
def test_a_heartbeat_tells_who_follows(
    until: datetime, has_read: bool, asked: dict[str, Any], expected: Following
) -> None:
    """A date that was read and not taken is no following; one that is near is taken with notice."""
    plan = planned(**asked)
    tags = plan.tags_after if has_read else plan.instance.tags
    beat = Heartbeat(sequence=1, at=NOW, doing="watching", until=until, order=expected_order(tags))
    assert judge_following(beat, plan).following is expected
