"""What a person types to get a private subnet, where an account has none."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterable

from spawn.aws.ec2 import Subnet, Vpc

# Largest first: room to grow, down to the smallest that AWS allows (VPC user guide, "Subnet
# sizing": /16 to /28).
_PREFIX_LENGTHS = (24, 26, 28)
# Systems Manager user guide, "Create VPC endpoints": ssm and ssmmessages carry Session Manager.
_PRIVATE_SUBNET = """\
SUBNET=$(aws ec2 create-subnet {in_vpc} --availability-zone {zone} --cidr-block {block} \\
  --query Subnet.SubnetId --output text) &&
TABLE=$(aws ec2 create-route-table {in_vpc} --query RouteTable.RouteTableId --output text) &&
aws ec2 associate-route-table {where} --route-table-id "$TABLE" --subnet-id "$SUBNET" &&
GROUP=$(aws ec2 create-security-group {in_vpc} --group-name session-manager-endpoints \\
  --description "HTTPS from the VPC" --query GroupId --output text) &&
aws ec2 authorize-security-group-ingress {where} --group-id "$GROUP" \\
  --protocol tcp --port 443 --cidr {vpc_block} &&
for SERVICE in ssm ssmmessages; do
  aws ec2 create-vpc-endpoint {in_vpc} --vpc-endpoint-type Interface --private-dns-enabled \\
    --service-name com.amazonaws.{region}.$SERVICE \\
    --subnet-ids "$SUBNET" --security-group-ids "$GROUP"
done"""

_SESSION_MANAGERS = "session-manager-endpoints"
_ENDPOINTS = """\
GROUP=$(aws ec2 create-security-group {in_vpc} --group-name {group} \\
  --description "HTTPS from instances" --query GroupId --output text) &&
aws ec2 authorize-security-group-ingress {where} --group-id "$GROUP" \\
  --protocol tcp --port 443 {source} &&
for SERVICE in {services}; do
  aws ec2 create-vpc-endpoint {in_vpc} --vpc-endpoint-type Interface --private-dns-enabled \\
    --service-name com.amazonaws.{region}.$SERVICE \\
    --subnet-ids {subnet} --security-group-ids "$GROUP"
done"""


def free_block(vpc: Vpc, subnets: Iterable[Subnet]) -> ipaddress.IPv4Network | None:
    """Return a block of the VPC that no subnet lies in, None where there is no room."""
    whole = ipaddress.IPv4Network(vpc.cidr_block)
    taken = [
        ipaddress.IPv4Network(subnet.cidr_block)
        for subnet in subnets
        if subnet.vpc_id == vpc.vpc_id and subnet.cidr_block
    ]
    return next(
        (
            block
            for length in _PREFIX_LENGTHS
            if length >= whole.prefixlen
            for block in whole.subnets(new_prefix=length)
            if not any(block.overlaps(other) for other in taken)
        ),
        None,
    )


def private_subnet_command(vpc: Vpc, subnets: Iterable[Subnet], *, zone: str, region: str) -> str:
    """Return a command, in several lines, that makes a private subnet for Session Manager.

    A subnet, a route table of its own (the VPC's main one may lead to the internet), and the
    interface endpoints that Session Manager needs where there is no way out. Empty where the VPC
    has no room for another subnet.
    """
    block = free_block(vpc, subnets)
    if block is None:
        return ""
    where = f"--region {shlex.quote(region)}"
    return _PRIVATE_SUBNET.format(
        where=where,
        in_vpc=f"{where} --vpc-id {shlex.quote(vpc.vpc_id)}",
        zone=shlex.quote(zone),
        region=shlex.quote(region),
        block=block,
        vpc_block=ipaddress.IPv4Network(vpc.cidr_block),
    )


def endpoints_command(
    services: Iterable[str], *, vpc_id: str, subnet_id: str, source_group: str, region: str
) -> str:
    """Return a command, in several lines, that makes interface endpoints for an instance.

    The endpoints get a group of their own, which admits the members of `source_group`: without
    one they would get the VPC's default group, which admits only its own.
    """
    return _endpoints(
        services,
        vpc_id=vpc_id,
        subnet_id=subnet_id,
        source=f"--source-group {shlex.quote(source_group)}",
        region=region,
    )


def private_endpoints_command(
    services: Iterable[str],
    vpc: Vpc,
    *,
    subnet_id: str,
    region: str,
    group: str = _SESSION_MANAGERS,
) -> str:
    """Return a command, in several lines, that makes interface endpoints for a whole VPC.

    For instances that are yet to be launched, so that the VPC's own block is let in. `group` is
    what the endpoints' security group is called.
    """
    return _endpoints(
        services,
        vpc_id=vpc.vpc_id,
        subnet_id=subnet_id,
        source=f"--cidr {ipaddress.IPv4Network(vpc.cidr_block)}",
        region=region,
        group=group,
    )


def _endpoints(
    services: Iterable[str],
    *,
    vpc_id: str,
    subnet_id: str,
    source: str,
    region: str,
    group: str = _SESSION_MANAGERS,
) -> str:
    where = f"--region {shlex.quote(region)}"
    return _ENDPOINTS.format(
        where=where,
        in_vpc=f"{where} --vpc-id {shlex.quote(vpc_id)}",
        source=source,
        group=shlex.quote(group),
        services=shlex.join(services),
        region=shlex.quote(region),
        subnet=shlex.quote(subnet_id),
    )
