"""What to type where a route or a rule is in the way."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from spawn.aws.ec2 import RouteTable

_EVERYWHERE = "0.0.0.0/0"


def look_at_table(table: RouteTable, *, region: str) -> str:
    """Return the command that shows a route table."""
    return _aws("ec2 describe-route-tables --route-table-ids", table.route_table_id, region=region)


def look_at_tables(vpc_id: str, *, region: str) -> str:
    """Return the command that shows the route tables of a VPC."""
    words = ("--filters", f"Name=vpc-id,Values={vpc_id}")
    return _aws("ec2 describe-route-tables", *words, region=region)


def look_at_groups(group_ids: Iterable[str], *, region: str) -> str:
    """Return the command that shows security groups."""
    return _aws("ec2 describe-security-groups --group-ids", *group_ids, region=region)


def admit(group_id: str, port: int, source_group: str, *, region: str) -> str:
    """Return the command by which a group admits the members of another to a TCP port."""
    traffic = ("--protocol", "tcp", "--port", str(port), "--source-group", source_group)
    command = "ec2 authorize-security-group-ingress --group-id"
    return _aws(command, group_id, *traffic, region=region)


def add_gateway_route(
    table: RouteTable, tables: Iterable[RouteTable], *, vpc_id: str, region: str
) -> str:
    """Return the command that leads a table to the VPC's internet gateway.

    A VPC has one at the most; where none of its tables names it, the command looks for it. A table
    that leads elsewhere is shown, not changed: what else lives in its subnets may need that way.
    """
    if any(route.destination_cidr_block == _EVERYWHERE for route in table.routes):
        return look_at_table(table, region=region)
    targets = (
        route.gateway_id for each in tables for route in each.routes if each.vpc_id == vpc_id
    )
    gateway = next((target for target in targets if target.startswith("igw-")), "")
    if not gateway:
        attached = f"Name=attachment.vpc-id,Values={vpc_id}"
        return _aws("ec2 describe-internet-gateways --filters", attached, region=region)
    route = ("--destination-cidr-block", _EVERYWHERE, "--gateway-id", gateway)
    command = "ec2 create-route --route-table-id"
    return _aws(command, table.route_table_id, *route, region=region)


def _aws(command: str, *words: str, region: str) -> str:
    return shlex.join(("aws", *command.split(), *words, "--region", region))
