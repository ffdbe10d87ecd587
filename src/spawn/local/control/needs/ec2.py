"""EC2: which resources a call touches, with their tags; what is being made has the id "*".

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spawn.local.control.needs.iam import pass_role
from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    action_keys,
    request_tags,
    resource_types,
    tag_list,
)

Keys = Mapping[str, tuple[str, ...]]

# Resource type -> the parameters that name resources of that type.
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "elastic-ip": ("AllocationId",),
    "image": ("ImageId",),
    "instance": (
        *("InstanceIds", "InstanceId", "InstanceSpecification.InstanceId", "AssociationId"),
        "Attachment.InstanceId",
    ),
    "instance-connect-endpoint": ("InstanceConnectEndpointId",),
    "internet-gateway": ("InternetGatewayId",),
    "key-pair": ("KeyName", "KeyPairId"),
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
    context: Keys | None = None,
) -> Need:
    """One need of the call, with the keys that AWS's reference names for this type of resource.

    A condition on another key fails there, as on AWS: ec2:InstanceType is no key of an image.
    """
    operation, region = question.call.operation, question.call.region
    keys: dict[str, tuple[str, ...]] = {"ec2:region": (region,), **(context or {})}
    if identifier != "*":
        keys |= {k: (v,) for k, v in question.lookup.ec2_keys(identifier, region).items()}
        for key, value in question.lookup.tags(identifier, region).items():
            keys[f"ec2:resourcetag/{key.lower()}"] = (value,)
            keys[f"aws:resourcetag/{key.lower()}"] = (value,)
    known = action_keys("ec2", operation, kind) | {"ec2:region"}
    return Need(
        action=f"ec2:{operation}",
        resource=_arn(question, kind, identifier),
        context={key: value for key, value in keys.items() if _stem(key) in known},
    )


def _stem(key: str) -> str:
    """A key without its variable part: "aws:requesttag/owner" is one of "aws:requesttag/"."""
    stem, slash, _ = key.partition("/")
    return stem + slash


def _arn(question: Question, kind: str, identifier: str) -> str:
    if kind in _WITHOUT_ACCOUNT:
        partition, region = question.lookup.partition, question.call.region
        return f"arn:{partition}:ec2:{region}::{kind}/{identifier}"
    return question.arn("ec2", f"{kind}/{identifier}")


def _plain(question: Question) -> list[Need]:
    """Every resource that a parameter names and that AWS checks for this action.

    What the action needs and no parameter names is made by it, or could be any: "*" is its id.
    """
    operation = question.call.operation
    types = resource_types("ec2", operation)
    context = _attributes(question)
    named = [
        (kind, identifier)
        for kind, parameters in _PARAMETERS.items()
        if kind in types and kind != _MAKES.get(operation)
        for parameter in parameters
        for identifier in _identifiers(question, parameter)
    ]
    found = [_need(question, kind, name, context=context) for kind, name in named]
    made = _MAKES.get(operation)
    lacking = {kind for kind, is_required in types.items() if is_required}
    lacking -= {kind for kind, _ in named}
    for kind in sorted(lacking | ({made} if made else set())):
        tags = request_tags(_tags_for(question, kind))
        found.append(_need(question, kind, "*", context={**context, **tags}))
    return found or [Need(action=f"ec2:{operation}", resource=NO_RESOURCE)]


def _identifiers(question: Question, parameter: str) -> list[str]:
    """A parameter's ids; of an association, the instance's; within a specification too.

    The ARN of a key pair ends in its name, whichever of the two a call says.
    """
    if parameter == "KeyPairId":
        identifier = question.text(parameter) or ""
        pair = question.lookup.ec2_keys(identifier, question.call.region)
        return [pair.get("ec2:keypairname", identifier)] if identifier else []
    if parameter == "AssociationId":
        identifier = question.text(parameter) or ""
        instance = question.lookup.ec2_keys(identifier, question.call.region)
        return [instance["ec2:instanceid"]] if "ec2:instanceid" in instance else []
    outer, dot, inner = parameter.partition(".")
    if dot:
        specification = question.call.parameters.get(outer)
        value = specification.get(inner) if isinstance(specification, dict) else None
        return [value] if isinstance(value, str) else []
    return question.texts(parameter)


_IDENTIFYING = frozenset({"DryRun", "GroupId", "InstanceId", "VolumeId", "Attribute"})


def _attributes(question: Question) -> Keys:
    """ec2:Attribute and ec2:Attribute/...: what ModifyInstanceAttribute and its like change."""
    if not question.call.operation.startswith("Modify"):
        return {}
    parameters = question.call.parameters
    changed = {name: value for name, value in parameters.items() if name not in _IDENTIFYING}
    if "Attribute" in parameters:  # the older form: a name and a value
        name = str(parameters["Attribute"])
        changed = {name[:1].upper() + name[1:]: parameters.get("Value")}
    keys: dict[str, tuple[str, ...]] = {}
    for name, value in changed.items():
        plain = value.get("Value") if isinstance(value, dict) else value
        if isinstance(plain, str | int | bool):
            text = str(plain).lower() if isinstance(plain, bool) else str(plain)
            keys[f"ec2:attribute/{name.lower()}"] = (text,)
    return {**keys, "ec2:attribute": tuple(changed)} if changed else {}


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


def _launch_context(question: Question) -> Keys:
    """What a launch asks for, as condition keys. Each reaches the resources that know it."""
    parameters = question.call.parameters
    options = parameters.get("MetadataOptions") or {}
    placement = parameters.get("Placement") or {}
    profile = parameters.get("IamInstanceProfile") or {}
    named = profile.get("Arn") or profile.get("Name")
    interfaces = question.items("NetworkInterfaces")
    public = [i.get("AssociatePublicIpAddress") for i in interfaces]
    subnets = question.texts("SubnetId") + _nested(interfaces, "SubnetId")
    of_subnet = question.lookup.ec2_keys(subnets[0], question.call.region) if subnets else {}
    zone = placement.get("AvailabilityZone") or of_subnet.get("ec2:availabilityzone")
    found = {
        "ec2:associatepublicipaddress": _flag(public[0])
        if any(p is not None for p in public)
        else None,
        "ec2:availabilityzone": zone,
        "ec2:ebsoptimized": _flag(parameters.get("EbsOptimized") or False),
        "ec2:instancemarkettype": _market(question),
        "ec2:instancemetadatatags": options.get("InstanceMetadataTags"),
        "ec2:instanceprofile": question.lookup.iam_arn("instance-profile", str(named))
        if named
        else None,
        "ec2:instancetype": parameters.get("InstanceType"),
        "ec2:islaunchtemplateresource": "false",
        "ec2:metadatahttpendpoint": options.get("HttpEndpoint"),
        "ec2:metadatahttpputresponsehoplimit": options.get("HttpPutResponseHopLimit"),
        "ec2:metadatahttptokens": options.get("HttpTokens"),
        "ec2:rootdevicetype": "ebs",
        "ec2:subnet": of_subnet.get("ec2:subnet"),
        "ec2:tenancy": placement.get("Tenancy") or "default",
        "ec2:vpc": of_subnet.get("ec2:vpc"),
    }
    return {key: (str(value),) for key, value in found.items() if value is not None}


def _flag(value: object) -> str:
    return "true" if value else "false"


def _market(question: Question) -> str:
    options = question.call.parameters.get("InstanceMarketOptions") or {}
    return str(options.get("MarketType") or "on-demand")


def _disk_context(question: Question) -> Keys:
    """Of the disks asked for; ec2:Encrypted is "false" where one of them is not asked to be."""
    disks = [m.get("Ebs") or {} for m in question.items("BlockDeviceMappings")]
    encrypted = bool(disks) and all(disk.get("Encrypted") for disk in disks)
    keys: dict[str, tuple[str, ...]] = {"ec2:encrypted": (_flag(encrypted),)}
    for member, key in (("VolumeSize", "ec2:volumesize"), ("VolumeType", "ec2:volumetype")):
        values = {str(disk[member]) for disk in disks if disk.get(member) is not None}
        if len(values) == 1:
            keys[key] = (values.pop(),)
    return keys


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
    region = question.call.region
    action = {"ec2:createaction": (question.call.operation,), "ec2:region": (region,)}
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
    instance_id = question.text("InstanceId") or "*"
    box = _arn(question, "instance", instance_id)
    return [pass_role(role_arn or NO_RESOURCE, "ec2.amazonaws.com", on=box)]
