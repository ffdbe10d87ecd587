"""What AWS is asked about a launch's writes: as little as tells, and the calls as they would be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from spawn.aws.operation import Operation
from spawn.aws.questions import Absent, Fact, Question, T
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.core.levels import Level
from spawn.core.steps import Parameters
from spawn.images.chosen import ChosenImage
from spawn.launch.doctor.facts import Rehearsed
from spawn.launch.doctor.needs import simulated_operations
from spawn.launch.doctor.place import place_to_ask_about
from spawn.launch.doctor.rehearsal import Rehearsal
from tests.unit.launch.doctor.builders import BOUNDARY, USER, introduced, region, wanted
from tests.unit.network.builders import REGION, VPC, subnet_id

IMAGE = ChosenImage(
    image_id="ami-0123456789abcdef0",
    name="al2023",
    owner="137112412989",
    owner_is_known=True,
    architecture="x86_64",
    login_user="ec2-user",
    created=None,
    is_deprecated=False,
    root_device_name="/dev/xvda",
    root_volume_gib=8,
    root_volume_type="gp3",
    root_is_encrypted=False,
)


@dataclass
class Asked:
    """Keeps what it is asked, and knows nothing."""

    questions: list[Question[Any]] = field(default_factory=list)

    def __call__(self, question: Question[T], /) -> Callable[[], Fact[T]]:
        self.questions.append(question)
        return Absent


@dataclass
class Rehearser:
    """Keeps what it is asked, and refuses as it was told."""

    refusal: AwsRefusal | None = None
    calls: dict[str, Parameters] = field(default_factory=dict)

    def rehearse(self, operation: Operation, parameters: Parameters, *, region: str) -> None:
        """Keep the call."""
        assert region == REGION
        self.calls[operation.key] = parameters
        if self.refusal is not None:
            raise self.refusal


def rehearsal(level: Level = Level.STANDARD, image: ChosenImage | None = IMAGE) -> Rehearsal:
    """Return the rehearsal of a launch."""
    return Rehearsal(
        wanted=wanted(level),
        caller=introduced().value.identity,
        image=image,
        place=place_to_ask_about(wanted(level), region()),
        boundary=BOUNDARY,
        backstop_role="spawn-backstop-0123",
    )


def rehearsed(rehearser: Rehearser, whole: Rehearsal) -> dict[str, Rehearsed]:
    """Return what came of each dry run."""
    with ThreadPoolExecutor() as pool:
        answers = [wait() for wait in whole.rehearse(rehearser, pool)]
    return {each.operation: each for each in answers}


@pytest.mark.parametrize("level", Level)
def test_the_simulator_is_asked_once_for_each_resource(level: Level) -> None:
    """Every action is asked about, and what is done with one thing is one question."""
    asked = Asked()
    simulations = [wait() for wait in rehearsal(level).simulate(asked, USER)]
    assert len(simulations) == len(asked.questions) <= 11
    for operation in simulated_operations(level):
        own = [each.actions for each in simulations if operation.key in each.operations]
        assert set(operation.actions) <= {action for actions in own for action in actions}
    assert {each.parameters["PolicySourceArn"] for each in asked.questions} == {USER}


def test_a_dry_run_is_the_call_as_it_would_be() -> None:
    """Type, subnet, encryption, tags and metadata are those of a launch: policies look at them."""
    rehearser = Rehearser()
    assert all(each.allowed for each in rehearsed(rehearser, rehearsal()).values())
    run = rehearser.calls["ec2:RunInstances"]
    (interface,) = run["NetworkInterfaces"]
    assert (run["InstanceType"], interface["SubnetId"]) == ("t3.micro", subnet_id(1))
    assert run["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    assert run["MetadataOptions"]["HttpTokens"] == "required"
    assert {"Key": "spawn", "Value": "true"} in run["TagSpecifications"][0]["Tags"]
    assert "ClientToken" not in run
    assert rehearser.calls["ec2:CreateSecurityGroup"]["VpcId"] == VPC


def test_a_denial_names_the_action_that_aws_names() -> None:
    """Of a call's several actions the one that was denied is told, and else its first."""
    denied = AccessDenied("no", why="User: a is not authorized to perform: ec2:CreateTags on b")
    for said in rehearsed(Rehearser(denied), rehearsal()).values():
        assert (said.allowed, said.action) == (False, "ec2:CreateTags")
    silent = rehearsed(Rehearser(AccessDenied("no", why="no")), rehearsal())
    assert silent["ec2:RunInstances"].action == "ec2:RunInstances"


def test_another_refusal_says_neither_yes_nor_no() -> None:
    """What EC2 refuses for another reason, or can't be asked, tells nothing of rights."""
    other = AwsRefusal("AWS refused it", why="the quota is used up", code="VcpuLimitExceeded")
    said = rehearsed(Rehearser(other), rehearsal())["ec2:RunInstances"]
    assert (said.allowed, said.why) == (None, "the quota is used up")
    assert rehearsed(Rehearser(), rehearsal(image=None)).keys() == {"ec2:CreateSecurityGroup"}
