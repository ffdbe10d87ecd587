"""Where the instance would go, and how it would be reached."""

from __future__ import annotations

import ipaddress

from spawn.aws.questions import Known, Unseen
from spawn.core.errors import SpawnError
from spawn.core.levels import Level
from spawn.launch.doctor.checks.seen import not_asked, unseen
from spawn.launch.doctor.facts import AccountFacts, DoctorFacts
from spawn.launch.doctor.model import (
    Area,
    Check,
    Judgement,
    missing,
    missing_for,
    ok,
    unknown,
    warn,
)
from spawn.launch.doctor.place import place_of
from spawn.network.advice import private_endpoints_command
from spawn.network.endpoints import unserved
from spawn.network.reach import Reach
from spawn.network.subnets import SubnetChoice

# Systems Manager user guide, "Create VPC endpoints": ec2messages is for old agents alone.
_SESSION_SERVICES = ("ssm", "ssmmessages")


def _place(facts: DoctorFacts) -> Judgement:
    if facts.account is None:
        return not_asked(facts)
    match place_of(facts.wanted, facts.account.region):
        case Unseen() as fact:
            return unseen(fact, facts)
        case SpawnError() as error:
            return missing_for(error)
        case choice:
            return (
                warn(_words(choice))
                if choice.warning and not _is_isolated(choice)
                else ok(_words(choice))
            )


def _is_isolated(choice: SubnetChoice) -> bool:
    """Whether there is no way out of the subnet, of which another check speaks."""
    return choice.options[0].reach is Reach.ISOLATED


def _words(choice: SubnetChoice) -> str:
    option = choice.options[0]
    versions = "IPv4 and IPv6" if choice.vpc_has_ipv6 else "IPv4"
    others = len(choice.options) - 1
    more = f", and {others} more zone{'s' if others > 1 else ''}" if others else ""
    place = f"{option.subnet_id} ({option.reach.value}) in {option.zone}{more}"
    warning = f"; {choice.warning}" if choice.warning and not _is_isolated(choice) else ""
    return f"{choice.vpc_id}, {versions}: {place}{warning}"


def _session_manager(facts: DoctorFacts) -> Judgement | None:
    if facts.wanted.level is not Level.STRICT:
        return None
    if facts.account is None:
        return not_asked(facts)
    match place_of(facts.wanted, facts.account.region):
        case SubnetChoice() as choice:
            return _way_to_session_manager(facts, facts.account, choice)
    return unknown("where the instance would go is not known")


def _way_to_session_manager(
    facts: DoctorFacts, account: AccountFacts, choice: SubnetChoice
) -> Judgement:
    option = choice.options[0]
    if option.reach is Reach.OUTBOUND:
        return ok(f"{option.subnet_id} has a way out")
    match account.region.endpoints:
        case Unseen() as fact:
            return unseen(fact, facts)
        case Known(value=endpoints):
            lacking = unserved(_SESSION_SERVICES, endpoints, vpc_id=choice.vpc_id)
        case _:
            lacking = _SESSION_SERVICES
    if not lacking:
        return ok(f"{choice.vpc_id} has endpoints for {' and '.join(_SESSION_SERVICES)}")
    return missing(
        f"{option.subnet_id} has no way out, and its VPC no endpoint for {' and '.join(lacking)}",
        _endpoints_command(account, choice, lacking, region=facts.wanted.region),
    )


def _endpoints_command(
    account: AccountFacts, choice: SubnetChoice, services: tuple[str, ...], *, region: str
) -> str:
    vpcs = account.region.vpcs.value if isinstance(account.region.vpcs, Known) else ()
    vpc = next((each for each in vpcs if each.vpc_id == choice.vpc_id), None)
    if vpc is None:
        return ""
    return private_endpoints_command(
        services, vpc, subnet_id=choice.options[0].subnet_id, region=region
    )


def _address(facts: DoctorFacts) -> Judgement | None:
    match facts.machine.addresses:
        case None:
            return None
        case Unseen(why=why):
            return warn(
                f"not known ({why}): no SSH ingress would be opened",
                "spawn launch --ssh-from YOUR-ADDRESS/32",
            )
        case Known(value=addresses):
            versions = {ipaddress.ip_address(each).version for each in addresses}
            words = f"{' and '.join(addresses)}, says {facts.machine.address_url}"
            if 4 not in versions and not _has_ipv6(facts):
                return warn(f"{words}: IPv6 alone, which the VPC does not have")
            return ok(words)


def _has_ipv6(facts: DoctorFacts) -> bool:
    if facts.account is None:
        return False
    choice = place_of(facts.wanted, facts.account.region)
    return isinstance(choice, SubnetChoice) and choice.vpc_has_ipv6


CHECKS = (
    Check(
        id="subnet",
        area=Area.NETWORK,
        why="the instance goes into a subnet that has room, its type, and the right routes",
        judge=_place,
    ),
    Check(
        id="session-manager",
        area=Area.NETWORK,
        why="in strict it is the only way in, and the instance has to reach it",
        judge=_session_manager,
    ),
    Check(
        id="your-address",
        area=Area.NETWORK,
        why="SSH is let in from your own address alone",
        judge=_address,
    ),
)
