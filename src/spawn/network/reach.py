"""What a subnet can reach, and so from where it can be reached, by its routes.

VPC user guide, "Subnet types": a subnet is public when its route table has a route to an internet
gateway. "Subnet route tables": that is the table associated with it, or else the VPC's main one.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from spawn.aws.ec2 import Route, RouteTable, Subnet


class Reach(enum.StrEnum):
    """How far a subnet's routes lead.

    PUBLIC     to an internet gateway: whatever has a public address there can be reached
    OUTBOUND   out only (NAT, transit or VPN gateway, egress-only gateway, appliance): private
    ISOLATED   nowhere outside the VPC: private
    UNKNOWN    its route table can't be seen, as may be in a VPC shared by another account
    """

    PUBLIC = "public"
    OUTBOUND = "outbound"
    ISOLATED = "isolated"
    UNKNOWN = "unknown"

    @property
    def is_private(self) -> bool:
        """Whether it is certain that there is no way in from the internet."""
        return self in (Reach.OUTBOUND, Reach.ISOLATED)


def reach_of(subnet: Subnet, tables: Iterable[RouteTable]) -> Reach:
    """Return how far the subnet's routes lead."""
    table = route_table_of(tuple(tables), subnet_id=subnet.subnet_id, vpc_id=subnet.vpc_id)
    if table is None:
        return Reach.UNKNOWN
    active = [route for route in table.routes if route.state == "active"]
    if any(_is_to_internet_gateway(route) for route in active):
        return Reach.PUBLIC
    if any(_leads_out(route) for route in active):
        return Reach.OUTBOUND
    return Reach.ISOLATED


def route_table_of(
    tables: tuple[RouteTable, ...], *, subnet_id: str, vpc_id: str
) -> RouteTable | None:
    """Return the table that a subnet's traffic follows, None where it is not among them."""
    own = (
        table for table in tables if any(link.subnet_id == subnet_id for link in table.associations)
    )
    main = (
        table
        for table in tables
        if table.vpc_id == vpc_id and any(link.main for link in table.associations)
    )
    return next(own, None) or next(main, None)


def _is_to_internet_gateway(route: Route) -> bool:
    """Whatever the destination: a route to a part of the internet is a way in from that part."""
    return route.gateway_id.startswith("igw-")


def _leads_out(route: Route) -> bool:
    """Whether traffic leaves the VPC for more than one service or one peer.

    A peering connection leads to the other VPC and no further (VPC peering guide, "Edge to edge
    routing"); a gateway endpoint, to S3 or DynamoDB, is named by a prefix list; an endpoint
    named by a block is a firewall's, with the internet behind it.
    """
    to_firewall = route.gateway_id.startswith("vpce-") and not route.destination_prefix_list_id
    return (
        to_firewall
        or route.gateway_id.startswith("vgw-")
        or any(
            (
                route.nat_gateway_id,
                route.transit_gateway_id,
                route.egress_only_internet_gateway_id,
                route.network_interface_id,
                route.local_gateway_id,
                route.carrier_gateway_id,
                route.core_network_arn,
            )
        )
    )
