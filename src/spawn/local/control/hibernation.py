"""Hibernation: what a launch must have for it, and when an instance can be put to it.

Sources: EC2 user guide, "Prerequisites for Amazon EC2 instance hibernation"; EC2 API reference,
StopInstances and HibernationOptionsRequest. Memory is not kept here: what was hibernated boots.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from spawn.local.control import account
from spawn.local.control.disks import planned_disks
from spawn.local.control.launch_checks import DEFAULT_TYPE, Parameters
from spawn.local.control.messages import AwsError
from spawn.local.control.states import Life, State

VOLUME_TYPES = frozenset({"gp2", "gp3", "io1", "io2"})


def is_configured(parameters: Parameters) -> bool:
    """Whether a launch asks for hibernation."""
    return bool((parameters.get("HibernationOptions") or {}).get("Configured"))


def check_hibernation(parameters: Parameters, region: str) -> None:
    """Refuse a launch that asks for hibernation and can't have it. Raises AwsError."""
    if not is_configured(parameters):
        return
    if (parameters.get("InstanceMarketOptions") or {}).get("MarketType") == "spot":
        # It would set the interruption behaviour to hibernate: persistent requests alone have that.
        raise AwsError(
            "InvalidParameterCombination",
            "A one-time spot request can only terminate its instance when it is interrupted.",
        )
    name = parameters.get("InstanceType") or DEFAULT_TYPE
    kind = INSTANCE_TYPES[name]
    if not kind.get("HibernationSupported"):
        raise _unsupported(f"The requested instance type ({name}) does not support hibernation.")
    image = account.ec2(region).amis[parameters["ImageId"]]
    root = planned_disks(parameters, image)[image.root_device_name]
    _check_root(root, memory_mib=int(kind["MemoryInfo"]["SizeInMiB"]), region=region)


def _check_root(root: dict[str, Any], *, memory_mib: int, region: str) -> None:
    if not root.get("Encrypted") and not account.ec2(region).get_ebs_encryption_by_default():
        raise _unsupported("For hibernation, the root device volume must be encrypted.")
    if root.get("VolumeType") not in VOLUME_TYPES:
        raise _unsupported(
            f"For hibernation, the root device volume must be one of {sorted(VOLUME_TYPES)}."
        )
    if int(root["VolumeSize"]) * 1024 < memory_mib:
        raise _unsupported(
            "For hibernation, the root device volume must be large enough to hold the memory "
            f"({memory_mib} MiB)."
        )


def check_ready(instance: Any, life: Life) -> None:
    """Refuse to hibernate what is not made for it, or not ready yet. Raises AwsError."""
    if not (instance.hibernation_options or {}).get("Configured"):
        raise _unsupported(
            "The instance can't be hibernated because it was not configured at launch for "
            f"hibernation: {instance.id}"
        )
    image = instance.ec2_backend.amis.get(instance.image_id)
    # Without its agent an instance is never ready; with it, some minutes after its boot.
    has_agent = getattr(image, "can_hibernate", True)
    if life.state is State.PENDING or (life.state is State.RUNNING and not has_agent):
        raise AwsError(
            "UnsupportedOperation",
            f"Instance {instance.id} is not ready to hibernate yet, retry in a few minutes",
        )


def _unsupported(message: str) -> AwsError:
    return AwsError("UnsupportedHibernationConfiguration", message)
