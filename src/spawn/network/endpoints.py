"""What lies around an instance of a VPC, and decides what reaches it and what it reaches.

Asked where a connection failed, in one round. Each part is a fact of its own: what may not be
looked at leaves the others to judge by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from spawn.aws.ec2 import (
    DESCRIBE_ROUTE_TABLES,
    DESCRIBE_SECURITY_GROUPS,
    RouteTable,
    SecurityGroup,
    route_tables,
    security_groups,
)
from spawn.aws.ec2_endpoints import (
    DESCRIBE_INSTANCE_CONNECT_ENDPOINTS,
    DESCRIBE_VPC_ENDPOINTS,
    ConnectEndpoint,
    VpcEndpoint,
    connect_endpoints,
    vpc_endpoints,
)
from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Asker, Fact, Question, T, as_far_as_seen


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What there is in the VPC, as far as the caller may look."""

    route_tables: Fact[tuple[RouteTable, ...]]
    groups: Fact[tuple[SecurityGroup, ...]]
    endpoints: Fact[tuple[VpcEndpoint, ...]]
    connect_endpoints: Fact[tuple[ConnectEndpoint, ...]]


def ask_surroundings(asker: Asker, vpc_id: str, *, region: str) -> Surroundings:
    """Ask for all of it side by side. Whatever AWS refuses is unseen: nothing is raised."""
    tables = asker.ask(tables_question(vpc_id, region=region))
    groups = asker.ask(vpc_groups_question(vpc_id, region=region))
    services = asker.ask(endpoints_question(vpc_id, region=region))
    tunnels = asker.ask(connect_endpoints_question(vpc_id, region=region))
    return Surroundings(
        route_tables=as_far_as_seen(tables),
        groups=as_far_as_seen(groups),
        endpoints=as_far_as_seen(services),
        connect_endpoints=as_far_as_seen(tunnels),
    )


def tables_question(vpc_id: str, *, region: str) -> Question[tuple[RouteTable, ...]]:
    """Ask for the route tables of the VPC: which is a subnet's own is part of the answer."""
    return _in_vpc(DESCRIBE_ROUTE_TABLES, vpc_id, route_tables, region=region)


def vpc_groups_question(vpc_id: str, *, region: str) -> Question[tuple[SecurityGroup, ...]]:
    """Ask for all security groups of the VPC: which of them matter the endpoints tell."""
    return _in_vpc(DESCRIBE_SECURITY_GROUPS, vpc_id, security_groups, region=region)


def endpoints_question(vpc_id: str, *, region: str) -> Question[tuple[VpcEndpoint, ...]]:
    """Ask for the VPC's endpoints for AWS's services."""
    return _in_vpc(DESCRIBE_VPC_ENDPOINTS, vpc_id, vpc_endpoints, region=region)


def connect_endpoints_question(
    vpc_id: str, *, region: str
) -> Question[tuple[ConnectEndpoint, ...]]:
    """Ask for the VPC's EC2 Instance Connect Endpoints."""
    return _in_vpc(DESCRIBE_INSTANCE_CONNECT_ENDPOINTS, vpc_id, connect_endpoints, region=region)


def unserved(
    services: Iterable[str], endpoints: Iterable[VpcEndpoint], *, vpc_id: str
) -> tuple[str, ...]:
    """Return those of the services whose own names lead to no endpoint of the VPC.

    AWS PrivateLink guide, "Private DNS": without it an endpoint goes by a name of its own.
    """
    served = {
        each.service_name.rpartition(".")[2]
        for each in endpoints
        if each.vpc_id == vpc_id and each.is_available and each.private_dns_enabled
    }
    return tuple(service for service in services if service not in served)


def _in_vpc(
    operation: Operation, vpc_id: str, understand: Callable[[Answer], T], *, region: str
) -> Question[T]:
    parameters: dict[str, Any] = {"Filters": [{"Name": "vpc-id", "Values": [vpc_id]}]}
    return Question(
        operation=operation, parameters=parameters, region=region, understand=understand
    )
