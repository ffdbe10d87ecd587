"""Where the launch would go, by what was seen of the region: pure."""

from __future__ import annotations

from spawn.aws.questions import Known, Unseen
from spawn.core.errors import SpawnError
from spawn.launch.doctor.facts import RegionFacts, Wanted
from spawn.network.reach import Reach
from spawn.network.subnets import NetworkFacts, SubnetChoice, SubnetOption, choose_subnets


def network_of(region: RegionFacts) -> NetworkFacts | Unseen:
    """Return the region's network, or what of it could not be seen."""
    match region.vpcs, region.subnets, region.route_tables, region.offerings:
        case Known(value=vpcs), Known(value=nets), Known(value=tables), Known(value=offered):
            return NetworkFacts(vpcs=vpcs, subnets=nets, route_tables=tables, offerings=offered)
        case parts:
            return next(part for part in parts if isinstance(part, Unseen))


def place_of(wanted: Wanted, region: RegionFacts) -> SubnetChoice | SpawnError | Unseen:
    """Return where it would go, why it can't, or what could not be seen."""
    network = network_of(region)
    if isinstance(network, Unseen):
        return network
    try:
        return choose_subnets(wanted.place, network)
    except SpawnError as error:
        return error


def place_to_ask_about(wanted: Wanted, region: RegionFacts) -> SubnetChoice | None:
    """Return the place that dry runs name: where the launch would go, else any subnet at all.

    Whether the caller may launch does not hang on where a subnet's routes lead.
    """
    place = place_of(wanted, region)
    if isinstance(place, SubnetChoice):
        return place
    subnet = next(iter(region.subnets.value), None) if isinstance(region.subnets, Known) else None
    if subnet is None:
        return None
    option = SubnetOption(
        subnet_id=subnet.subnet_id, zone=subnet.availability_zone, reach=Reach.UNKNOWN
    )
    return SubnetChoice(
        vpc_id=subnet.vpc_id,
        vpc_has_ipv6=False,
        options=(option,),
        public_address=wanted.place.wants_public_address,
    )


def has_tunnel(wanted: Wanted, region: RegionFacts) -> bool:
    """Whether an EC2 Instance Connect Endpoint is the way in: it is open, and no address public."""
    place = place_of(wanted, region)
    if not isinstance(place, SubnetChoice) or place.public_address:
        return False
    match region.connect_endpoints:
        case Known(value=endpoints):
            return any(each.vpc_id == place.vpc_id and each.is_open for each in endpoints)
    return False
