"""Where the instance goes: one subnet a zone, best first.

1. The VPC: the one named, else the named subnet's, else the default one.
2. Its subnets, or the named one, narrowed by zone, private address, type offered, room and reach;
   whatever leaves none is an error that names the flag to change.
3. Of each zone the subnet with the most free addresses; zones in the order that was asked for,
   else in the same order, by name where equal. The first is the choice, the others are for when
   its capacity is short.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from spawn.aws.ec2 import (
    DESCRIBE_INSTANCE_TYPE_OFFERINGS,
    DESCRIBE_ROUTE_TABLES,
    DESCRIBE_SUBNETS,
    DESCRIBE_VPCS,
    Offering,
    RouteTable,
    Subnet,
    Vpc,
    offerings,
    route_tables,
    subnets,
    vpcs,
)
from spawn.aws.questions import Question
from spawn.core.errors import AccountError, InputError, NamedThingNotFound
from spawn.core.levels import Level
from spawn.network.advice import private_subnet_command
from spawn.network.reach import Reach, reach_of

# VPC user guide, "Subnet CIDR blocks": network, router, DNS, future use, and broadcast.
_RESERVED_AT_START = 4

# Where no public address is wanted: a way out serves better than none, and a public subnet
# without a public address has neither a way in nor out.
_PREFERENCE_WITHOUT_ADDRESS = (Reach.OUTBOUND, Reach.ISOLATED, Reach.UNKNOWN, Reach.PUBLIC)


class SubnetRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch asks of its place; what is None or empty was not asked.

    addresses   how many private addresses must be free
    """

    region: str
    instance_type: str
    level: Level
    no_public_ip: bool = False
    vpc_id: str | None = None
    subnet_id: str | None = None
    zones: tuple[str, ...] = ()
    private_ip: str | None = None
    addresses: int = 1

    @property
    def wants_public_address(self) -> bool:
        """Whether the instance gets a public IPv4 address."""
        return not self.no_public_ip and self.level is not Level.STRICT


class NetworkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What there is in the region."""

    vpcs: tuple[Vpc, ...]
    subnets: tuple[Subnet, ...]
    route_tables: tuple[RouteTable, ...]
    offerings: tuple[Offering, ...]


class SubnetOption(msgspec.Struct, frozen=True, kw_only=True):
    """One place to launch into."""

    subnet_id: str
    zone: str
    reach: Reach


class SubnetChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Where to launch: `options` is never empty, and all of them are in the VPC.

    `warning` says what the place is not good for, empty where there is nothing to say.
    """

    vpc_id: str
    vpc_has_ipv6: bool
    options: tuple[SubnetOption, ...]
    public_address: bool
    warning: str = ""


def vpcs_question(*, region: str) -> Question[tuple[Vpc, ...]]:
    """Ask for all VPCs of the region."""
    return Question(operation=DESCRIBE_VPCS, parameters={}, region=region, understand=vpcs)


def subnets_question(*, region: str) -> Question[tuple[Subnet, ...]]:
    """Ask for all subnets of the region: in which VPC to look is part of the answer."""
    return Question(operation=DESCRIBE_SUBNETS, parameters={}, region=region, understand=subnets)


def route_tables_question(*, region: str) -> Question[tuple[RouteTable, ...]]:
    """Ask for all route tables of the region."""
    return Question(
        operation=DESCRIBE_ROUTE_TABLES, parameters={}, region=region, understand=route_tables
    )


def offerings_question(
    instance_types: Sequence[str], *, region: str
) -> Question[tuple[Offering, ...]]:
    """Ask in which zones the types are offered; nothing for a type that does not exist."""
    return Question(
        operation=DESCRIBE_INSTANCE_TYPE_OFFERINGS,
        parameters={
            "LocationType": "availability-zone",
            "Filters": [{"Name": "instance-type", "Values": list(instance_types)}],
        },
        region=region,
        understand=offerings,
    )


def choose_subnets(request: SubnetRequest, facts: NetworkFacts) -> SubnetChoice:
    """Return where to launch.

    Raises NamedThingNotFound for a VPC or subnet that does not exist, InputError for what can't
    go together, AccountError for what the account lacks; each says which flag to change.
    """
    vpc = _vpc(request, facts)
    found = _in_zone(request, _candidates(request, facts, vpc), vpc)
    found = _around_private_ip(request, found)
    found = _with_room(request, _where_offered(request, found, facts), vpc)
    reaches = {subnet.subnet_id: reach_of(subnet, facts.route_tables) for subnet in found}
    found = _of_right_reach(request, found, reaches=reaches, vpc=vpc, facts=facts)
    options = tuple(
        SubnetOption(
            subnet_id=subnet.subnet_id,
            zone=subnet.availability_zone,
            reach=reaches[subnet.subnet_id],
        )
        for subnet in _best_of_each_zone(request, found)
    )
    return SubnetChoice(
        vpc_id=vpc.vpc_id,
        vpc_has_ipv6=vpc.has_ipv6,
        options=options,
        public_address=request.wants_public_address,
        warning=_warning(options[0], public_address=request.wants_public_address),
    )


def _vpc(request: SubnetRequest, facts: NetworkFacts) -> Vpc:
    named = _named_subnet(request, facts)
    wanted = request.vpc_id or (named.vpc_id if named else None)
    vpc = next(
        (vpc for vpc in facts.vpcs if (vpc.vpc_id == wanted if wanted else vpc.is_default)), None
    )
    if vpc is not None:
        return vpc
    if wanted is None:
        raise AccountError(
            f"there is no default VPC in {request.region}",
            why="name a VPC with --vpc or a subnet with --subnet, or make the default VPC again",
            next_command=f"aws ec2 create-default-vpc --region {request.region}",
        )
    raise NamedThingNotFound(
        f"--vpc {wanted}: there is no such VPC in {request.region}",
        why=_there_are("VPC", (vpc.vpc_id for vpc in facts.vpcs)),
        next_command=f"aws ec2 describe-vpcs --region {request.region}",
    )


def _named_subnet(request: SubnetRequest, facts: NetworkFacts) -> Subnet | None:
    if request.subnet_id is None:
        return None
    for subnet in facts.subnets:
        if subnet.subnet_id == request.subnet_id:
            return subnet
    raise NamedThingNotFound(
        f"--subnet {request.subnet_id}: there is no such subnet in {request.region}",
        why="leave --subnet out, and one is chosen",
        next_command=f"aws ec2 describe-subnets --region {request.region}",
    )


def _there_are(kind: str, names: Iterable[str]) -> str:
    listed = ", ".join(sorted(names))
    return f"there are: {listed}" if listed else f"there is no {kind} at all"


def _candidates(request: SubnetRequest, facts: NetworkFacts, vpc: Vpc) -> tuple[Subnet, ...]:
    named = _named_subnet(request, facts)
    if named is None:
        return tuple(
            subnet
            for subnet in facts.subnets
            # An Outpost is a rack of one's own, with its own types and prices: only by name.
            if subnet.vpc_id == vpc.vpc_id and subnet.cidr_block and not subnet.outpost_arn
        )
    if named.vpc_id != vpc.vpc_id:
        raise InputError(
            f"--subnet {named.subnet_id} is not in --vpc {vpc.vpc_id}",
            why=f"it is in {named.vpc_id}: leave --vpc out, or name another subnet",
        )
    if not named.cidr_block:
        raise InputError(
            f"--subnet {named.subnet_id} is for IPv6 only",
            why="spawn connects over IPv4: name a subnet that has an IPv4 block",
        )
    return (named,)


def _in_zone(
    request: SubnetRequest, candidates: tuple[Subnet, ...], vpc: Vpc
) -> tuple[Subnet, ...]:
    if not candidates:
        raise AccountError(
            f"{vpc.vpc_id} has no subnet that spawn could choose",
            why="name one with --subnet, or another VPC with --vpc",
            next_command=f"aws ec2 describe-subnets --region {request.region}",
        )
    found = tuple(
        subnet
        for subnet in candidates
        if not request.zones or subnet.availability_zone in request.zones
    )
    if found:
        return found
    asked = ",".join(request.zones)
    zones = ", ".join(sorted({subnet.availability_zone for subnet in candidates}))
    if request.subnet_id:
        raise InputError(
            f"--subnet {request.subnet_id} is not in --az {asked}",
            why=f"it is in {zones}: leave --az out, or name another subnet",
        )
    raise InputError(
        f"--az {asked}: {vpc.vpc_id} has no subnet there", why=f"it has some in: {zones}"
    )


def _around_private_ip(
    request: SubnetRequest, candidates: tuple[Subnet, ...]
) -> tuple[Subnet, ...]:
    if request.private_ip is None:
        return candidates
    try:
        address = ipaddress.IPv4Address(request.private_ip)
    except ValueError as error:
        raise InputError(
            f"--private-ip {request.private_ip!r} is not an IPv4 address",
            why="write four numbers, such as 172.31.16.10",
        ) from error
    blocks = {subnet.subnet_id: ipaddress.IPv4Network(subnet.cidr_block) for subnet in candidates}
    # Subnets of a VPC don't overlap, so there is at most one.
    found = tuple(subnet for subnet in candidates if address in blocks[subnet.subnet_id])
    if not found:
        listed = ", ".join(f"{name} has {block}" for name, block in sorted(blocks.items()))
        raise InputError(f"--private-ip {address} is in none of the subnets", why=listed)
    _refuse_reserved(address, blocks[found[0].subnet_id])
    return found


def _refuse_reserved(address: ipaddress.IPv4Address, block: ipaddress.IPv4Network) -> None:
    offset = int(address) - int(block.network_address)
    if offset < _RESERVED_AT_START or address == block.broadcast_address:
        first, last = block[_RESERVED_AT_START], block[-2]
        raise InputError(
            f"--private-ip {address} is reserved by AWS",
            why=f"the first four addresses and the last of {block} are: take {first} to {last}",
        )


def _where_offered(
    request: SubnetRequest, candidates: tuple[Subnet, ...], facts: NetworkFacts
) -> tuple[Subnet, ...]:
    zones = _zones_offering(request.instance_type, facts)
    if not zones:
        raise InputError(
            f"--instance-type {request.instance_type} is not offered in {request.region}",
            why="name another type or another --region",
            next_command=f"aws ec2 describe-instance-type-offerings --region {request.region}",
        )
    found = tuple(subnet for subnet in candidates if subnet.availability_zone in zones)
    if not found:
        here = ", ".join(sorted({subnet.availability_zone for subnet in candidates}))
        raise InputError(
            f"--instance-type {request.instance_type} is not offered in {here}",
            why=f"it is in: {', '.join(sorted(zones))}. "
            "Change --az or --subnet, or take another type",
        )
    return found


def _zones_offering(instance_type: str, facts: NetworkFacts) -> set[str]:
    return {
        offering.location for offering in facts.offerings if offering.instance_type == instance_type
    }


def _of_right_reach(
    request: SubnetRequest,
    candidates: tuple[Subnet, ...],
    *,
    reaches: Mapping[str, Reach],
    vpc: Vpc,
    facts: NetworkFacts,
) -> tuple[Subnet, ...]:
    if request.level is Level.STRICT:
        candidates = tuple(each for each in candidates if reaches[each.subnet_id].is_private)
        if not candidates:
            raise _no_private_subnet(request, vpc, facts)
    if request.subnet_id:
        return candidates
    if request.wants_public_address:
        public = tuple(each for each in candidates if reaches[each.subnet_id] is Reach.PUBLIC)
        if not public:
            raise _no_public_subnet(request, vpc)
        return public
    present = {reaches[each.subnet_id] for each in candidates}
    best = next(reach for reach in _PREFERENCE_WITHOUT_ADDRESS if reach in present)
    return tuple(each for each in candidates if reaches[each.subnet_id] is best)


def _no_public_subnet(request: SubnetRequest, vpc: Vpc) -> AccountError:
    return AccountError(
        f"no subnet of {vpc.vpc_id} that fits has a route to an internet gateway",
        why="a public address would reach nobody: add --no-public-ip, name a --subnet or another "
        "--vpc, or attach an internet gateway and route 0.0.0.0/0 to it",
        next_command=f"aws ec2 describe-route-tables --region {request.region} "
        f"--filters Name=vpc-id,Values={vpc.vpc_id}",
    )


def _no_private_subnet(request: SubnetRequest, vpc: Vpc, facts: NetworkFacts) -> AccountError:
    zone = min(request.zones or _zones_offering(request.instance_type, facts))
    command = private_subnet_command(vpc, facts.subnets, zone=zone, region=request.region)
    remedy = (
        "the commands below make one, with endpoints for Session Manager that AWS bills by the hour"
        if command
        else f"{vpc.vpc_id} has no room for another: add a block to it, or name another --vpc"
    )
    place = (
        f"--subnet {request.subnet_id} is not"
        if request.subnet_id
        else f"{vpc.vpc_id} has no subnet that fits and is"
    )
    return AccountError(
        f"{place} private, as --security strict asks",
        why=f"a private subnet has no route to an internet gateway; {remedy}",
        next_command=command,
    )


def _with_room(
    request: SubnetRequest, candidates: tuple[Subnet, ...], vpc: Vpc
) -> tuple[Subnet, ...]:
    needed = request.addresses
    found = tuple(each for each in candidates if each.available_ip_address_count >= needed)
    if not found:
        names = ", ".join(sorted(subnet.subnet_id for subnet in candidates))
        raise AccountError(
            f"no address is free in {names}"
            if needed == 1
            else f"{needed} addresses are not free in any of {names}",
            why=f"end instances there, or name another --subnet of {vpc.vpc_id} or another --vpc",
            next_command="spawn list",
        )
    return found


def _best_of_each_zone(
    request: SubnetRequest, candidates: tuple[Subnet, ...]
) -> tuple[Subnet, ...]:
    asked = {zone: place for place, zone in enumerate(request.zones)}
    ordered = sorted(
        candidates,
        key=lambda subnet: (
            asked.get(subnet.availability_zone, 0),
            -subnet.available_ip_address_count,
            subnet.availability_zone,
            subnet.subnet_id,
        ),
    )
    best: dict[str, Subnet] = {}
    for subnet in ordered:
        best.setdefault(subnet.availability_zone, subnet)
    return tuple(best.values())


def _warning(option: SubnetOption, *, public_address: bool) -> str:
    name = option.subnet_id
    match option.reach, public_address:
        case Reach.UNKNOWN, _:
            return f"the route table of {name} can't be seen: what it reaches is not known"
        case ((Reach.OUTBOUND | Reach.ISOLATED), True):
            return (
                f"{name} has no route to an internet gateway, so the public address can't be "
                "reached: add --no-public-ip, or name a public --subnet"
            )
        case Reach.ISOLATED, False:
            return (
                f"{name} has no route out: Session Manager and other AWS services are reached "
                "through interface endpoints only"
            )
        case Reach.PUBLIC, False:
            return (
                f"{name} leads out through an internet gateway, which serves public addresses "
                "only: the instance will reach nothing outside the VPC"
            )
        case _:
            return ""
