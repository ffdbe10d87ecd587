"""Asks AWS whether a launch's writes would be allowed, and carries none of them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from spawn.aws import ec2
from spawn.aws.door import Rehearser
from spawn.aws.iam_simulation import SimulatedCall, simulation_question, strings
from spawn.aws.operation import Operation
from spawn.aws.sts import Identity
from spawn.core.endings import End
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.core.levels import Level
from spawn.core.steps import Parameters
from spawn.core.tags import Tag, tag_list
from spawn.images.chosen import ChosenImage
from spawn.launch.doctor.facts import Rehearsed, Simulation, Wanted
from spawn.launch.doctor.needs import Context, context_of, questions_of, simulated_operations
from spawn.launch.doctor.region import Ask
from spawn.launch.request import Disk, InstanceRequest, Spot, run_parameters
from spawn.launch.spec import MetadataOptions
from spawn.network.subnets import SubnetChoice

# IAM user guide, "Access denied error messages": the action follows these words.
_NAMED_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")
_NAME = "spawn-doctor"


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What is to be asked, for whom.

    image, place   None where they could not be chosen: then EC2 can't be asked
    boundary       the ARN of the boundary that roles would carry, "" for none
    """

    wanted: Wanted
    caller: Identity
    image: ChosenImage | None
    place: SubnetChoice | None
    boundary: str
    backstop_role: str

    def rehearse(
        self, rehearser: Rehearser, pool: ThreadPoolExecutor
    ) -> tuple[Callable[[], Rehearsed], ...]:
        """Send EC2's dry runs; what is returned waits for the answers."""
        region = self.wanted.region
        return tuple(
            pool.submit(_rehearsed, rehearser, operation, parameters, region=region).result
            for operation, parameters in self._calls()
        )

    def _calls(self) -> Iterator[tuple[Operation, Parameters]]:
        if self.place is None:
            return
        tags = {Tag.SPAWN.value: "true", Tag.OWNER.value: self.caller.owner}
        yield ec2.CREATE_SECURITY_GROUP, _group(self.place.vpc_id, tags)
        if self.image is not None:
            yield ec2.RUN_INSTANCES, self._instance(self.image, self.place, tags)

    def _instance(
        self, image: ChosenImage, place: SubnetChoice, tags: dict[str, str]
    ) -> Parameters:
        encrypted = None if self.wanted.level is Level.OPEN else True
        root = Disk(device_name=image.root_device_name, is_root=True, encrypted=encrypted)
        request = InstanceRequest(
            image_id=image.image_id,
            disks=(root,),
            groups=(),
            public_address=place.public_address,
            private_ip=None,
            key_name=None,
            profile=None,
            metadata=MetadataOptions(),
            tags=tags,
            user_data=None,
            least=1,
            most=1,
            spot=Spot() if self.wanted.spot else None,
            hibernates=False,
            on_expiry=End.TERMINATE,
        )
        parameters = run_parameters(
            request,
            instance_type=self.wanted.instance_type,
            subnet_id=place.options[0].subnet_id,
            client_token="",
        )
        # A token would be remembered, and the group is not made yet: without one, the VPC's own.
        (interface,) = parameters["NetworkInterfaces"]
        bare = {name: value for name, value in interface.items() if name != "Groups"}
        others = {name: value for name, value in parameters.items() if name != "ClientToken"}
        return {**others, "NetworkInterfaces": [bare]}

    def simulate(self, ask: Ask, principal_arn: str) -> tuple[Callable[[], Simulation], ...]:
        """Ask IAM's simulator, a question for each resource and all that is done with it."""
        return tuple(
            _simulation(ask, principal_arn, question, region=self.wanted.region)
            for question in self._questions()
        )

    def _questions(self) -> Iterable[_Question]:
        """Put together what is asked of the same resource under the same condition keys."""
        region = self.wanted.region
        found: dict[tuple[str, str], _Question] = {}
        for operation in simulated_operations(self.wanted.level):
            context = context_of(operation, self.caller, region=region, boundary=self.boundary)
            for resource, actions in questions_of(
                operation, self.caller, region=region, backstop_role=self.backstop_role
            ):
                key = resource, str(sorted(context.items()))
                question = found.setdefault(key, _Question(resource, context))
                question.actions.update(dict.fromkeys(actions))
                question.operations.append(operation.key)
        return found.values()


@dataclass
class _Question:
    """What the simulator is asked of one resource; actions are kept in order, each once."""

    resource: str
    context: Context
    actions: dict[str, None] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)


def _simulation(
    ask: Ask, principal_arn: str, question: _Question, *, region: str
) -> Callable[[], Simulation]:
    answer = ask(
        simulation_question(
            principal_arn,
            SimulatedCall(
                actions=tuple(question.actions),
                resource=question.resource,
                context=strings(question.context),
            ),
            region=region,
        )
    )
    return lambda: Simulation(
        operations=tuple(question.operations), actions=tuple(question.actions), answer=answer()
    )


def _group(vpc_id: str, tags: dict[str, str]) -> Parameters:
    return {
        "GroupName": _NAME,
        "Description": "Asked by spawn doctor, and never made",
        "VpcId": vpc_id,
        "TagSpecifications": [{"ResourceType": "security-group", "Tags": tag_list(tags)}],
    }


def _rehearsed(
    rehearser: Rehearser, operation: Operation, parameters: Parameters, *, region: str
) -> Rehearsed:
    try:
        rehearser.rehearse(operation, parameters, region=region)
    except AccessDenied as denial:
        named = _NAMED_ACTION.search(denial.why)
        return Rehearsed(
            operation=operation.key,
            allowed=False,
            why=denial.why,
            action=operation.actions[0] if named is None else named[1],
        )
    except AwsRefusal as refusal:
        return Rehearsed(operation=operation.key, allowed=None, why=refusal.why or refusal.what)
    return Rehearsed(operation=operation.key, allowed=True)
