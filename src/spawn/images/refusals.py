"""Why a named image can't be launched: each reason an error of its own, pure."""

from __future__ import annotations

from spawn.aws.ec2 import InstanceType
from spawn.aws.ec2_images import Image, ImageEbs
from spawn.core.errors import InputError
from spawn.images.boots import Boot, System
from spawn.images.catalog import ARCHITECTURES

# A type of each architecture that every region has, for the words of an error.
_EXAMPLE_TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}


def root_of(image: Image) -> ImageEbs | None:
    """Return the image's root volume, None where it does not say which that is."""
    for mapping in image.block_device_mappings:
        if mapping.device_name == image.root_device_name:
            return mapping.ebs
    return None


def refuse_unlaunchable(image: Image) -> None:
    """Raise InputError for an image that nothing launches, or that spawn can't make safe."""
    reasons = (
        (image.state != "available", f"is {image.state}", "only available images can be launched"),
        (
            image.virtualization_type != "hvm",
            f"is {image.virtualization_type}",
            "current instance types boot HVM images only",
        ),
        (
            image.root_device_type != "ebs",
            f"has its root on {image.root_device_type or 'no device'}",
            "spawn encrypts, sizes and keeps root volumes on EBS: name an EBS-backed image",
        ),
        (
            root_of(image) is None,
            f"does not say which volume {image.root_device_name or 'its root'} is",
            "without it, size and encryption would go to a second, empty disk",
        ),
    )
    for applies, what, why in reasons:
        if applies:
            raise InputError(f"--ami {image.image_id} {what}", why=why)


def refuse_other_architecture(image: Image, instance_type: InstanceType) -> None:
    """Raise InputError where the type does not boot the image, or spawn has no such instances."""
    supported = instance_type.processor_info.supported_architectures
    if image.architecture not in ARCHITECTURES:
        raise InputError(
            f"--ami {image.image_id} is for {image.architecture}",
            why=f"spawn launches {' and '.join(ARCHITECTURES)}; leave --ami out for an image that "
            "fits the type",
        )
    if image.architecture not in supported:
        raise InputError(
            f"--ami {image.image_id} is for {image.architecture}, and --instance-type "
            f"{instance_type.instance_type} is {' or '.join(supported)}",
            why="leave --ami out for an image that fits the type, or take a type such as "
            f"{_EXAMPLE_TYPES[image.architecture]}",
        )


def refuse_agentless(image: Image, system: System, instance_type: InstanceType) -> None:
    """Raise InputError for an image on which the agent would not start."""
    if system.boot is Boot.CLOUD_INIT:
        return
    raise InputError(
        f"--ami {image.image_id} is a {system.title} image: spawn's agent can't start there",
        why=f"{system.reading}; with --no-agent the backstop alone ends it",
        next_command=f"spawn launch --instance-type {instance_type.instance_type} "
        f"--ami {image.image_id} --no-agent",
    )
