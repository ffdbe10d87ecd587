"""Changes to what exists: attributes, metadata options, tags, addresses, profiles.

Each function mends one thing that moto does otherwise than EC2, and says which.
"""

from __future__ import annotations

from typing import Any

from spawn.local.control import account
from spawn.local.control.instances import find_instances
from spawn.local.control.launch_checks import check_metadata_options, check_metadata_tag_keys
from spawn.local.control.memory import Memory
from spawn.local.control.messages import AwsError
from spawn.local.control.needs.model import tag_list
from spawn.local.control.operations import Call

_METADATA_MEMBERS = {
    "HttpTokens": "http_tokens",
    "HttpPutResponseHopLimit": "http_put_response_hop_limit",
    "HttpEndpoint": "http_endpoint",
    "HttpProtocolIpv6": "http_protocol_ipv6",
    "InstanceMetadataTags": "instance_metadata_tags",
}
_BOOLEANS = {
    "DisableApiTermination": "disable_api_termination",
    "DisableApiStop": "disable_api_stop",
    "SourceDestCheck": "source_dest_check",
    "EbsOptimized": "ebs_optimized",
}
_NOT_OF_SPOT = frozenset({"DisableApiTermination", "DisableApiStop"})


def _instance(call: Call) -> Any:
    instance_id = call.parameters.get("InstanceId") or ""
    named = Call(
        service=call.service,
        operation=call.operation,
        protocol=call.protocol,
        region=call.region,
        parameters={"InstanceIds": [instance_id]},
    )
    return find_instances(named)[0]


def modify_metadata_options(call: Call) -> dict[str, Any]:
    """moto sets what the call does not name back to defaults; EC2 leaves it. Raises AwsError."""
    check_metadata_options(call.parameters)
    instance = _instance(call)
    options = instance.metadata_options
    if call.parameters.get("InstanceMetadataTags") == "enabled":
        check_metadata_tag_keys(account.tags_of(instance))
    for parameter, member in _METADATA_MEMBERS.items():
        if call.parameters.get(parameter) is not None:
            setattr(options, member, call.parameters[parameter])
    return {"InstanceId": instance.id, "InstanceMetadataOptions": options}


def modify_attribute(call: Call) -> dict[str, Any] | None:
    """Groups of the interface, shutdown behaviour, user-data of what is stopped.

    moto knows no value for the shutdown behaviour and changes groups beside the interface's own.
    None leaves the call to moto. Raises AwsError.
    """
    instance = _instance(call)
    parameters = call.parameters
    for parameter, member in _BOOLEANS.items():
        value = _value(parameters, parameter)
        if value is not None:
            if instance.lifecycle == "spot" and parameter in _NOT_OF_SPOT:
                attribute = parameter[0].lower() + parameter[1:]
                raise AwsError(
                    "UnsupportedOperation",
                    f"Modifying '{attribute}' is not supported for spot instances.",
                )
            setattr(instance, member, str(value).lower() == "true")
            return {}
    if parameters.get("Groups"):
        _set_groups(instance, parameters["Groups"], call.region)
        return {}
    behavior = _value(parameters, "InstanceInitiatedShutdownBehavior")
    if behavior is not None:
        if behavior not in {"stop", "terminate"}:
            raise AwsError(
                "InvalidParameterValue",
                f"Value ({behavior}) for parameter instanceInitiatedShutdownBehavior is invalid.",
            )
        instance.instance_initiated_shutdown_behavior = behavior
        return {}
    if _value(parameters, "UserData") is not None or _value(parameters, "InstanceType"):
        _require_stopped(instance)
    return None


def _value(parameters: dict[str, Any], name: str) -> Any | None:
    """An attribute in either of the API's two ways: its own parameter, or Attribute and Value."""
    given = parameters.get(name)
    if given is not None:
        return given.get("Value") if isinstance(given, dict) else given
    attribute = parameters.get("Attribute") or ""
    same = attribute[:1].upper() + attribute[1:] == name
    return parameters.get("Value") if same else None


def _set_groups(instance: Any, group_ids: list[str], region: str) -> None:
    if len(instance.nics) > 1:
        raise AwsError(
            "InvalidInstanceID",
            f"There are multiple interfaces attached to instance '{instance.id}'. Please specify "
            "an interface ID for the operation instead.",
        )
    instance.security_groups = checked_groups(group_ids, instance.nics[0].vpc_id, region)


def checked_groups(group_ids: list[str], vpc_id: str, region: str) -> list[Any]:
    """The groups of the ids, all there and of this VPC. Raises AwsError."""
    groups = []
    for group_id in group_ids:
        group = account.ec2(region).get_security_group_from_id(group_id)
        if group is None:
            raise AwsError(
                "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist"
            )
        if group.vpc_id != vpc_id:
            raise AwsError(
                "InvalidParameterValue",
                f"You have specified two resources that belong to different networks: {group_id} "
                f"is not of {vpc_id}.",
            )
        groups.append(group)
    return groups


def _require_stopped(instance: Any) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html."""
    if instance.state != "stopped":
        raise AwsError(
            "IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state."
        )


def check_interface_groups(call: Call) -> None:
    """moto makes a group of a name that it doesn't know; EC2 refuses. Raises AwsError."""
    group_ids = call.parameters.get("Groups")
    interface = account.ec2(call.region).enis.get(call.parameters.get("NetworkInterfaceId") or "")
    if group_ids and interface is not None:
        checked_groups(group_ids, interface.vpc_id, call.region)


def check_new_tags(call: Call) -> None:
    """Keys that metadata can't carry, on instances that show their tags there. Raises AwsError."""
    tags = tag_list(call.parameters.get("Tags"))
    for name in call.parameters.get("Resources") or []:
        instance = account.find_instance(name, call.region)
        if instance and instance.metadata_options.instance_metadata_tags == "enabled":
            check_metadata_tag_keys(tags)


def allocate_address(call: Call, memory: Memory) -> Any:
    """An elastic address of the documentation ranges, where moto takes any of the world's."""
    tags: dict[str, str] = {}
    for specification in call.parameters.get("TagSpecifications") or []:
        tags |= tag_list(specification.get("Tags"))
    backend = account.ec2(call.region)
    return backend.allocate_address("vpc", address=memory.addresses.take(), tags=tags)


def show_associated_profiles(region: str) -> None:
    """moto shows the profile of the launch after it was replaced, and a wrong id."""
    backend = account.ec2(region)
    for association in backend.iam_instance_profile_associations.values():
        profile = association.iam_instance_profile
        association.instance.iam_instance_profile = {"Arn": profile.arn, "Id": profile.id}
