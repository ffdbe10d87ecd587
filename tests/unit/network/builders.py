"""Small pieces of a network, with what a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from spawn.aws.ec2 import (
    IpPermission,
    Offering,
    Route,
    RouteTable,
    RouteTableAssociation,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcIpv6Association,
    security_groups,
)
from spawn.core.steps import Parameters
from spawn.core.tags import tag_list
from spawn.network.rules import Rule, ip_permissions

REGION = "eu-west-1"
LAUNCHED = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
VPC = "vpc-00000000000000001"
OTHER_VPC = "vpc-00000000000000002"
TAGS = {"spawn": "true", "spawn:launch-id": "l-0123456789abcdef", "owner": "alice"}

LOCAL = Route(destination_cidr_block="10.0.0.0/16", gateway_id="local")
TO_INTERNET = Route(destination_cidr_block="0.0.0.0/0", gateway_id="igw-0123456789abcdef0")
TO_NAT = Route(destination_cidr_block="0.0.0.0/0", nat_gateway_id="nat-0123456789abcdef0")


def vpc(vpc_id: str = VPC, *, default: bool = True, ipv6: bool = False) -> Vpc:
    """Return a VPC of 10.0.0.0/16."""
    blocks = (VpcIpv6Association(ipv6_cidr_block="2001:db8:1::/56"),) if ipv6 else ()
    return Vpc(
        vpc_id=vpc_id,
        cidr_block="10.0.0.0/16",
        is_default=default,
        ipv6_cidr_block_association_set=blocks,
    )


def subnet_id(number: int) -> str:
    """Return the id of the subnet with that number."""
    return f"subnet-{number:017x}"


def subnet(
    number: int, zone: str = "a", *, vpc_id: str = VPC, free: int = 250, block: str | None = None
) -> Subnet:
    """Return the subnet 10.0.<number>.0/24 in a zone of the region."""
    return Subnet(
        subnet_id=subnet_id(number),
        vpc_id=vpc_id,
        availability_zone=f"{REGION}{zone}",
        cidr_block=f"10.0.{number}.0/24" if block is None else block,
        available_ip_address_count=free,
    )


def main_table(*routes: Route, vpc_id: str = VPC) -> RouteTable:
    """Return the main route table of a VPC."""
    return RouteTable(
        route_table_id="rtb-main",
        vpc_id=vpc_id,
        routes=(LOCAL, *routes),
        associations=(RouteTableAssociation(main=True),),
    )


def table_of(number: int, *routes: Route, vpc_id: str = VPC) -> RouteTable:
    """Return a route table of the subnet's own."""
    return RouteTable(
        route_table_id=f"rtb-{number}",
        vpc_id=vpc_id,
        routes=(LOCAL, *routes),
        associations=(RouteTableAssociation(subnet_id=subnet_id(number)),),
    )


def offered(*zones: str, instance_type: str = "t3.micro") -> tuple[Offering, ...]:
    """Return the offerings of a type in zones of the region."""
    return tuple(
        Offering(instance_type=instance_type, location=f"{REGION}{zone}") for zone in zones
    )


def group(
    name: str,
    *,
    ingress: Iterable[Rule] = (),
    egress: Iterable[Rule] = (),
    vpc_id: str = VPC,
    group_id: str = "sg-00000000000000009",
    tags: Mapping[str, str] | None = None,
) -> SecurityGroup:
    """Return a group as DescribeSecurityGroups shows it, through the parser of the answer."""
    answer = {
        "GroupId": group_id,
        "GroupName": name,
        "VpcId": vpc_id,
        "IpPermissions": ip_permissions(ingress),
        "IpPermissionsEgress": ip_permissions(egress),
        "Tags": tag_list(TAGS if tags is None else tags),
    }
    return security_groups({"SecurityGroups": [answer]})[0]


def read_back(permissions: list[Parameters]) -> tuple[IpPermission, ...]:
    """Return permissions of a request as AWS's answer would show them."""
    answer = {"GroupId": "sg-1", "GroupName": "any", "IpPermissions": permissions}
    return security_groups({"SecurityGroups": [answer]})[0].ip_permissions
