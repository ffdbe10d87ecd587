"""What performing stages of steps promises."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import pytest

from spawn.aws import ec2
from spawn.aws.dynamodb import CREATE_TABLE, PUT_ITEM
from spawn.aws.operation import Answer, Operation
from spawn.aws.perform import Performer, Result
from spawn.aws.scheduler import CREATE_SCHEDULE
from spawn.core.errors import AwsRefusal, Defect
from spawn.core.steps import (
    EACH,
    Alternative,
    Output,
    OutputReference,
    Outputs,
    Parameters,
    Retry,
    Step,
    Yield,
)

REGION = "eu-west-1"


@dataclass
class StandingClock:
    """A clock on which time passes only by sleeping."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class ScriptedWriter:
    """Answers each call from a script by the operation's name; the last answer repeats."""

    script: dict[str, list[Answer | AwsRefusal]]
    calls: list[tuple[str, Parameters]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        return self.do(operation, parameters, region=region)

    def do(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        with self.lock:
            self.calls.append((operation.name, parameters))
            answers = self.script[operation.name]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, AwsRefusal):
            raise answer
        return answer


@dataclass
class Witness:
    """Keeps what it is told, in order."""

    told: list[str] = field(default_factory=list)

    def started(self, step: Step, attempt: str) -> None:
        self.told.append(f"started {step.sentence}{attempt and f' in {attempt}'}")

    def waiting(self, step: Step, refusal: AwsRefusal) -> None:
        self.told.append(f"waiting {step.sentence}")

    def passed_over(self, step: Step, attempt: str, refusal: AwsRefusal) -> None:
        self.told.append(f"passed over {attempt or step.sentence}: {refusal.code}")

    def done(self, step: Step, outputs: Outputs) -> None:
        self.told.append(f"done {step.sentence}")

    def failed(self, step: Step, refusal: AwsRefusal) -> None:
        self.told.append(f"failed {step.sentence}")


def refusal(code: str, why: str = "") -> AwsRefusal:
    return AwsRefusal("AWS refused", why=why, code=code)


GROUP = Step(
    operation=ec2.CREATE_SECURITY_GROUP.key,
    region=REGION,
    parameters={"GroupName": "g"},
    sentence="make the group",
    yields=(Yield(Output.SECURITY_GROUP_ID, ("GroupId",)),),
    collides=("InvalidGroup.Duplicate",),
)
RUN = Step(
    operation=ec2.RUN_INSTANCES.key,
    region=REGION,
    parameters={"Groups": [OutputReference(Output.SECURITY_GROUP_ID)], "Zone": "a"},
    sentence="launch",
    yields=(Yield(Output.INSTANCE_ID, ("Instances", 0, "InstanceId")),),
    retries=(Retry(code="InvalidParameterValue", message="profile", limit_seconds=10),),
    alternatives=(Alternative(label="b", parameters={"Zone": "b"}),),
    next_on=("InsufficientInstanceCapacity",),
)
GROUP_MADE: Answer = {"GroupId": "sg-1"}
LAUNCHED: Answer = {"Instances": [{"InstanceId": "i-1"}]}


def scripted(
    **script: list[Answer | AwsRefusal],
) -> tuple[ScriptedWriter, Witness, StandingClock, Performer]:
    writer, witness, clock = ScriptedWriter(script), Witness(), StandingClock()
    return writer, witness, clock, Performer(writer=writer, clock=clock, observers=(witness,))


def test_a_later_stage_is_given_what_an_earlier_one_yielded() -> None:
    """The id of a group that a step makes stands in the parameters of the launch."""
    writer, witness, _, performer = scripted(
        CreateSecurityGroup=[GROUP_MADE], RunInstances=[LAUNCHED]
    )
    performance = performer.perform(((GROUP,), (RUN,)))
    assert writer.calls[1] == ("RunInstances", {"Groups": ["sg-1"], "Zone": "a"})
    assert performance.outputs == {
        Output.SECURITY_GROUP_ID: ("sg-1",),
        Output.INSTANCE_ID: ("i-1",),
    }
    assert witness.told == [
        "started make the group",
        "done make the group",
        "started launch",
        "done launch",
    ]


def test_nothing_is_sent_for_a_plan_that_lacks_an_output() -> None:
    """A launch without the step that makes its group is a defect, found before any request."""
    writer, _, _, performer = scripted(RunInstances=[LAUNCHED])
    with pytest.raises(Defect, match="security-group-id"):
        performer.perform(((RUN,),))
    assert writer.calls == []


def test_a_passing_error_is_waited_out_within_its_limit() -> None:
    """A profile that AWS does not know yet is asked for again; another message is not."""
    late = refusal("InvalidParameterValue", "Invalid IAM Instance profile name")
    writer, witness, clock, performer = scripted(RunInstances=[late, late, LAUNCHED])
    known = {Output.SECURITY_GROUP_ID: ("sg-1",)}
    assert performer.perform(((RUN,),), known).outputs[Output.INSTANCE_ID] == ("i-1",)
    assert witness.told.count("waiting launch") == 2
    assert clock.seconds == 0.25 + 0.5

    writer, _, clock, performer = scripted(RunInstances=[late])
    performance = performer.perform(((RUN,),), known)
    assert performance.failures[0].refusal is late
    assert 5 < clock.seconds <= 10

    other = refusal("InvalidParameterValue", "the image is wrong")
    writer, _, clock, performer = scripted(RunInstances=[other])
    assert performer.perform(((RUN,),), known).failures
    assert len(writer.calls) == 1


def test_short_capacity_leads_to_the_next_alternative_and_other_errors_do_not() -> None:
    """The second zone is tried when the first has no room, not when the caller may not launch."""
    known = {Output.SECURITY_GROUP_ID: ("sg-1",)}
    full = refusal("InsufficientInstanceCapacity")
    writer, witness, _, performer = scripted(RunInstances=[full, LAUNCHED])
    assert not performer.perform(((RUN,),), known).failures
    assert [parameters["Zone"] for _, parameters in writer.calls] == ["a", "b"]
    assert witness.told == [
        "started launch",
        "passed over launch: InsufficientInstanceCapacity",
        "started launch in b",
        "done launch",
    ]
    writer, _, _, performer = scripted(RunInstances=[full])
    (failure,) = performer.perform(((RUN,),), known).failures
    assert [(one.label, one.refusal) for one in failure.attempts] == [("", full), ("b", full)]

    writer, _, _, performer = scripted(RunInstances=[refusal("UnauthorizedOperation")])
    assert performer.perform(((RUN,),), known).failures
    assert len(writer.calls) == 1


def test_what_needs_an_instance_is_done_for_each_of_several() -> None:
    """Three instances of one request get three backstops, each with an id of its own."""
    run = msgspec.structs.replace(
        RUN, yields=(Yield(Output.INSTANCE_ID, ("Instances", EACH, "InstanceId")),)
    )
    backstop = Step(
        operation=CREATE_SCHEDULE.key,
        region=REGION,
        parameters={
            "Target": [OutputReference(Output.INSTANCE_ID)],
            "Description": [OutputReference(Output.SECURITY_GROUP_ID)],
        },
        sentence="end it",
    )
    ids = [{"InstanceId": f"i-{number}"} for number in range(3)]
    writer, witness, _, performer = scripted(RunInstances=[{"Instances": ids}], CreateSchedule=[{}])
    performance = performer.perform(((run,), (backstop,)), {Output.SECURITY_GROUP_ID: ("sg-1",)})
    assert performance.outputs[Output.INSTANCE_ID] == ("i-0", "i-1", "i-2")
    made = sorted(str(sent) for name, sent in writer.calls if name == "CreateSchedule")
    assert made == [str({"Target": [f"i-{n}"], "Description": ["sg-1"]}) for n in range(3)]
    assert "done end it (3 of 3)" in witness.told


def test_a_collision_ends_the_performance_without_being_a_failure() -> None:
    """A group that someone made meanwhile is reported as such, and nothing is launched into it."""
    writer, _, _, performer = scripted(
        CreateSecurityGroup=[refusal("InvalidGroup.Duplicate")], RunInstances=[LAUNCHED]
    )
    performance = performer.perform(((GROUP,), (RUN,)))
    assert performance.collided
    assert not performance.failures
    assert [name for name, _ in writer.calls] == ["CreateSecurityGroup"]


def test_an_optional_step_that_fails_is_a_warning() -> None:
    """The registry's refusal does not keep an instance from being launched."""
    optional = Step(
        operation=PUT_ITEM.key,
        region=REGION,
        parameters={},
        sentence="remember",
        optional=True,
    )
    _, _, _, performer = scripted(PutItem=[refusal("Nope")], CreateSecurityGroup=[GROUP_MADE])
    performance = performer.perform(((optional,), (GROUP,)))
    assert [one.step.sentence for one in performance.warnings] == ["remember"]
    assert performance.performed[-1].result is Result.DONE


@pytest.mark.parametrize("is_known_before", [False, True])
def test_what_follows_from_a_failed_step_is_skipped(is_known_before: bool) -> None:
    """Nobody waits for a table that could not be made, in this performance or in a later one."""
    made = Step(
        operation=CREATE_TABLE.key, region=REGION, parameters={}, sentence="make", optional=True
    )
    used = Step(
        operation=ec2.AUTHORIZE_INGRESS.key,
        region=REGION,
        parameters={},
        sentence="use",
        follows=(made.operation,),
    )
    writer, _, _, performer = scripted(CreateTable=[refusal("Nope")])
    if is_known_before:
        performance = performer.perform(((used,),), failed={made.operation})
    else:
        performance = performer.perform(((made,), (used,)))
    assert performance.performed[-1].result is Result.SKIPPED
    assert not performance.failures
    assert all(name != "AuthorizeSecurityGroupIngress" for name, _ in writer.calls)


def test_an_accepted_error_counts_as_done() -> None:
    """What already is as wanted is no failure."""
    rule = Step(
        operation=ec2.AUTHORIZE_INGRESS.key,
        region=REGION,
        parameters={},
        sentence="let in",
        accepts=("InvalidPermission.Duplicate",),
    )
    _, _, _, performer = scripted(
        AuthorizeSecurityGroupIngress=[refusal("InvalidPermission.Duplicate")]
    )
    performance = performer.perform(((rule,),))
    assert [one.result for one in performance.performed] == [Result.ACCEPTED]
    assert not performance.failures
