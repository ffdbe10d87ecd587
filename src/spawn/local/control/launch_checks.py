"""What EC2 refuses about a RunInstances, before anything is made.

Each check is one function that raises AwsError with EC2's own code; sources are the API's pages.
"""

from __future__ import annotations

import base64
import binascii
import functools
import ipaddress
import re
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

from spawn.local.control import account
from spawn.local.control.lookups import find_profile
from spawn.local.control.messages import AwsError
from spawn.local.control.needs.model import tag_list

DEFAULT_TYPE = "m1.small"  # of RunInstances, API reference
MAX_USER_DATA_BYTES = 16384  # before base64
# Keys that metadata can carry: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html
METADATA_TAG_KEY = re.compile(r"[A-Za-z0-9+\-=.,_:@]+")
RESERVED_TAG_KEYS = frozenset({".", "..", "_index"})

Parameters = dict[str, Any]


def check_launch(parameters: Parameters, region: str) -> None:
    """All the checks, in EC2's order as far as it is known. Raises AwsError."""
    for check in (_image, _counts, _groups_and_interfaces, _key_pair, _network, _type, _groups):
        check(parameters, region)
    for check in (_address, _user_data, _tags, _metadata, _profile, _disks):
        check(parameters, region)


def _image(parameters: Parameters, region: str) -> None:
    image_id = parameters.get("ImageId")
    if not image_id:
        raise AwsError("MissingParameter", "The request must contain the parameter ImageId")
    if not re.fullmatch(r"ami-[0-9a-f]{8,17}", image_id):
        raise AwsError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}"')
    if image_id not in account.ec2(region).amis:
        raise AwsError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")


def _type(parameters: Parameters, region: str) -> None:
    """The type has to exist, be offered in the zone, and fit the image's architecture."""
    name = parameters.get("InstanceType") or DEFAULT_TYPE
    backend = account.ec2(region)
    known = backend.describe_instance_types([name]) if name in offered_types(region) else []
    if not known:
        raise AwsError(
            "InvalidParameterValue",
            f"Invalid value '{name}' for InstanceType.",
        )
    zone = zone_of(parameters, region)
    if zone and name not in offered_types(region, zone):
        raise AwsError(
            "Unsupported",
            f"Your requested instance type ({name}) is not supported in your requested "
            f"Availability Zone ({zone}). Please retry your request by not specifying an "
            f"Availability Zone or choosing {other_zones(name, region, zone)}.",
        )
    architecture = backend.amis[parameters["ImageId"]].architecture
    supported = known[0].get("ProcessorInfo", {}).get("SupportedArchitectures", [architecture])
    if architecture not in supported:
        raise AwsError(
            "InvalidParameterValue",
            f"The architecture '{','.join(supported)}' of the specified instance type does not "
            f"match the architecture '{architecture}' of the specified AMI.",
        )


@functools.cache
def offered_types(region: str, zone: str | None = None) -> frozenset[str]:
    """The instance types that a region offers, or one of its zones."""
    kind = "availability-zone" if zone else "region"
    offers = INSTANCE_TYPE_OFFERINGS[kind].get(region, [])
    return frozenset(
        str(o["InstanceType"]) for o in offers if zone is None or o["Location"] == zone
    )


def other_zones(instance_type: str, region: str, zone: str) -> str:
    """The other zones that offer a type, as EC2 lists them in its refusals."""
    offers = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    offering = {str(o["Location"]) for o in offers if o["InstanceType"] == instance_type}
    return ", ".join(sorted(offering - {zone}))


def zone_of(parameters: Parameters, region: str) -> str | None:
    """The zone that a launch asks for, by its subnet or in so many words."""
    subnet_ids = [parameters.get("SubnetId"), *interface_values(parameters, "SubnetId")]
    for subnet_id in filter(None, subnet_ids):
        subnet = find_subnet(subnet_id, region)
        if subnet is not None:
            return str(subnet.availability_zone)
    zone = (parameters.get("Placement") or {}).get("AvailabilityZone")
    return str(zone) if zone else None


def interface_values(parameters: Parameters, name: str) -> list[Any]:
    """A member of all NetworkInterfaces of a launch, where given."""
    interfaces = parameters.get("NetworkInterfaces") or []
    return [interface[name] for interface in interfaces if interface.get(name) is not None]


def find_subnet(subnet_id: str, region: str) -> Any | None:
    """The subnet of an id; None where there is none."""
    for by_zone in account.ec2(region).subnets.values():
        if subnet_id in by_zone:
            return by_zone[subnet_id]
    return None


def _counts(parameters: Parameters, region: str) -> None:
    del region
    least, most = int(parameters.get("MinCount", 1)), int(parameters.get("MaxCount", 1))
    if not 1 <= least <= most:
        raise AwsError(
            "InvalidParameterValue", f"Value ({most}) for parameter maxCount is invalid."
        )
    if most > 1 and (parameters.get("PrivateIpAddress") or _fixed_interfaces(parameters)):
        raise AwsError(
            "InvalidParameterCombination",
            "A private address or an existing interface can be given to one instance only.",
        )


def _fixed_interfaces(parameters: Parameters) -> bool:
    return bool(
        interface_values(parameters, "NetworkInterfaceId")
        or interface_values(parameters, "PrivateIpAddress")
    )


def _groups_and_interfaces(parameters: Parameters, region: str) -> None:
    """With NetworkInterfaces, subnet, groups and address belong inside them."""
    del region
    if not parameters.get("NetworkInterfaces"):
        return
    for name, words in (
        ("SubnetId", "an instance-level subnet ID"),
        ("SecurityGroupIds", "instance-level security groups"),
        ("SecurityGroups", "instance-level security groups"),
        ("PrivateIpAddress", "an instance-level private IP address"),
    ):
        if parameters.get(name):
            raise AwsError(
                "InvalidParameterCombination",
                f"Network interfaces and {words} may not be specified on the same request",
            )


def _key_pair(parameters: Parameters, region: str) -> None:
    name = parameters.get("KeyName")
    if name and name not in account.ec2(region).key_pairs:
        raise AwsError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def _network(parameters: Parameters, region: str) -> None:
    asked = [parameters.get("SubnetId"), *interface_values(parameters, "SubnetId")]
    for subnet_id in filter(None, asked):
        if find_subnet(subnet_id, region) is None:
            raise AwsError(
                "InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist"
            )
    zone = (parameters.get("Placement") or {}).get("AvailabilityZone")
    zones = [z.name for z in account.ec2(region).describe_availability_zones()]
    if zone and zone not in zones:
        raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
    placed = any(asked) or interface_values(parameters, "NetworkInterfaceId")
    if not placed and account.ec2(region).get_default_vpc() is None:
        raise AwsError("VPCIdNotSpecified", "No default VPC for this user")


def _groups(parameters: Parameters, region: str) -> None:
    """Each group has to be there, and in the VPC of the subnet."""
    backend = account.ec2(region)
    subnet = launch_subnet(parameters, region)
    asked = [*(parameters.get("SecurityGroupIds") or [])]
    asked += [group for groups in interface_values(parameters, "Groups") for group in groups]
    for group_id in asked:
        group = backend.get_security_group_from_id(group_id)
        if group is None:
            raise AwsError(
                "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist"
            )
        if subnet is not None and group.vpc_id != subnet.vpc_id:
            raise AwsError(
                "InvalidParameter",
                f"Security group {group_id} and subnet {subnet.id} belong to different networks.",
            )
    for name in parameters.get("SecurityGroups") or []:
        if backend.get_security_group_from_name(name) is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")


def launch_subnet(parameters: Parameters, region: str) -> Any | None:
    """The subnet of the first interface: asked for, or the zone's default one."""
    asked = [parameters.get("SubnetId"), *interface_values(parameters, "SubnetId")]
    for subnet_id in filter(None, asked):
        return find_subnet(subnet_id, region)
    defaults = account.ec2(region).get_default_subnets()
    zone = (parameters.get("Placement") or {}).get("AvailabilityZone")
    offering = [z for z in sorted(defaults) if _offers(parameters, region, z)]
    return defaults.get(str(zone or next(iter(offering), "")))


def _offers(parameters: Parameters, region: str, zone: str) -> bool:
    return (parameters.get("InstanceType") or DEFAULT_TYPE) in offered_types(region, zone)


def _address(parameters: Parameters, region: str) -> None:
    asked = parameters.get("PrivateIpAddress") or next(
        iter(interface_values(parameters, "PrivateIpAddress")), None
    )
    subnet = launch_subnet(parameters, region)
    if not asked or subnet is None:
        return
    try:
        inside = ipaddress.ip_address(asked) in ipaddress.ip_network(subnet.cidr_block)
    except ValueError as error:
        raise AwsError("InvalidParameterValue", f"Invalid value '{asked}' for address") from error
    if not inside:
        raise AwsError(
            "InvalidParameterValue", "Address does not fall within the subnet's address range"
        )
    for _, backend in account.ec2_regions_in_use():
        if any(e.private_ip_address == asked for e in backend.enis.values()):
            raise AwsError("InvalidIPAddress.InUse", f"Address {asked} is in use.")


def _user_data(parameters: Parameters, region: str) -> None:
    del region
    encoded = parameters.get("UserData")
    if not encoded:
        return
    try:
        size = len(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError) as error:
        raise AwsError("InvalidParameterValue", "Invalid BASE64 encoding of user data.") from error
    if size > MAX_USER_DATA_BYTES:
        raise AwsError("InvalidParameterValue", "User data is limited to 16384 bytes")


def _tags(parameters: Parameters, region: str) -> None:
    """Reserved keys always; with metadata tags on, keys that a URL path can carry."""
    del region
    options = parameters.get("MetadataOptions") or {}
    in_metadata = options.get("InstanceMetadataTags") == "enabled"
    for specification in parameters.get("TagSpecifications") or []:
        tags = tag_list(specification.get("Tags"))
        for key in tags:
            if key.startswith("aws:"):
                raise AwsError(
                    "InvalidParameterValue",
                    f"Value ( {key} ) for parameter key is invalid. "
                    "Tag keys starting with 'aws:' are reserved for internal use",
                )
        if in_metadata and specification.get("ResourceType") == "instance":
            check_metadata_tag_keys(tags)


def check_metadata_tag_keys(keys: Any) -> None:
    """What a tag key must be on an instance that shows its tags in metadata. Raises AwsError."""
    for key in keys:
        if not METADATA_TAG_KEY.fullmatch(key) or key in RESERVED_TAG_KEYS:
            raise AwsError(
                "InvalidParameterValue",
                f"'{key}' is not a valid tag key. Tag keys must match pattern "
                "([0-9a-zA-Z\\\\-_+=,.@:]{1,255}), and must not be a reserved name ('.', '..', "
                "'_index')",
            )


_METADATA_VALUES = {
    "HttpTokens": {"optional", "required"},
    "HttpEndpoint": {"enabled", "disabled"},
    "HttpProtocolIpv6": {"enabled", "disabled"},
    "InstanceMetadataTags": {"enabled", "disabled"},
}


def _metadata(parameters: Parameters, region: str) -> None:
    del region
    check_metadata_options(parameters.get("MetadataOptions") or {})


def check_metadata_options(options: dict[str, Any]) -> None:
    """The values that metadata options may have. Raises AwsError."""
    for name, allowed in _METADATA_VALUES.items():
        if options.get(name) is not None and options[name] not in allowed:
            raise AwsError(
                "InvalidParameterValue", f"Value ({options[name]}) for parameter {name} is invalid."
            )
    limit = options.get("HttpPutResponseHopLimit")
    if limit is not None and not 1 <= int(limit) <= 64:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({limit}) for parameter HttpPutResponseHopLimit is invalid. "
            "Value must be between 1 and 64.",
        )


def _profile(parameters: Parameters, region: str) -> None:
    del region
    asked = parameters.get("IamInstanceProfile") or {}
    for member, word in (("Arn", "Arn"), ("Name", "name")):
        value = asked.get(member)
        if value and find_profile(value) is None:
            raise AwsError(
                "InvalidParameterValue",
                f"Value ({value}) for parameter iamInstanceProfile.{word} is invalid. "
                f"Invalid IAM Instance Profile {'ARN' if member == 'Arn' else 'name'}",
            )


def _disks(parameters: Parameters, region: str) -> None:
    image = account.ec2(region).amis[parameters["ImageId"]]
    smallest = image.block_device_mappings[0]["Ebs"]["VolumeSize"]
    for mapping in parameters.get("BlockDeviceMappings") or []:
        disk = mapping.get("Ebs") or {}
        is_root = mapping.get("DeviceName") == image.root_device_name
        size = disk.get("VolumeSize")
        if is_root and size is not None and int(size) < smallest:
            raise AwsError(
                "InvalidBlockDeviceMapping",
                f"Volume of size {size}GB is smaller than snapshot "
                f"'{image.ebs_snapshot.id}', expect size >= {smallest}GB",
            )
        if not is_root and disk and size is None and not disk.get("SnapshotId"):
            raise AwsError(
                "MissingParameter", "The request must contain the parameter size or snapshotId"
            )
        if disk.get("KmsKeyId") and not disk.get("Encrypted"):
            raise AwsError(
                "InvalidParameterDependency",
                "The parameter KmsKeyId requires the parameter Encrypted to be set.",
            )
