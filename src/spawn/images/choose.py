"""The image of a launch: the newest Amazon Linux 2023 for the type's architecture, or a named one.

Both are asked for by one call without knowing the instance type, so they fit in the facts round;
which architecture is right is decided when the type's answer is there too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from spawn.aws.ec2 import DESCRIBE_IMAGES, InstanceType
from spawn.aws.ec2_images import Image, ImageEbs, images
from spawn.aws.questions import Question
from spawn.core.errors import AccountError, InputError, NamedThingNotFound
from spawn.core.ids import is_resource_id
from spawn.core.instants import parse_instant
from spawn.images.catalog import AL2023, ARCHITECTURES, Publisher, login_user, publisher_of

# A type of each architecture that every region has, for the words of an error.
_EXAMPLE_TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}


class ImageVolume(msgspec.Struct, frozen=True, kw_only=True):
    """An EBS volume that the image brings along besides the root; sizes in GiB."""

    device_name: str
    volume_gib: int | None
    is_encrypted: bool
    ends_with_instance: bool


class ChosenImage(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch and its controls need to know of an image.

    owner_is_known      Amazon's, Canonical's, Debian's, or the caller's own account
    login_user          None where it is not known
    created             None where AWS gives no time that can be read
    root_volume_gib     the root volume is at least so large; None where AWS does not say
    root_is_encrypted   the root's snapshot is, and so is each volume made of it
    """

    image_id: str
    name: str
    owner: str
    owner_is_known: bool
    architecture: str
    login_user: str | None
    created: datetime | None
    is_deprecated: bool
    root_device_name: str
    root_volume_gib: int | None
    root_is_encrypted: bool
    other_volumes: tuple[ImageVolume, ...] = ()

    def age(self, now: datetime) -> timedelta | None:
        """How old the image is; None where its birth is not known."""
        return None if self.created is None else now - self.created


class Onlooker(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at an image, from where, and when: its owner and its age mean something to them."""

    account: str
    partition: str
    region: str
    now: datetime


def default_image_question(*, region: str, partition: str) -> Question[tuple[Image, ...]]:
    """Ask for all current Amazon Linux 2023 images, of every architecture.

    By the publisher's account, in partitions where that is not known by the alias that AWS keeps
    for its own accounts: without owners, anybody's image of that name would be in the answer.
    """
    return Question(
        operation=DESCRIBE_IMAGES,
        parameters={
            "Owners": [AL2023.publisher.owners.get(partition, "amazon")],
            "Filters": [
                {"Name": "name", "Values": list(AL2023.patterns)},
                {"Name": "state", "Values": ["available"]},
            ],
        },
        region=region,
        understand=images,
    )


def given_image_question(image_id: str, *, region: str) -> Question[tuple[Image, ...]]:
    """Ask for the image that a person names; deprecated and disabled ones are looked at, too."""
    return Question(
        operation=DESCRIBE_IMAGES,
        parameters={"ImageIds": [image_id], "IncludeDeprecated": True, "IncludeDisabled": True},
        region=region,
        understand=images,
        absent_codes=(
            "InvalidAMIID.Malformed",
            "InvalidAMIID.NotFound",
            "InvalidAMIID.Unavailable",
        ),
    )


def parse_image_id(text: str, *, flag: str = "--ami") -> str:
    """Return the id. Raises InputError, naming `flag`, for anything else."""
    if is_resource_id(text, "ami"):
        return text
    raise InputError(
        f"{flag} {text!r} is not the id of an image",
        why=f"write an id such as ami-0123456789abcdef0, or leave {flag} out for the newest "
        "Amazon Linux 2023",
    )


def architecture_of(instance_type: InstanceType) -> str:
    """Return the architecture to boot the type with. Raises InputError where spawn has none."""
    supported = instance_type.processor_info.supported_architectures
    for architecture in ARCHITECTURES:
        if architecture in supported:
            return architecture
    raise InputError(
        f"--instance-type {instance_type.instance_type} can't be launched by spawn",
        why=f"it is {' or '.join(supported) or 'of an unknown architecture'}, and spawn launches "
        f"Linux on {' and '.join(ARCHITECTURES)}",
    )


def newest_image(
    found: Iterable[Image], instance_type: InstanceType, onlooker: Onlooker
) -> ChosenImage:
    """Return the newest Amazon Linux 2023 that boots on the type.

    `found` is the answer to `default_image_question`, and is not believed beyond it. Raises
    AccountError where there is none.
    """
    architecture = architecture_of(instance_type)
    fitting = [
        image
        for image in found
        if AL2023.includes(image.name)
        and image.architecture == architecture
        and image.state == "available"
        and _publisher(image, onlooker) is AL2023.publisher
        and _root(image) is not None
        and not _is_deprecated(image, onlooker.now)
    ]
    if not fitting:
        raise AccountError(
            f"no Amazon Linux 2023 image for {architecture} is to be seen in {onlooker.region}",
            why="name an image with --ami",
            next_command=f"aws ec2 describe-images --region {onlooker.region} --owners amazon "
            f"--filters Name=architecture,Values={architecture}",
        )
    # The name carries version and date, and so decides where two were registered at once.
    return _chosen(max(fitting, key=lambda image: (image.creation_date, image.name)), onlooker)


def given_image(
    found: Iterable[Image], image_id: str, instance_type: InstanceType, *, onlooker: Onlooker
) -> ChosenImage:
    """Return the image that a person names.

    Raises NamedThingNotFound where it does not exist or is not shared with the caller, InputError
    where it can't be launched on the type.
    """
    image = next((image for image in found if image.image_id == image_id), None)
    if image is None:
        raise NamedThingNotFound(
            f"--ami {image_id}: there is no such image in {onlooker.region}",
            why="images belong to one region, and private ones must be shared with your account; "
            "leave --ami out for the newest Amazon Linux 2023",
            next_command=f"aws ec2 describe-images --region {onlooker.region} --owners self",
        )
    _refuse_unlaunchable(image)
    _refuse_other_architecture(image, instance_type)
    return _chosen(image, onlooker)


def _refuse_unlaunchable(image: Image) -> None:
    reasons = (
        (image.state != "available", f"is {image.state}", "only available images can be launched"),
        (
            image.platform.casefold() == "windows",
            "is a Windows image",
            "spawn launches Linux: its agent and its SSH are made for that",
        ),
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
            _root(image) is None,
            f"does not say which volume {image.root_device_name or 'its root'} is",
            "without it, size and encryption would go to a second, empty disk",
        ),
    )
    for applies, what, why in reasons:
        if applies:
            raise InputError(f"--ami {image.image_id} {what}", why=why)


def _refuse_other_architecture(image: Image, instance_type: InstanceType) -> None:
    supported = instance_type.processor_info.supported_architectures
    if image.architecture in supported:
        return
    example = _EXAMPLE_TYPES.get(image.architecture)
    other_type = f", or take a type such as {example}" if example else ""
    raise InputError(
        f"--ami {image.image_id} is for {image.architecture}, and --instance-type "
        f"{instance_type.instance_type} is {' or '.join(supported)}",
        why=f"leave --ami out for an image that fits the type{other_type}",
    )


def _chosen(image: Image, onlooker: Onlooker) -> ChosenImage:
    root = _root(image)
    publisher = _publisher(image, onlooker)
    return ChosenImage(
        image_id=image.image_id,
        name=image.name,
        owner=image.owner_id,
        owner_is_known=publisher is not None or image.owner_id == onlooker.account,
        architecture=image.architecture,
        login_user=login_user(publisher, image.name),
        created=_instant(image.creation_date),
        is_deprecated=_is_deprecated(image, onlooker.now),
        root_device_name=image.root_device_name,
        root_volume_gib=None if root is None else root.volume_size,
        root_is_encrypted=root is not None and root.encrypted,
        other_volumes=_other_volumes(image),
    )


def _publisher(image: Image, onlooker: Onlooker) -> Publisher | None:
    return publisher_of(image.owner_id, alias=image.image_owner_alias, partition=onlooker.partition)


def _root(image: Image) -> ImageEbs | None:
    for mapping in image.block_device_mappings:
        if mapping.device_name == image.root_device_name:
            return mapping.ebs
    return None


def _other_volumes(image: Image) -> tuple[ImageVolume, ...]:
    return tuple(
        ImageVolume(
            device_name=mapping.device_name,
            volume_gib=mapping.ebs.volume_size,
            is_encrypted=mapping.ebs.encrypted,
            ends_with_instance=mapping.ebs.delete_on_termination,
        )
        for mapping in image.block_device_mappings
        if mapping.ebs is not None and mapping.device_name != image.root_device_name
    )


def _is_deprecated(image: Image, now: datetime) -> bool:
    deprecated = _instant(image.deprecation_time)
    return deprecated is not None and deprecated <= now


def _instant(text: str) -> datetime | None:
    try:
        return parse_instant(text)
    except ValueError:
        return None
