"""EC2: the operations that spawn calls, and what the answers mean.

Shapes follow the Amazon EC2 API Reference; only the members that spawn looks at are named.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from spawn.aws.ec2_accelerators import GpuInfo, InferenceAcceleratorInfo, NeuronInfo
from spawn.aws.ec2_launching import RUNNING, tags_at_birth
from spawn.aws.operation import TAGGED, TAGGING, Answer, Permission, read, write
from spawn.aws.shapes import Shape, Tagged, many

_INSTANCE = "arn:{partition}:ec2:{region}:{account}:instance/*"
_GROUP = "arn:{partition}:ec2:{region}:{account}:security-group/*"
_KEY = "arn:{partition}:ec2:{region}:{account}:key-pair/*"
_VPC = "arn:{partition}:ec2:{region}:{account}:vpc/*"

DESCRIBE_IMAGES = read("ec2", "DescribeImages")
DESCRIBE_INSTANCES = read("ec2", "DescribeInstances")
DESCRIBE_INSTANCE_TYPES = read("ec2", "DescribeInstanceTypes")
DESCRIBE_INSTANCE_TYPE_OFFERINGS = read("ec2", "DescribeInstanceTypeOfferings")
DESCRIBE_KEY_PAIRS = read("ec2", "DescribeKeyPairs")
DESCRIBE_REGIONS = read("ec2", "DescribeRegions")
DESCRIBE_ROUTE_TABLES = read("ec2", "DescribeRouteTables")
DESCRIBE_SECURITY_GROUPS = read("ec2", "DescribeSecurityGroups")
DESCRIBE_NETWORK_INTERFACES = read("ec2", "DescribeNetworkInterfaces")
DESCRIBE_PREFIX_LISTS = read("ec2", "DescribeManagedPrefixLists")
DESCRIBE_SUBNETS = read("ec2", "DescribeSubnets")
DESCRIBE_VOLUMES = read("ec2", "DescribeVolumes")
DESCRIBE_VPCS = read("ec2", "DescribeVpcs")
GET_EBS_ENCRYPTION_BY_DEFAULT = read("ec2", "GetEbsEncryptionByDefault")
GET_EBS_DEFAULT_KMS_KEY_ID = read("ec2", "GetEbsDefaultKmsKeyId")
GET_CONSOLE_OUTPUT = read(
    "ec2", "GetConsoleOutput", Permission("ec2:GetConsoleOutput", _INSTANCE, TAGGED)
)
DESCRIBE_INSTANCE_ATTRIBUTE = read(
    "ec2",
    "DescribeInstanceAttribute",
    Permission("ec2:DescribeInstanceAttribute", _INSTANCE, TAGGED),
)

RUN_INSTANCES = write("ec2", "RunInstances", *RUNNING)
TERMINATE_INSTANCES = write(
    "ec2", "TerminateInstances", Permission("ec2:TerminateInstances", _INSTANCE, TAGGED)
)
CREATE_SECURITY_GROUP = write(
    "ec2",
    "CreateSecurityGroup",
    Permission("ec2:CreateSecurityGroup", _GROUP, TAGGING),
    Permission("ec2:CreateSecurityGroup", _VPC),
    *tags_at_birth("CreateSecurityGroup", _GROUP),
)
AUTHORIZE_INGRESS = write(
    "ec2",
    "AuthorizeSecurityGroupIngress",
    Permission("ec2:AuthorizeSecurityGroupIngress", _GROUP, TAGGED),
)
AUTHORIZE_EGRESS = write(
    "ec2",
    "AuthorizeSecurityGroupEgress",
    Permission("ec2:AuthorizeSecurityGroupEgress", _GROUP, TAGGED),
)
REVOKE_EGRESS = write(
    "ec2",
    "RevokeSecurityGroupEgress",
    Permission("ec2:RevokeSecurityGroupEgress", _GROUP, TAGGED),
)
DELETE_SECURITY_GROUP = write(
    "ec2", "DeleteSecurityGroup", Permission("ec2:DeleteSecurityGroup", _GROUP, TAGGED)
)
IMPORT_KEY_PAIR = write(
    "ec2",
    "ImportKeyPair",
    Permission("ec2:ImportKeyPair", _KEY, TAGGING),
    *tags_at_birth("ImportKeyPair", _KEY),
)
DELETE_KEY_PAIR = write("ec2", "DeleteKeyPair", Permission("ec2:DeleteKeyPair", _KEY, TAGGED))

OPERATIONS = (
    DESCRIBE_IMAGES,
    DESCRIBE_INSTANCES,
    DESCRIBE_INSTANCE_TYPES,
    DESCRIBE_INSTANCE_TYPE_OFFERINGS,
    DESCRIBE_KEY_PAIRS,
    DESCRIBE_REGIONS,
    DESCRIBE_ROUTE_TABLES,
    DESCRIBE_SECURITY_GROUPS,
    DESCRIBE_NETWORK_INTERFACES,
    DESCRIBE_PREFIX_LISTS,
    DESCRIBE_SUBNETS,
    DESCRIBE_VOLUMES,
    DESCRIBE_VPCS,
    GET_EBS_ENCRYPTION_BY_DEFAULT,
    GET_EBS_DEFAULT_KMS_KEY_ID,
    GET_CONSOLE_OUTPUT,
    DESCRIBE_INSTANCE_ATTRIBUTE,
    RUN_INSTANCES,
    TERMINATE_INSTANCES,
    CREATE_SECURITY_GROUP,
    AUTHORIZE_INGRESS,
    AUTHORIZE_EGRESS,
    REVOKE_EGRESS,
    DELETE_SECURITY_GROUP,
    IMPORT_KEY_PAIR,
    DELETE_KEY_PAIR,
)


class VpcIpv6Association(Shape, frozen=True, kw_only=True):
    """An IPv6 block of a VPC."""

    ipv6_cidr_block: str = ""


class Vpc(Tagged, frozen=True, kw_only=True):
    """A VPC."""

    vpc_id: str
    cidr_block: str
    is_default: bool = False
    ipv6_cidr_block_association_set: tuple[VpcIpv6Association, ...] = ()

    @property
    def has_ipv6(self) -> bool:
        """Whether an instance in it can have an IPv6 address."""
        return bool(self.ipv6_cidr_block_association_set)


class Subnet(Tagged, frozen=True, kw_only=True):
    """A subnet. One for IPv6 only has no `cidr_block`; one on an Outpost has its ARN."""

    subnet_id: str
    vpc_id: str
    availability_zone: str
    cidr_block: str = ""
    outpost_arn: str = ""
    available_ip_address_count: int
    map_public_ip_on_launch: bool = False
    default_for_az: bool = False
    ipv6_native: bool = False


class Route(Shape, frozen=True, kw_only=True):
    """One route; exactly one target is set. `state` is "active" or "blackhole"."""

    destination_cidr_block: str = ""
    destination_ipv6_cidr_block: str = ""
    destination_prefix_list_id: str = ""
    gateway_id: str = ""
    nat_gateway_id: str = ""
    egress_only_internet_gateway_id: str = ""
    transit_gateway_id: str = ""
    network_interface_id: str = ""
    vpc_peering_connection_id: str = ""
    local_gateway_id: str = ""
    carrier_gateway_id: str = ""
    core_network_arn: str = ""
    state: str = "active"


class RouteTableAssociation(Shape, frozen=True, kw_only=True):
    """What a route table serves: a subnet, or, as the main one, all subnets without their own."""

    main: bool = False
    subnet_id: str = ""


class RouteTable(Shape, frozen=True, kw_only=True):
    """A route table."""

    route_table_id: str
    vpc_id: str
    routes: tuple[Route, ...] = ()
    associations: tuple[RouteTableAssociation, ...] = ()


class IpRange(Shape, frozen=True, kw_only=True):
    """An IPv4 block of a rule."""

    cidr_ip: str
    description: str = ""


class Ipv6Range(Shape, frozen=True, kw_only=True):
    """An IPv6 block of a rule."""

    cidr_ipv6: str = msgspec.field(name="CidrIpv6")
    description: str = ""


class PrefixListReference(Shape, frozen=True, kw_only=True):
    """A prefix list as a rule's peer."""

    prefix_list_id: str
    description: str = ""


class GroupPair(Shape, frozen=True, kw_only=True):
    """A security group as a rule's peer."""

    group_id: str = ""
    user_id: str = ""
    description: str = ""


class IpPermission(Shape, frozen=True, kw_only=True):
    """One permission. No ports with protocol "-1" means all of them."""

    ip_protocol: str
    from_port: int | None = None
    to_port: int | None = None
    ip_ranges: tuple[IpRange, ...] = ()
    ipv6_ranges: tuple[Ipv6Range, ...] = msgspec.field(name="Ipv6Ranges", default=())
    prefix_list_ids: tuple[PrefixListReference, ...] = ()
    user_id_group_pairs: tuple[GroupPair, ...] = ()


class SecurityGroup(Tagged, frozen=True, kw_only=True):
    """A security group with its rules."""

    group_id: str
    group_name: str
    vpc_id: str = ""
    owner_id: str = ""
    ip_permissions: tuple[IpPermission, ...] = ()
    ip_permissions_egress: tuple[IpPermission, ...] = ()


class ProcessorInfo(Shape, frozen=True, kw_only=True):
    """The processor of an instance type."""

    supported_architectures: tuple[str, ...] = ()


class VcpuInfo(Shape, frozen=True, kw_only=True):
    """The virtual processors of an instance type."""

    default_vcpus: int = msgspec.field(name="DefaultVCpus", default=0)


class MemoryInfo(Shape, frozen=True, kw_only=True):
    """The memory of an instance type, in MiB."""

    size_in_mib: int = msgspec.field(name="SizeInMiB", default=0)


class InstanceType(Shape, frozen=True, kw_only=True):
    """What a type is made of."""

    instance_type: str
    processor_info: ProcessorInfo = ProcessorInfo()
    v_cpu_info: VcpuInfo = msgspec.field(name="VCpuInfo", default=VcpuInfo())
    memory_info: MemoryInfo = MemoryInfo()
    gpu_info: GpuInfo = GpuInfo()
    inference_accelerator_info: InferenceAcceleratorInfo = InferenceAcceleratorInfo()
    neuron_info: NeuronInfo = NeuronInfo()
    hypervisor: str = ""
    hibernation_supported: bool = False


class Offering(Shape, frozen=True, kw_only=True):
    """A type in a zone."""

    instance_type: str
    location: str


class KeyPair(Tagged, frozen=True, kw_only=True):
    """A key pair."""

    key_name: str
    key_pair_id: str = ""
    key_fingerprint: str = ""
    key_type: str = ""
    public_key: str = ""
    create_time: datetime | None = None


class ManagedPrefixList(Shape, frozen=True, kw_only=True):
    """A prefix list. AWS's own ones have the owner "AWS"."""

    prefix_list_id: str
    prefix_list_name: str = ""
    owner_id: str = ""
    address_family: str = ""


class InstanceState(Shape, frozen=True, kw_only=True):
    """pending, running, stopping, stopped, shutting-down, terminated."""

    name: str


class StateReason(Shape, frozen=True, kw_only=True):
    """Why an instance is in its state, in AWS's words."""

    code: str = ""
    message: str = ""


class Placement(Shape, frozen=True, kw_only=True):
    """Where an instance is."""

    availability_zone: str = ""


class InstanceProfileReference(Shape, frozen=True, kw_only=True):
    """The profile of an instance."""

    arn: str
    id: str = ""


class InstanceMetadata(Shape, frozen=True, kw_only=True):
    """The metadata options of an instance."""

    state: str = ""
    http_tokens: str = ""
    http_put_response_hop_limit: int = 1
    http_endpoint: str = ""
    instance_metadata_tags: str = "disabled"


class HibernationOptions(Shape, frozen=True, kw_only=True):
    """Whether an instance was launched so that it can hibernate."""

    configured: bool = False


class EbsAttachment(Shape, frozen=True, kw_only=True):
    """An attached volume."""

    volume_id: str
    delete_on_termination: bool = False
    status: str = ""


class InstanceMapping(Shape, frozen=True, kw_only=True):
    """A block device of an instance."""

    device_name: str
    ebs: EbsAttachment | None = None


class GroupIdentifier(Shape, frozen=True, kw_only=True):
    """A security group that an interface is in."""

    group_id: str
    group_name: str = ""


class InterfaceAssociation(Shape, frozen=True, kw_only=True):
    """The public address of an interface."""

    public_ip: str = ""


class InstanceInterface(Shape, frozen=True, kw_only=True):
    """A network interface of an instance."""

    network_interface_id: str
    subnet_id: str = ""
    vpc_id: str = ""
    private_ip_address: str = ""
    association: InterfaceAssociation | None = None
    groups: tuple[GroupIdentifier, ...] = ()


class CpuOptions(Shape, frozen=True, kw_only=True):
    """The processor of an instance."""

    core_count: int = 0
    threads_per_core: int = 0

    @property
    def vcpus(self) -> int:
        """How many virtual processors it has, 0 where AWS does not say."""
        return self.core_count * self.threads_per_core


class Instance(Tagged, frozen=True, kw_only=True):
    """An instance, as DescribeInstances shows it."""

    instance_id: str
    image_id: str = ""
    instance_type: str = ""
    architecture: str = ""
    launch_time: datetime
    state: InstanceState
    state_reason: StateReason | None = None
    state_transition_reason: str = ""
    placement: Placement = Placement()
    key_name: str = ""
    private_ip_address: str = ""
    public_ip_address: str = ""
    subnet_id: str = ""
    vpc_id: str = ""
    client_token: str = ""
    instance_lifecycle: str = ""
    ami_launch_index: int = 0
    root_device_name: str = ""
    cpu_options: CpuOptions = CpuOptions()
    iam_instance_profile: InstanceProfileReference | None = None
    metadata_options: InstanceMetadata | None = None
    hibernation_options: HibernationOptions = HibernationOptions()
    block_device_mappings: tuple[InstanceMapping, ...] = ()
    security_groups: tuple[GroupIdentifier, ...] = ()
    network_interfaces: tuple[InstanceInterface, ...] = ()


class VolumeAttachment(Shape, frozen=True, kw_only=True):
    """Where a volume is attached."""

    instance_id: str = ""
    device: str = ""
    delete_on_termination: bool = False


class Volume(Tagged, frozen=True, kw_only=True):
    """A volume."""

    volume_id: str
    size: int
    volume_type: str = ""
    encrypted: bool = False
    kms_key_id: str = ""
    attachments: tuple[VolumeAttachment, ...] = ()


def vpcs(answer: Answer) -> tuple[Vpc, ...]:
    """Understand DescribeVpcs."""
    return many(answer, "Vpcs", Vpc)


def subnets(answer: Answer) -> tuple[Subnet, ...]:
    """Understand DescribeSubnets."""
    return many(answer, "Subnets", Subnet)


def route_tables(answer: Answer) -> tuple[RouteTable, ...]:
    """Understand DescribeRouteTables."""
    return many(answer, "RouteTables", RouteTable)


def security_groups(answer: Answer) -> tuple[SecurityGroup, ...]:
    """Understand DescribeSecurityGroups."""
    return many(answer, "SecurityGroups", SecurityGroup)


def instance_types(answer: Answer) -> tuple[InstanceType, ...]:
    """Understand DescribeInstanceTypes."""
    return many(answer, "InstanceTypes", InstanceType)


def offerings(answer: Answer) -> tuple[Offering, ...]:
    """Understand DescribeInstanceTypeOfferings."""
    return many(answer, "InstanceTypeOfferings", Offering)


def key_pairs(answer: Answer) -> tuple[KeyPair, ...]:
    """Understand DescribeKeyPairs."""
    return many(answer, "KeyPairs", KeyPair)


def prefix_lists(answer: Answer) -> tuple[ManagedPrefixList, ...]:
    """Understand DescribeManagedPrefixLists."""
    return many(answer, "PrefixLists", ManagedPrefixList)


def volumes(answer: Answer) -> tuple[Volume, ...]:
    """Understand DescribeVolumes."""
    return many(answer, "Volumes", Volume)


def instances(answer: Answer) -> tuple[Instance, ...]:
    """Understand DescribeInstances, whose instances lie in reservations."""
    reservations: Any = answer.get("Reservations") or ()
    return tuple(
        instance
        for reservation in reservations
        for instance in many(reservation, "Instances", Instance)
    )


def region_names(answer: Answer) -> tuple[str, ...]:
    """Understand DescribeRegions: the names of the enabled ones, sorted."""
    return tuple(sorted(region["RegionName"] for region in answer["Regions"]))


def region_statuses(answer: Answer) -> dict[str, str]:
    """Understand DescribeRegions with AllRegions: "not-opted-in" is one that is not enabled."""
    return {region["RegionName"]: region.get("OptInStatus", "") for region in answer["Regions"]}
