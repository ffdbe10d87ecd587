"""Why packets don't get from here to an instance, or from an instance to Session Manager.

Routes, endpoints and security groups are looked at; network ACLs, and what lies behind a NAT or
transit gateway, are not. A diagnosis without findings says that nothing was found in the way.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterable

from spawn.aws.ec2 import Route, RouteTable
from spawn.aws.ec2_endpoints import ConnectEndpoint, VpcEndpoint
from spawn.aws.questions import Absent, Known, Unseen, value_of
from spawn.network.admission import Verdict, lets_in, lets_out
from spawn.network.advice import endpoints_command
from spawn.network.diagnosis import Diagnosis, Finding, Place, Problem
from spawn.network.endpoints import Surroundings
from spawn.network.reach import route_table_of
from spawn.network.remedies import (
    add_gateway_route,
    admit,
    look_at_groups,
    look_at_table,
    look_at_tables,
)
from spawn.network.rules import HTTPS_PORT, SSH_PORT

# Systems Manager user guide, "Improve the security of EC2 instances by using VPC endpoints". Old
# agents want ec2messages as well; those of the images of today do without.
SESSION_MANAGER_SERVICES = ("ssm", "ssmmessages")
_EVERYWHERE = ipaddress.ip_network("0.0.0.0/0")


def diagnose_way_in(place: Place, around: Surroundings, *, caller: str, region: str) -> Diagnosis:
    """Judge the routes between the caller's address and the public address.

    What an instance answers goes by the most specific route to the caller (VPC user guide, "Route
    priority"): without one to the internet gateway no connection comes about. Whether the groups
    admit the caller is not judged here.
    """
    if not place.public_address:
        return _found(
            Problem.NO_PUBLIC_ADDRESS,
            f"{place.instance_id} has no public address",
            shlex.join(("spawn", "connect", "--ssm", place.instance_id)),
        )
    table = _table(place, around, region=region)
    if isinstance(table, Diagnosis):
        return table
    route = _route_to(table, caller)
    if route is not None and route.state != "active":
        return _blackhole(route, table, region=region)
    if route is not None and route.gateway_id.startswith("igw-"):
        return Diagnosis(way=f"it reaches the internet by {route.gateway_id}")
    if _may_go_another_way(route, table):
        return _found(
            Problem.NOT_TOLD,
            f"whether {table.route_table_id} leads to {caller} can't be told from its routes",
            look_at_table(table, region=region),
        )
    tables = value_of(around.route_tables)
    return _found(
        Problem.NO_GATEWAY_ROUTE,
        f"{place.instance_id} has the public address {place.public_address}, but its subnet "
        f"{place.subnet_id} (route table {table.route_table_id}) has no route to an internet "
        f"gateway for {caller}",
        add_gateway_route(table, tables, vpc_id=place.vpc_id, region=region),
    )


def diagnose_session_manager(place: Place, around: Surroundings, *, region: str) -> Diagnosis:
    """Judge the agent's way to Session Manager: by endpoints of the VPC, else out of it.

    Where a service has an endpoint with private DNS, its name leads there from the whole VPC,
    whatever else leads out (AWS PrivateLink guide, "Private DNS").
    """
    parts = [_own_egress(place, around, region=region)]
    if isinstance(around.endpoints, Known):
        serving = {
            service: _serving(around.endpoints.value, service, region=region)
            for service in SESSION_MANAGER_SERVICES
        }
        parts += [
            _through(endpoint, place, around, region=region)
            for endpoint in serving.values()
            if endpoint is not None
        ]
        missing = tuple(service for service, endpoint in serving.items() if endpoint is None)
        if missing:
            parts.append(_out(place, around, missing, region=region))
    else:
        parts.append(_not_seen(around.endpoints, "the endpoints of its VPC", place, region=region))
    ways = ", ".join(part.way for part in parts if part.way)
    return Diagnosis(
        way=f"it reaches Session Manager by {ways}" if ways else "",
        findings=tuple(finding for part in parts for finding in part.findings),
    )


def diagnose_tunnel(
    place: Place, around: Surroundings, endpoint: ConnectEndpoint, *, caller: str, region: str
) -> Diagnosis:
    """Judge whether an instance admits what comes through an EC2 Instance Connect Endpoint.

    It comes from the endpoint's own address in the VPC, or, with client IP preservation, from the
    caller's (EC2 user guide, "Security groups for EC2 Instance Connect Endpoint").
    """
    name, senders = endpoint.instance_connect_endpoint_id, endpoint.security_group_ids
    address = caller if endpoint.preserve_client_ip else ""
    admitted = lets_in(
        around.groups, place.group_ids, SSH_PORT, address=address, members_of=senders
    )
    groups = ", ".join(place.group_ids)
    if admitted is Verdict.OPEN:
        return Diagnosis(way=f"it is reached through {name}")
    if admitted is Verdict.UNKNOWN or not senders or not place.group_ids:
        return _found(
            Problem.NOT_TOLD,
            f"whether its security groups ({groups}) admit {name} can't be told",
            look_at_groups(place.group_ids, region=region),
        )
    return _found(
        Problem.INGRESS_CLOSED,
        f"the security groups of {place.instance_id} ({groups}) don't admit SSH from {name} "
        f"({', '.join(senders)})",
        admit(place.group_ids[0], SSH_PORT, senders[0], region=region),
    )


def _own_egress(place: Place, around: Surroundings, *, region: str) -> Diagnosis:
    if lets_out(around.groups, place.group_ids, HTTPS_PORT) is not Verdict.CLOSED:
        return Diagnosis(way="")
    return _found(
        Problem.EGRESS_CLOSED,
        f"the security groups of {place.instance_id} ({', '.join(place.group_ids)}) let nothing "
        f"out on port {HTTPS_PORT}",
        look_at_groups(place.group_ids, region=region),
    )


def _serving(endpoints: Iterable[VpcEndpoint], service: str, *, region: str) -> VpcEndpoint | None:
    """Return the endpoint that the service's name leads to. China prefixes some names with cn."""
    return next(
        (
            endpoint
            for endpoint in endpoints
            if endpoint.service_name.endswith(f"com.amazonaws.{region}.{service}")
            and endpoint.vpc_endpoint_type == "Interface"
            and endpoint.private_dns_enabled
            and endpoint.is_available
        ),
        None,
    )


def _through(
    endpoint: VpcEndpoint, place: Place, around: Surroundings, *, region: str
) -> Diagnosis:
    """Judge whether the endpoint's groups admit the instance."""
    groups = tuple(group.group_id for group in endpoint.groups)
    admitted = lets_in(
        around.groups,
        groups,
        HTTPS_PORT,
        address=place.private_address,
        members_of=place.group_ids,
    )
    named = f"{endpoint.vpc_endpoint_id} for {endpoint.service_name}"
    if admitted is Verdict.OPEN:
        return Diagnosis(way=endpoint.vpc_endpoint_id)
    if admitted is Verdict.UNKNOWN or not groups or not place.group_ids:
        return _found(
            Problem.NOT_TOLD,
            f"whether {named} ({', '.join(groups)}) admits {place.instance_id} can't be told",
            look_at_groups(groups, region=region),
        )
    return _found(
        Problem.ENDPOINT_CLOSED,
        f"the security groups of {named} ({', '.join(groups)}) don't admit "
        f"{place.instance_id} on port {HTTPS_PORT}",
        admit(groups[0], HTTPS_PORT, place.group_ids[0], region=region),
    )


def _out(place: Place, around: Surroundings, missing: tuple[str, ...], *, region: str) -> Diagnosis:
    """Judge the way out of the VPC to services that have no endpoint in it."""
    table = _table(place, around, region=region)
    if isinstance(table, Diagnosis):
        return table
    # Which addresses the services have is not known: only a route to everywhere surely leads there.
    route = next((each for each in table.routes if _block(each) == _EVERYWHERE), None)
    if route is not None and route.state != "active":
        return _blackhole(route, table, region=region)
    target = _target(route) if route is not None else ""
    is_gateway = target.startswith("igw-")
    if target and not target.startswith("pcx-") and (place.public_address or not is_gateway):
        return Diagnosis(way=target)
    if _may_go_another_way(None if is_gateway else route, table):
        what = f"whether {table.route_table_id} leads to Session Manager can't be told"
        return _found(Problem.NOT_TOLD, what, look_at_table(table, region=region))
    names = ", ".join(f"com.amazonaws.{region}.{service}" for service in missing)
    return _found(
        Problem.NO_WAY_OUT,
        f"{place.instance_id} is private: {_dead_end(table, target)}, and its VPC "
        f"{place.vpc_id} lacks these interface endpoints with private DNS: {names}",
        endpoints_command(
            missing,
            vpc_id=place.vpc_id,
            subnet_id=place.subnet_id,
            source_group=next(iter(place.group_ids), ""),
            region=region,
        ),
    )


def _dead_end(table: RouteTable, target: str) -> str:
    if target.startswith("igw-"):
        return f"{table.route_table_id} leads out by {target}, which serves public addresses only"
    return f"{table.route_table_id} has no route to a NAT gateway"


def _table(place: Place, around: Surroundings, *, region: str) -> RouteTable | Diagnosis:
    if not isinstance(around.route_tables, Known):
        return _not_seen(around.route_tables, "its routes", place, region=region)
    table = route_table_of(
        around.route_tables.value, subnet_id=place.subnet_id, vpc_id=place.vpc_id
    )
    # In a VPC that another account shares, its tables are not shown.
    absent = "the route table of its subnet"
    return table or _not_seen(Absent(), absent, place, region=region)


def _block(route: Route) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    text = route.destination_cidr_block or route.destination_ipv6_cidr_block
    return ipaddress.ip_network(text, strict=False) if text else None


def _route_to(table: RouteTable, address: str) -> Route | None:
    """Return the most specific route to an address; those by prefix list can't be looked into."""
    wanted = ipaddress.ip_address(address)
    blocks = ((_block(route), route) for route in table.routes)
    found = [(block.prefixlen, route) for block, route in blocks if block and wanted in block]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _may_go_another_way(route: Route | None, table: RouteTable) -> bool:
    """Whether something else than a gateway may lead there.

    An appliance or firewall may stand before the gateway, and a prefix list may name anything; an
    endpoint that is named by one leads to S3 or DynamoDB only.
    """
    if route is not None and (route.network_interface_id or route.gateway_id.startswith("vpce-")):
        return True
    return any(
        each.destination_prefix_list_id and not each.gateway_id.startswith("vpce-")
        for each in table.routes
    )


def _target(route: Route) -> str:
    """Return what a route leads to, by its id."""
    return (
        route.gateway_id
        or route.nat_gateway_id
        or route.transit_gateway_id
        or route.network_interface_id
        or route.vpc_peering_connection_id
        or route.egress_only_internet_gateway_id
        or route.local_gateway_id
        or route.carrier_gateway_id
        or route.core_network_arn
    )


def _blackhole(route: Route, table: RouteTable, *, region: str) -> Diagnosis:
    target, block = _target(route) or "something", _block(route)
    return _found(
        Problem.BLACKHOLE,
        f"the route of {table.route_table_id} to {block} is a blackhole: {target} is gone",
        look_at_table(table, region=region),
    )


def _not_seen(fact: Absent | Unseen, what: str, place: Place, *, region: str) -> Diagnosis:
    why = f" ({fact.operation}: {fact.why})" if isinstance(fact, Unseen) else ""
    return _found(
        Problem.NOT_TOLD,
        f"{what} can't be seen{why}",
        look_at_tables(place.vpc_id, region=region),
    )


def _found(problem: Problem, what: str, next_command: str) -> Diagnosis:
    finding = Finding(problem=problem, what=what, next_command=next_command)
    return Diagnosis(way="", findings=(finding,))
