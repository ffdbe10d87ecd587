"""What bears on who may reach an instance: asked side by side, then its posture."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from spawn.aws.door import Reader
from spawn.aws.ec2 import SecurityGroup
from spawn.aws.instance_details import (
    NetworkInterface,
    instance_question,
    network_interfaces_question,
    prefix_list_question,
)
from spawn.aws.questions import Absent, Asker, Fact, value_of
from spawn.aws.ssm import Parameter
from spawn.aws.sts import Identity
from spawn.core.errors import NamedThingNotFound
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.status import level_of
from spawn.network.caller import CallerAddresses
from spawn.network.given import prefix_lists_question
from spawn.network.groups import own_groups_question
from spawn.network.subnets import vpcs_question
from spawn.posture.collect import collect
from spawn.posture.model import Posture
from spawn.settings.organisation import DEFAULT_PARAMETER, organisation_question

SIDE_BY_SIDE = 24


@dataclass(frozen=True, kw_only=True)
class AllowRequest:
    """What is asked for: who may reach an instance over SSH from now on.

    `sources` are address blocks and ids of prefix lists; none stands for the caller's own address.
    `parameter` is the name of the one that holds the organisation's defaults.
    """

    row: ListedInstance
    caller: Identity
    sources: tuple[str, ...]
    parameter: str = DEFAULT_PARAMETER


@dataclass(frozen=True, kw_only=True)
class AllowFacts:
    """All that is decided from, besides what was asked.

    callers       None where nothing depends on them
    own_groups    all that bear a name of the caller's, in every VPC
    prefix_lists  the blocks of those among the sources; Absent where there is no such list
    posture       the instance as it is
    organisation  the parameter that says whom an organisation lets in at the most
    """

    vpc_id: str
    vpc_has_ipv6: bool
    interfaces: tuple[NetworkInterface, ...]
    own_groups: tuple[SecurityGroup, ...]
    callers: CallerAddresses | None
    prefix_lists: dict[str, Fact[tuple[str, ...]]]
    posture: Posture
    organisation: Fact[Parameter]


# Asks the address service for the caller's own addresses.
FindCaller = Callable[[], CallerAddresses]


def gather(
    request: AllowRequest, reader: Reader, *, find_caller: FindCaller, now: datetime
) -> AllowFacts:
    """Ask, and return what is known.

    Raises NamedThingNotFound for an instance that is gone, AccessDenied for what must be seen and
    may not, AwsRefusal for what can't be asked.
    """
    row, region = request.row, request.row.region
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        asker = Asker(reader, pool)
        described = asker.ask(instance_question(row.id, region=region))
        interfaces = asker.ask(network_interfaces_question(row.id, region))
        own_groups = asker.ask(own_groups_question(request.caller.owner, region=region))
        vpcs = asker.ask(vpcs_question(region=region))
        prefix_lists = _ask_prefix_lists(request, asker)
        organisation = asker.ask(organisation_question(request.parameter, region))
        callers = None if request.sources else pool.submit(find_caller)
        fact = described()
        found = () if isinstance(fact, Absent) else value_of(fact)
        if not found:
            raise NamedThingNotFound(
                f"there is no instance {row.id} in {region}", next_command="spawn list"
            )
        posture = collect(
            asker,
            found[0],
            region=region,
            account=request.caller.account,
            partition=request.caller.partition,
            level=level_of(row),
            now=now,
        )
        vpc_id = found[0].vpc_id
        return AllowFacts(
            vpc_id=vpc_id,
            vpc_has_ipv6=any(one.has_ipv6 for one in value_of(vpcs()) if one.vpc_id == vpc_id),
            interfaces=value_of(interfaces()),
            own_groups=value_of(own_groups()),
            callers=None if callers is None else callers.result(),
            prefix_lists=prefix_lists(),
            posture=posture,
            organisation=organisation(),
        )


def _ask_prefix_lists(
    request: AllowRequest, asker: Asker
) -> Callable[[], dict[str, Fact[tuple[str, ...]]]]:
    """Send what there is to know of the prefix lists among the sources."""
    region = request.row.region
    ids = tuple(one for one in request.sources if one.startswith("pl-"))
    if not ids:
        return dict
    described = asker.ask(prefix_lists_question(ids, region=region))
    entries = {one: asker.ask(prefix_list_question(one, region)) for one in ids}

    def wait() -> dict[str, Fact[tuple[str, ...]]]:
        existing = {one.prefix_list_id for one in value_of(described())}
        return {one: entries[one]() if one in existing else Absent() for one in ids}

    return wait
