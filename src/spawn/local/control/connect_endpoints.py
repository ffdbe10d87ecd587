"""EC2 Instance Connect Endpoints: made, shown, deleted. Ready at once; no tunnel runs through one.

Source: EC2 API reference, CreateInstanceConnectEndpoint; EC2 user guide, "EC2 Instance Connect
Endpoint": one for each VPC.
"""

from __future__ import annotations

import secrets
from typing import Any

from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.launch_checks import find_subnet
from spawn.local.control.memory import ConnectEndpoint
from spawn.local.control.messages import AwsError, dry_run_succeeded
from spawn.local.control.needs.model import tag_list


def shown(endpoint: ConnectEndpoint, state: str = "create-complete") -> dict[str, Any]:
    """An endpoint in the API's shape."""
    region, endpoint_id = endpoint.region, endpoint.endpoint_id
    tags = account.ec2(region).tags.get(endpoint_id, {})
    arn = (
        f"arn:{account.PARTITION}:ec2:{region}:{account.ACCOUNT_ID}:"
        f"instance-connect-endpoint/{endpoint_id}"
    )
    return {
        "OwnerId": account.ACCOUNT_ID,
        "InstanceConnectEndpointId": endpoint_id,
        "InstanceConnectEndpointArn": arn,
        "State": state,
        "StateMessage": "",
        "DnsName": f"{endpoint_id}.0123abcd.ec2-instance-connect-endpoint.{region}.amazonaws.com",
        "NetworkInterfaceIds": [endpoint.interface_id],
        "VpcId": endpoint.vpc_id,
        "AvailabilityZone": endpoint.zone,
        "CreatedAt": endpoint.created_at,
        "SubnetId": endpoint.subnet_id,
        "PreserveClientIp": endpoint.preserves_client_ip,
        "SecurityGroupIds": list(endpoint.group_ids),
        "IpAddressType": "ipv4",
        "Tags": [{"Key": key, "Value": str(value)} for key, value in tags.items()],
    }


def create_connect_endpoint(duty: Duty) -> dict[str, Any]:
    """An endpoint with an interface of its own in the subnet. Raises AwsError."""
    parameters, region = duty.call.parameters, duty.call.region
    token = parameters.get("ClientToken")
    for known in duty.memory.connect_endpoints.values():
        if token and known.client_token == token and known.region == region:
            return {"InstanceConnectEndpoint": shown(known), "ClientToken": token}
    subnet = find_subnet(str(parameters.get("SubnetId") or ""), region)
    if subnet is None:
        raise AwsError(
            "InvalidSubnetID.NotFound",
            f"The subnet ID '{parameters.get('SubnetId')}' does not exist",
        )
    groups = _groups(parameters, region, subnet)
    if any(known.vpc_id == subnet.vpc_id for known in duty.memory.connect_endpoints.values()):
        raise AwsError(
            "InstanceConnectEndpointLimitExceeded",
            f"The VPC {subnet.vpc_id} has an EC2 Instance Connect Endpoint already.",
        )
    if parameters.get("DryRun"):
        raise dry_run_succeeded()
    endpoint = _make(duty, subnet, groups)
    duty.memory.connect_endpoints[endpoint.endpoint_id] = endpoint
    answer = {"InstanceConnectEndpoint": shown(endpoint)}
    return {**answer, "ClientToken": token} if token else answer


def _groups(parameters: dict[str, Any], region: str, subnet: Any) -> list[str]:
    """The groups asked for, or the VPC's default one."""
    backend: Any = account.ec2(region)
    asked = list(parameters.get("SecurityGroupIds") or [])
    for group_id in asked:
        group = backend.get_security_group_from_id(group_id)
        if group is None or group.vpc_id != subnet.vpc_id:
            raise AwsError(
                "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist"
            )
    return asked or [backend.get_default_security_group(subnet.vpc_id).id]


def _make(duty: Duty, subnet: Any, groups: list[str]) -> ConnectEndpoint:
    parameters, region = duty.call.parameters, duty.call.region
    backend: Any = account.ec2(region)
    endpoint_id = f"eice-{secrets.token_hex(9)[:17]}"
    interface = backend.create_network_interface(
        subnet,
        None,
        group_ids=groups,
        description=f"EC2 Instance Connect Endpoint {endpoint_id}",
    )
    for specification in parameters.get("TagSpecifications") or []:
        backend.tags.setdefault(endpoint_id, {}).update(tag_list(specification.get("Tags")))
    return ConnectEndpoint(
        endpoint_id=endpoint_id,
        region=region,
        vpc_id=subnet.vpc_id,
        subnet_id=subnet.id,
        zone=subnet.availability_zone,
        interface_id=interface.id,
        group_ids=tuple(groups),
        preserves_client_ip=bool(parameters.get("PreserveClientIp")),
        created_at=duty.now,
        client_token=parameters.get("ClientToken"),
    )


def delete_connect_endpoint(duty: Duty) -> dict[str, Any]:
    """The endpoint goes with its interface. Raises AwsError."""
    [endpoint] = _named(duty, [str(duty.call.parameters.get("InstanceConnectEndpointId") or "")])
    if duty.call.parameters.get("DryRun"):
        raise dry_run_succeeded()
    del duty.memory.connect_endpoints[endpoint.endpoint_id]
    account.ec2(duty.call.region).delete_network_interface(endpoint.interface_id)
    return {"InstanceConnectEndpoint": shown(endpoint, "delete-in-progress")}


# DescribeInstanceConnectEndpoints: filter -> the member that it compares.
_FILTERS = {
    "instance-connect-endpoint-id": "InstanceConnectEndpointId",
    "state": "State",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
    "availability-zone": "AvailabilityZone",
}


def describe_connect_endpoints(duty: Duty) -> dict[str, Any]:
    """The region's endpoints, all in one page. Raises AwsError."""
    parameters = duty.call.parameters
    ids = parameters.get("InstanceConnectEndpointIds")
    here = [e for e in duty.memory.connect_endpoints.values() if e.region == duty.call.region]
    found = [shown(endpoint) for endpoint in (_named(duty, ids) if ids else here)]
    for condition in parameters.get("Filters") or []:
        name, values = str(condition.get("Name")), condition.get("Values") or []
        if name.startswith("tag"):
            found = [e for e in found if _has_tag(e, name, values)]
        elif name in _FILTERS:
            found = [e for e in found if e[_FILTERS[name]] in values]
        else:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return {"InstanceConnectEndpoints": found}


def _named(duty: Duty, ids: list[str]) -> list[ConnectEndpoint]:
    for name in ids:
        found = duty.memory.connect_endpoints.get(name)
        if found is None or found.region != duty.call.region:
            raise AwsError(
                "InvalidInstanceConnectEndpointId.NotFound",
                f"The instance connect endpoint ID '{name}' does not exist",
            )
    return [duty.memory.connect_endpoints[name] for name in ids]


def _has_tag(endpoint: dict[str, Any], name: str, values: list[str]) -> bool:
    """`tag:<key>` compares values, `tag-key` keys."""
    tags = {tag["Key"]: tag["Value"] for tag in endpoint["Tags"]}
    if name == "tag-key":
        return any(key in values for key in tags)
    return tags.get(name.removeprefix("tag:")) in values
