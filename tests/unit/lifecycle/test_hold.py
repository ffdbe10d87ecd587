"""An instance that is held by five things, and released the other way round."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.perform import Performer
from spawn.aws.questions import Known, Unseen
from spawn.core.errors import AccessDenied, AwsRefusal, InputError, PartlyDone
from spawn.core.steps import Parameters
from spawn.lifecycle.backstop import Arming, Behind
from spawn.lifecycle.hold import (
    HeldPart,
    HoldFacts,
    HoldPlan,
    Part,
    State,
    case_of,
    held_parts,
    parse_case,
    parse_reason,
    plan_hold,
    plan_unhold,
    require_releasable,
)
from spawn.lifecycle.hold_apply import Applying, HoldReport, part_of
from spawn.registry.records import Held
from tests.unit.lifecycle.builders import ID, LAUNCH_ID, NOW, ROLE, behind, row, schedule
from tests.unit.lifecycle.clouds import Account, Reply, StandingClock

ME = "arn:aws:iam::123456789012:user/alice"
DENIED = Unseen("ec2:DescribeInstanceAttribute", "denied")
ARMED = behind(schedule())
HELD_TAG = {"spawn:hold": "case-7"}
ARMING = Arming(partition="aws", role_arn=ROLE, now=NOW)


def facts(
    termination: Any = False, stop: Any = False, shutdown: Any = "terminate", found: Behind = ARMED
) -> HoldFacts:
    def fact(value: Any) -> Any:
        return value if isinstance(value, Unseen) else Known(value)

    return HoldFacts(
        protections={Part.TERMINATION: fact(termination), Part.STOP: fact(stop)},
        shutdown_behavior=fact(shutdown),
        behind=found,
    )


WHOLE = facts(termination=True, stop=True, shutdown="stop", found=behind())


def held(kind: str = "HOLD", case: str = "case-7") -> Held:
    return Held(kind=kind, case=case, reason="a stranger's key was found", by=ME, at=NOW)


def holding(known: HoldFacts | None = None, **of_row: Any) -> HoldPlan:
    return plan_hold(row(**of_row), known or facts(), account="123456789012", held=held())


def releasing(known: HoldFacts = WHOLE, **of_row: Any) -> HoldPlan:
    of_row = {"tags": HELD_TAG} | of_row
    return plan_unhold(
        row(**of_row), known, account="123456789012", held=held("UNHOLD"), arming=ARMING
    )


def parts_in_order(plan: HoldPlan) -> list[set[Part | None]]:
    return [{part_of(step) for step in stage} for stage in plan.stages]


def states(report: HoldReport | tuple[HeldPart, ...]) -> dict[Part, State]:
    parts = report.parts if isinstance(report, HoldReport) else report
    return {one.part: one.state for one in parts}


def test_a_hold_is_five_things_the_tag_first() -> None:
    """The agent is told first; then come the protections, and last the backstop goes."""
    plan = holding()
    assert parts_in_order(plan) == [
        {Part.TAG},
        {Part.TERMINATION, Part.STOP, Part.SHUTDOWN},
        {Part.BACKSTOP},
        {None},
    ]
    first, second, third, record = plan.stages
    assert first[0].parameters == {
        "Resources": [ID],
        "Tags": [{"Key": "spawn:hold", "Value": "case-7"}],
    }
    assert {"InstanceId": ID, "DisableApiTermination": {"Value": True}} in [
        step.parameters for step in second
    ]
    assert {"InstanceId": ID, "DisableApiStop": {"Value": True}} in [
        step.parameters for step in second
    ]
    assert {"InstanceId": ID, "InstanceInitiatedShutdownBehavior": {"Value": "stop"}} in [
        step.parameters for step in second
    ]
    assert all("Attribute" not in step.parameters for step in second)
    assert {step.operation for step in third} == {"scheduler:DeleteSchedule"}
    assert {step.operation for step in record} == {"dynamodb:TransactWriteItems"}


def test_the_reason_is_in_the_registry_and_not_in_the_tag() -> None:
    """What the instance can read is the case's name alone; why, who and when stand elsewhere."""
    plan = holding()
    (record,) = [step for stage in plan.stages for step in stage if part_of(step) is None]
    ((put,),) = [record.parameters["TransactItems"]]
    item = put["Put"]["Item"]
    assert item["record"] == {"S": "HOLD#2026-01-27T12:00:00Z"}
    assert (item["reason"], item["by"]) == ({"S": "a stranger's key was found"}, {"S": ME})
    others = [step for stage in plan.stages for step in stage if step is not record]
    assert not any("stranger" in repr(step.parameters) for step in others)


def test_what_holds_already_is_not_done_again() -> None:
    """The same hold once more does what is missing, and where nothing is, nothing at all."""
    assert holding(WHOLE, tags=HELD_TAG).stages == ()
    half = facts(termination=True, stop=False, shutdown="stop", found=behind())
    assert parts_in_order(holding(half, tags=HELD_TAG)) == [{Part.STOP}, {None}]


def test_what_cannot_be_seen_is_done() -> None:
    """A protection that can't be looked at is put all the same: it may be lacking."""
    unseen = facts(termination=DENIED, stop=True, shutdown=DENIED, found=behind())
    plan = holding(unseen, tags=HELD_TAG)
    assert parts_in_order(plan)[0] == {Part.TERMINATION, Part.SHUTDOWN}
    assert states(plan.parts)[Part.TERMINATION] is State.UNKNOWN


def test_of_a_spot_instance_three_things_do_not_exist() -> None:
    """What can't be had is said, with the command that saves the disks first."""
    plan = holding(InstanceLifecycle="spot")
    assert parts_in_order(plan) == [{Part.TAG}, {Part.BACKSTOP}, {None}]
    assert [one for one in states(plan.parts).values() if one is State.IMPOSSIBLE] == [
        State.IMPOSSIBLE
    ] * 3
    assert (
        f"create-snapshots --region eu-west-1 --instance-specification InstanceId={ID}"
        in (plan.notes[0])
    )


@pytest.mark.parametrize(
    "of_row", [{"state": "terminated"}, {"state": "shutting-down"}, {"tags": {"spawn:hold": "x"}}]
)
def test_what_cannot_be_held_is_refused(of_row: dict[str, Any]) -> None:
    """What has ended, and what is held for another case, is left as it is."""
    with pytest.raises(InputError):
        holding(**of_row)


class Cloud:
    """Takes all writes but those of some operations, or of some attributes."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused

    def __call__(self, key: str, parameters: Parameters, region: str) -> Reply:
        for word in self.refused:
            if word == key or word in parameters:
                return AccessDenied("no", why=f"needs {key}", code="UnauthorizedOperation")
        return {}


def applied(plan: HoldPlan, *refused: str) -> tuple[Any, Account, Applying]:
    account = Account(Cloud(*refused))
    doer = Applying(
        performer=Performer(writer=account, clock=StandingClock()), again=f"spawn hold {ID}"
    )
    return doer.hold(plan), account, doer


def test_a_whole_hold_is_reported_as_such() -> None:
    """When all five were brought about, all five hold, and nothing is left to do."""
    report, _, doer = applied(holding())
    assert set(states(report).values()) == {State.HOLDS}
    assert doer.error_of(report) is None


@pytest.mark.parametrize(
    ("refused", "open_"),
    [
        (("DisableApiStop",), {Part.STOP}),
        (
            ("DisableApiTermination", "InstanceInitiatedShutdownBehavior"),
            {Part.TERMINATION, Part.SHUTDOWN},
        ),
        (("scheduler:DeleteSchedule",), {Part.BACKSTOP}),
        (("ec2:ModifyInstanceAttribute", "scheduler:DeleteSchedule"), {*Part} - {Part.TAG}),
    ],
)
def test_what_fails_stops_nothing_that_protects(refused: tuple[str, ...], open_: set[Part]) -> None:
    """Each of the five is tried whatever became of the rest; none is taken back."""
    report, account, doer = applied(holding(), *refused)
    assert {part for part, state in states(report).items() if state is State.OPEN} == open_
    assert not account.called("ec2:DeleteTags")
    error = doer.error_of(report)
    assert isinstance(error, PartlyDone)
    assert (error.exit_code, error.next_command) == (6, f"spawn hold {ID}")
    for part in open_:
        assert f"{part}: does not hold (needs " in error.why
    assert "tag: holds" in error.why


def test_without_the_tag_nothing_is_done() -> None:
    """Had it no backstop and no tag, nothing would ever end it: the tag's failure is the end."""
    account = Account(Cloud("ec2:CreateTags"))
    doer = Applying(performer=Performer(writer=account, clock=StandingClock()), again="x")
    with pytest.raises(AccessDenied):
        doer.hold(holding())
    assert [key for key, _, _ in account.calls] == ["ec2:CreateTags"]


def test_a_record_that_cannot_be_written_is_a_warning() -> None:
    """The hold stands without its reason, and it is said that the reason stands nowhere."""
    report, _, doer = applied(holding(), "dynamodb:TransactWriteItems")
    assert doer.error_of(report) is None
    (warning,) = report.warnings
    assert "dynamodb" in warning


def test_a_release_goes_the_other_way_the_tag_last() -> None:
    """First something ends it again, then it may be ended, and last its agent is told."""
    plan = releasing()
    assert parts_in_order(plan) == [
        {Part.BACKSTOP},
        {Part.SHUTDOWN},
        {Part.STOP, Part.TERMINATION},
        {Part.TAG},
        {None},
    ]
    armed, behavior, protections, tag, _ = plan.stages
    assert armed[0].parameters["ScheduleExpression"] == "at(2026-01-27T14:05:00)"
    assert behavior[0].parameters["InstanceInitiatedShutdownBehavior"] == {"Value": "terminate"}
    assert all(
        step.parameters.get("DisableApiStop", step.parameters.get("DisableApiTermination"))
        == {"Value": False}
        for step in protections
    )
    assert tag[0].parameters == {"Resources": [ID], "Tags": [{"Key": "spawn:hold"}]}


def test_powering_off_means_again_what_it_was_launched_for() -> None:
    """An instance whose disks are to be kept goes on being stopped at its end."""
    kept = HELD_TAG | {"spawn:on-expiry": "stop"}
    assert {Part.SHUTDOWN} not in parts_in_order(releasing(tags=kept))
    wrong = facts(termination=True, shutdown="terminate", found=behind())
    behavior = next(
        step
        for stage in releasing(wrong, tags=kept).stages
        for step in stage
        if part_of(step) is Part.SHUTDOWN
    )
    assert behavior.parameters["InstanceInitiatedShutdownBehavior"] == {"Value": "stop"}


def test_a_spot_instance_is_released_of_what_it_had() -> None:
    """Nothing is switched off that does not exist for it."""
    plan = releasing(facts(DENIED, DENIED, DENIED, behind()), InstanceLifecycle="spot")
    assert parts_in_order(plan) == [{Part.BACKSTOP}, {Part.TAG}, {None}]


def test_what_only_tags_call_spawns_gets_no_backstop() -> None:
    """Whoever may put tags could else have any instance ended by the release of its hold."""
    plan = releasing(ClientToken="somebody-else")
    assert {Part.BACKSTOP} not in parts_in_order(plan)
    assert {Part.TAG} in parts_in_order(plan)


def test_without_a_look_at_its_schedules_it_stays_held() -> None:
    """Whether anything would end it must be seen before its hold goes."""
    unseen = facts(termination=True, found=behind(Unseen("scheduler:GetSchedule", "denied")))
    with pytest.raises(AccessDenied):
        releasing(unseen)


def test_a_release_past_the_end_date_gives_notice() -> None:
    """What would have ended long ago has a quarter of an hour."""
    plan = releasing(ends_in=timedelta(days=-3))
    assert plan.stages[0][0].parameters["ScheduleExpression"] == "at(2026-01-27T12:15:00)"


@pytest.mark.parametrize(
    ("refused", "still"),
    [
        (("scheduler:CreateSchedule",), {Part.TAG, Part.TERMINATION, Part.STOP, Part.SHUTDOWN}),
        (("InstanceInitiatedShutdownBehavior",), {*Part} - {Part.BACKSTOP}),
        (("DisableApiStop",), {Part.TAG, Part.STOP}),
        (("ec2:DeleteTags",), {Part.TAG}),
    ],
)
def test_whatever_fails_leaves_it_held(refused: tuple[str, ...], still: set[Part]) -> None:
    """A release that fails half-way ends nothing, and says what still holds."""
    account = Account(Cloud(*refused))
    doer = Applying(performer=Performer(writer=account, clock=StandingClock()), again="again")
    with pytest.raises(AwsRefusal if refused == ("scheduler:CreateSchedule",) else PartlyDone) as e:
        doer.unhold(releasing())
    if isinstance(e.value, PartlyDone):
        assert e.value.next_command == "again"
        assert {part for part in Part if f"{part}: holds" in e.value.why} >= still
    if "ec2:DeleteTags" not in refused:
        assert not account.called("ec2:DeleteTags")


def test_a_release_is_reported_as_such() -> None:
    """When all was done, none of the five holds."""
    account = Account(Cloud())
    doer = Applying(performer=Performer(writer=account, clock=StandingClock()), again="again")
    assert set(states(doer.unhold(releasing())).values()) == {State.OPEN}


@pytest.mark.parametrize(
    ("known", "of_row"),
    [
        (facts(), {"tags": {}}),
        (WHOLE, {"state": "terminated"}),
        (WHOLE, {"ends_in": None}),
        (WHOLE, {"tags": HELD_TAG | {"spawn:expires-at": "2026-01-27 18:00"}}),
    ],
)
def test_what_cannot_be_released_is_refused(known: HoldFacts, of_row: dict[str, Any]) -> None:
    """What is not held, has ended, or would have nothing to end it, stays as it is."""
    of_row = {"tags": HELD_TAG} | of_row
    with pytest.raises(InputError):
        require_releasable(row(**of_row), known)


def test_a_hold_whose_tag_was_taken_off_can_be_released() -> None:
    """Whoever took the tag off left the protections: they can be taken back by the same command."""
    plan = releasing(tags={})
    assert {Part.TAG} not in parts_in_order(plan)
    assert {Part.STOP, Part.TERMINATION} in parts_in_order(plan)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (facts(), [State.OPEN] * 4),
        (WHOLE, [State.HOLDS] * 4),
        (facts(DENIED, DENIED, DENIED, behind(DENIED)), [State.UNKNOWN] * 4),
        (
            facts(termination=True, found=behind(schedule(state="DISABLED"))),
            [State.HOLDS, State.OPEN, State.OPEN, State.HOLDS],
        ),
    ],
)
def test_status_says_which_hold(known: HoldFacts, expected: list[State]) -> None:
    """Each of the five is told for itself; what can't be seen is UNKNOWN."""
    tag, *others = held_parts(row(tags=HELD_TAG), known)
    assert tag.state is State.HOLDS
    assert [one.state for one in others] == expected


def test_a_case_is_named_after_its_day_and_launch() -> None:
    """Without a name the case has one that says when, and of what."""
    assert case_of(row(), NOW) == f"2026-01-27-{LAUNCH_ID}"
    assert case_of(row(tags={"spawn:launch-id": "x y"}), NOW) == f"2026-01-27-{ID}"
    assert parse_case(case_of(row(), NOW))


@pytest.mark.parametrize("text", ["", " ", "a b", "x" * 65, "-x", "ä", "a/b", "a\n"])
def test_a_case_is_a_plain_name(text: str) -> None:
    """What could be read as anything else is refused."""
    with pytest.raises(InputError):
        parse_case(text)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "\x1b[2J", "x" * 501])
def test_a_reason_says_something_on_one_line(text: str) -> None:
    """An empty reason, and one that is no line of text, is refused."""
    with pytest.raises(InputError):
        parse_reason(text)
    assert parse_reason(" why ") == "why"
