"""EC2: what only a close look at one instance asks for.

Its attributes and interfaces, and the blocks behind the prefix lists of its rules. Shapes follow
the Amazon EC2 API Reference.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from spawn.aws.ec2 import (
    DESCRIBE_INSTANCE_ATTRIBUTE,
    DESCRIBE_INSTANCES,
    DESCRIBE_NETWORK_INTERFACES,
    GroupIdentifier,
    Instance,
    InterfaceAssociation,
    instances,
)
from spawn.aws.operation import TAGGED, Answer, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

# On "*", since the lists of AWS's own services belong to the account "aws".
GET_PREFIX_LIST_ENTRIES = read("ec2", "GetManagedPrefixListEntries")
# The Service Authorization Reference has the instance and the subnet besides; a call that changes
# nothing but the groups names neither.
MODIFY_NETWORK_INTERFACE = write(
    "ec2",
    "ModifyNetworkInterfaceAttribute",
    Permission(
        "ec2:ModifyNetworkInterfaceAttribute",
        "arn:{partition}:ec2:{region}:{account}:network-interface/*",
        TAGGED,
    ),
    Permission(
        "ec2:ModifyNetworkInterfaceAttribute",
        "arn:{partition}:ec2:{region}:{account}:security-group/*",
    ),
)

OPERATIONS = (GET_PREFIX_LIST_ENTRIES, MODIFY_NETWORK_INTERFACE)


class Ipv6Address(Shape, frozen=True, kw_only=True):
    """An IPv6 address of an interface."""

    ipv6_address: str


class InterfaceAttachment(Shape, frozen=True, kw_only=True):
    """Where an interface is attached. The primary interface of an instance has index 0."""

    device_index: int = 0


class NetworkInterface(Shape, frozen=True, kw_only=True):
    """A network interface. `association` is there where it has a public IPv4 address."""

    network_interface_id: str
    subnet_id: str = ""
    vpc_id: str = ""
    association: InterfaceAssociation | None = None
    ipv6_addresses: tuple[Ipv6Address, ...] = ()
    groups: tuple[GroupIdentifier, ...] = ()
    attachment: InterfaceAttachment | None = None


class PrefixListEntry(Shape, frozen=True, kw_only=True):
    """A block of a prefix list."""

    cidr: str


def network_interfaces(answer: Answer) -> tuple[NetworkInterface, ...]:
    """Understand DescribeNetworkInterfaces."""
    return many(answer, "NetworkInterfaces", NetworkInterface)


def prefix_list_cidrs(answer: Answer) -> tuple[str, ...]:
    """Understand GetManagedPrefixListEntries."""
    return tuple(entry.cidr for entry in many(answer, "Entries", PrefixListEntry))


def shutdown_behavior(answer: Answer) -> str:
    """Understand DescribeInstanceAttribute of instanceInitiatedShutdownBehavior."""
    return str(answer["InstanceInitiatedShutdownBehavior"]["Value"])


def user_data(answer: Answer) -> bytes:
    """Understand DescribeInstanceAttribute of userData: the bytes, empty where there is none."""
    text = (answer.get("UserData") or {}).get("Value") or ""
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error:
        return str(text).encode()


def network_interfaces_question(
    instance_id: str, region: str
) -> Question[tuple[NetworkInterface, ...]]:
    """Ask for all interfaces of an instance."""
    filters = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
    return Question(
        operation=DESCRIBE_NETWORK_INTERFACES,
        parameters={"Filters": filters},
        region=region,
        understand=network_interfaces,
    )


def prefix_list_question(prefix_list_id: str, region: str) -> Question[tuple[str, ...]]:
    """Ask for the blocks of a prefix list."""
    return Question(
        operation=GET_PREFIX_LIST_ENTRIES,
        parameters={"PrefixListId": prefix_list_id},
        region=region,
        understand=prefix_list_cidrs,
        absent_codes=("InvalidPrefixListID.NotFound", "InvalidPrefixListId.NotFound"),
    )


def shutdown_behavior_question(instance_id: str, region: str) -> Question[str]:
    """Ask what powering off means: "terminate" or "stop"."""
    return Question(
        operation=DESCRIBE_INSTANCE_ATTRIBUTE,
        parameters={
            "InstanceId": instance_id,
            "Attribute": "instanceInitiatedShutdownBehavior",
        },
        region=region,
        understand=shutdown_behavior,
    )


def user_data_question(instance_id: str, region: str) -> Question[bytes]:
    """Ask for user-data, decoded from base64 and nothing more."""
    return Question(
        operation=DESCRIBE_INSTANCE_ATTRIBUTE,
        parameters={"InstanceId": instance_id, "Attribute": "userData"},
        region=region,
        understand=user_data,
    )


def instance_question(instance_id: str, *, region: str) -> Question[tuple[Instance, ...]]:
    """Ask for one instance."""
    return instances_question((instance_id,), region=region)


def instances_question(ids: Sequence[str], *, region: str) -> Question[tuple[Instance, ...]]:
    """Ask for some instances; one that is not known hides the others."""
    return Question(
        operation=DESCRIBE_INSTANCES,
        parameters={"InstanceIds": list(ids)},
        region=region,
        understand=instances,
        absent_codes=("InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"),
    )


def running_with_question(profile_arns: Sequence[str], *, region: str) -> Question[tuple[str, ...]]:
    """Ask for the ids of the instances that run with one of these instance profiles."""
    return Question(
        operation=DESCRIBE_INSTANCES,
        parameters={
            "Filters": [
                {"Name": "iam-instance-profile.arn", "Values": list(profile_arns)},
                {"Name": "instance-state-name", "Values": ["running"]},
            ]
        },
        region=region,
        understand=lambda answer: tuple(one.instance_id for one in instances(answer)),
    )
