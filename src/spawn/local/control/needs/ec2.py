"""EC2: which resources a call touches, with their tags; what is being made has the id "*".

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spawn.local.control.needs.iam import pass_role
from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    request_tags,
    resource_types,
    tag_list,
)

# Resource type -> the parameters that name resources of that type.
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "elastic-ip": ("AllocationId",),
    "image": ("ImageId",),
    "instance": ("InstanceIds", "InstanceId"),
    "instance-connect-endpoint": ("InstanceConnectEndpointId",),
    "internet-gateway": ("InternetGatewayId",),
    "key-pair": ("KeyName",),
    "launch-template": ("LaunchTemplateId",),
    "network-acl": ("NetworkAclId",),
    "network-interface": ("NetworkInterfaceId",),
    "prefix-list": ("PrefixListId",),
    "route-table": ("RouteTableId",),
    "security-group": ("GroupId", "SecurityGroupIds", "Groups"),
    "snapshot": ("SnapshotId", "SourceSnapshotId"),
    "subnet": ("SubnetId", "SubnetIds"),
    "volume": ("VolumeId", "VolumeIds"),
    "vpc": ("VpcId",),
    "vpc-endpoint": ("VpcEndpointId", "VpcEndpointIds"),
}
_TYPE_OF_PREFIX = {
    "ami": "image",
    "eice": "instance-connect-endpoint",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "igw": "internet-gateway",
    "key": "key-pair",
    "lt": "launch-template",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "sir": "spot-instances-request",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
_WITHOUT_ACCOUNT = frozenset({"image", "snapshot"})  # their ARNs name no account
# The type that each of these makes.
_MAKES = {
    "CreateInstanceConnectEndpoint": "instance-connect-endpoint",
    "CreateKeyPair": "key-pair",
    "CreateSecurityGroup": "security-group",
    "CreateSnapshot": "snapshot",
    "CreateSnapshots": "snapshot",
    "CreateVolume": "volume",
    "ImportKeyPair": "key-pair",
}


def needs(question: Question) -> list[Need]:
    """The needs of an EC2 call; tags put on at creation need ec2:CreateTags as well."""
    operation = question.call.operation
    if operation == "RunInstances":
        found = _run_instances(question)
    elif operation in {"CreateTags", "DeleteTags"}:
        return _tagging(question)
    else:
        found = _plain(question)
    return found + _tags_on_creation(question) + _passed_roles(question)


def _need(
    question: Question,
    kind: str,
    identifier: str,
    *,
    context: dict[str, tuple[str, ...]] | None = None,
) -> Need:
    """One need of the call, with the resource's tags under both of their names."""
    region = question.call.region
    keys: dict[str, tuple[str, ...]] = {"ec2:region": (region,), **(context or {})}
    if identifier != "*":
        for key, value in question.lookup.tags(identifier, region).items():
            keys[f"ec2:resourcetag/{key.lower()}"] = (value,)
            keys[f"aws:resourcetag/{key.lower()}"] = (value,)
    if kind == "instance" and identifier != "*":
        keys["ec2:instanceid"] = (identifier,)
    action = f"ec2:{question.call.operation}"
    return Need(action=action, resource=_arn(question, kind, identifier), context=keys)


def _arn(question: Question, kind: str, identifier: str) -> str:
    if kind in _WITHOUT_ACCOUNT:
        partition, region = question.lookup.partition, question.call.region
        return f"arn:{partition}:ec2:{region}::{kind}/{identifier}"
    return question.arn("ec2", f"{kind}/{identifier}")


def _plain(question: Question) -> list[Need]:
    """Every resource that a parameter names and that AWS checks for this action."""
    operation = question.call.operation
    types = resource_types("ec2", operation)
    found = [
        _need(question, kind, identifier)
        for kind, parameters in _PARAMETERS.items()
        if kind in types and kind != _MAKES.get(operation)
        for parameter in parameters
        for identifier in question.texts(parameter)
    ]
    made = _MAKES.get(operation)
    if made:
        tags = _tags_for(question, made)
        found.append(_need(question, made, "*", context=request_tags(tags)))
    if found:
        return found
    return [Need(action=f"ec2:{operation}", resource=_unnamed(question, types))]


def _unnamed(question: Question, types: dict[str, bool]) -> str:
    """A call that could name a resource and does not is about any of its type."""
    required = [kind for kind, is_required in types.items() if is_required]
    return _arn(question, required[0], "*") if len(required) == 1 else NO_RESOURCE


def _run_instances(question: Question) -> list[Need]:
    """The new instance, its interface and disks, and all that it is made from."""
    interfaces = question.items("NetworkInterfaces")
    groups = question.texts("SecurityGroupIds") + _nested(interfaces, "Groups")
    default = question.lookup.default_group(question.call.region)
    subnets = question.texts("SubnetId") + _nested(interfaces, "SubnetId")
    touched = [("image", image) for image in question.texts("ImageId")]
    touched += [("security-group", group) for group in groups or filter(None, [default])]
    touched += [("subnet", subnet) for subnet in subnets]
    touched += [("key-pair", name) for name in question.texts("KeyName")]
    reused = _nested(interfaces, "NetworkInterfaceId")
    touched += [("network-interface", interface) for interface in reused or ["*"]]
    launch = _launch_context(question)
    found = [_need(question, kind, identifier, context=launch) for kind, identifier in touched]
    made = ["instance", "volume"]
    if _market(question) == "spot":
        made.append("spot-instances-request")
    for kind in made:
        context = {**launch, **request_tags(_tags_for(question, kind))}
        if kind == "volume":
            context |= _disk_context(question)
        found.append(_need(question, kind, "*", context=context))
    return found


def _launch_context(question: Question) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    parameters = question.call.parameters
    options = parameters.get("MetadataOptions") or {}
    for key, value in (
        ("ec2:instancetype", parameters.get("InstanceType")),
        ("ec2:instancemarkettype", _market(question)),
        ("ec2:metadatahttptokens", options.get("HttpTokens")),
        ("ec2:metadatahttpendpoint", options.get("HttpEndpoint")),
        ("ec2:metadatahttpputresponsehoplimit", options.get("HttpPutResponseHopLimit")),
    ):
        if value is not None:
            context[key] = (str(value),)
    return context


def _market(question: Question) -> str:
    options = question.call.parameters.get("InstanceMarketOptions") or {}
    return str(options.get("MarketType") or "on-demand")


def _disk_context(question: Question) -> dict[str, tuple[str, ...]]:
    """ec2:Encrypted of the disks, "false" where one of them is not asked to be."""
    disks = [m.get("Ebs") or {} for m in question.items("BlockDeviceMappings")]
    encrypted = bool(disks) and all(disk.get("Encrypted") for disk in disks)
    return {"ec2:encrypted": ("true" if encrypted else "false",)}


def _nested(items: Iterable[dict[str, Any]], name: str) -> list[str]:
    values: list[str] = []
    for item in items:
        value = item.get(name)
        values += [value] if isinstance(value, str) else [str(v) for v in value or []]
    return values


def _tagging(question: Question) -> list[Need]:
    tags = tag_list(question.call.parameters.get("Tags"))
    context = request_tags(tags)
    return [
        _need(question, _TYPE_OF_PREFIX.get(name.split("-")[0], "unknown"), name, context=context)
        for name in question.texts("Resources")
    ]


def _tags_for(question: Question, kind: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for specification in question.items("TagSpecifications"):
        if specification.get("ResourceType") == kind:
            tags |= tag_list(specification.get("Tags"))
    return tags


def _tags_on_creation(question: Question) -> list[Need]:
    action = {"ec2:createaction": (question.call.operation,)}
    return [
        Need(
            action="ec2:CreateTags",
            resource=_arn(question, str(specification.get("ResourceType")), "*"),
            context={**action, **request_tags(tag_list(specification.get("Tags")))},
        )
        for specification in question.items("TagSpecifications")
    ]


def _passed_roles(question: Question) -> list[Need]:
    """Giving an instance a profile passes the profile's role to EC2."""
    profile = question.call.parameters.get("IamInstanceProfile")
    name = (profile.get("Arn") or profile.get("Name")) if isinstance(profile, dict) else None
    if not name or question.call.is_read:
        return []
    role_arn = question.lookup.profile_role_arn(str(name))
    return [pass_role(role_arn or NO_RESOURCE, "ec2.amazonaws.com")]
