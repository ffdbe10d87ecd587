"""How an instance reaches what keeps its secrets: a way out, or endpoints of its VPC. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from spawn.aws.ec2 import Vpc
from spawn.aws.questions import Known
from spawn.core.errors import AccountError
from spawn.launch.secret_facts import SecretFacts
from spawn.launch.spec import LaunchSpec
from spawn.network.advice import private_endpoints_command
from spawn.network.endpoints import unserved
from spawn.network.reach import Reach
from spawn.network.subnets import SubnetChoice

_ENDPOINTS_GROUP = "secrets-endpoints"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the instance is going to be.

    login_user  who logs in to its image, None where that is not known
    """

    choice: SubnetChoice
    vpcs: tuple[Vpc, ...]
    login_user: str | None
    has_key_pair: bool

    @property
    def has_no_way_out(self) -> bool:
        """Whether AWS's services can be reached by endpoints of the VPC alone."""
        closed = {Reach.ISOLATED}
        if not self.choice.public_address:
            closed.add(Reach.PUBLIC)
        return any(option.reach in closed for option in self.choice.options)


def check_way(spec: LaunchSpec, facts: SecretFacts, place: Place) -> None:
    """Raise AccountError for a subnet from which the services can't be reached.

    Without its secrets the workload would never start, and nobody would be told but the console.
    """
    choice = place.choice
    if not isinstance(facts.endpoints, Known) or not place.has_no_way_out:
        return
    services = tuple(dict.fromkeys(one.service.value for one in spec.secrets))
    lacking = unserved(services, facts.endpoints.value, vpc_id=choice.vpc_id)
    if not lacking:
        return
    subnet_id = choice.options[0].subnet_id
    vpc = next((each for each in place.vpcs if each.vpc_id == choice.vpc_id), None)
    raise AccountError(
        f"--secret can't be had in {subnet_id}: it has no way out, and {choice.vpc_id} no endpoint"
        f" for {' and '.join(lacking)}",
        why="the instance fetches its secrets from there: make the endpoints, or name a subnet "
        "with a way out",
        next_command=""
        if vpc is None
        else private_endpoints_command(
            lacking, vpc, subnet_id=subnet_id, region=spec.region, group=_ENDPOINTS_GROUP
        ),
    )
