"""EC2: the endpoints of a VPC, by which AWS's services and private instances are reached."""

from __future__ import annotations

from spawn.aws.ec2 import GroupIdentifier
from spawn.aws.operation import Answer, read
from spawn.aws.shapes import Shape, many

DESCRIBE_VPC_ENDPOINTS = read("ec2", "DescribeVpcEndpoints")
DESCRIBE_INSTANCE_CONNECT_ENDPOINTS = read("ec2", "DescribeInstanceConnectEndpoints")

OPERATIONS = (DESCRIBE_VPC_ENDPOINTS, DESCRIBE_INSTANCE_CONNECT_ENDPOINTS)

# An endpoint goes on serving while it is changed, and when that failed: the AWS CLI's
# `ec2-instance-connect open-tunnel` chooses among the same states.
_OPEN_STATES = frozenset(
    {"create-complete", "update-in-progress", "update-complete", "update-failed"}
)


class VpcEndpoint(Shape, frozen=True, kw_only=True):
    """An endpoint for a service. EC2 writes `state` in lower case, its reference in upper."""

    vpc_endpoint_id: str
    vpc_id: str
    service_name: str
    vpc_endpoint_type: str = "Gateway"
    state: str = ""
    subnet_ids: tuple[str, ...] = ()
    groups: tuple[GroupIdentifier, ...] = ()
    private_dns_enabled: bool = False

    @property
    def is_available(self) -> bool:
        """Whether it answers."""
        return self.state.casefold() == "available"


class ConnectEndpoint(Shape, frozen=True, kw_only=True):
    """An EC2 Instance Connect Endpoint: a way from outside to the private addresses of a VPC."""

    instance_connect_endpoint_id: str
    vpc_id: str
    subnet_id: str
    state: str = ""
    preserve_client_ip: bool = False
    security_group_ids: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether a tunnel can be opened through it."""
        return self.state in _OPEN_STATES


def vpc_endpoints(answer: Answer) -> tuple[VpcEndpoint, ...]:
    """Understand DescribeVpcEndpoints."""
    return many(answer, "VpcEndpoints", VpcEndpoint)


def connect_endpoints(answer: Answer) -> tuple[ConnectEndpoint, ...]:
    """Understand DescribeInstanceConnectEndpoints."""
    return many(answer, "InstanceConnectEndpoints", ConnectEndpoint)
