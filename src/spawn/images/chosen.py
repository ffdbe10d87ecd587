"""What a launch, its controls and a person need to know of the image that was chosen."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from spawn.aws.ec2_images import Image
from spawn.core.instants import parse_instant
from spawn.images.boots import Boot, system_of
from spawn.images.catalog import Publisher, family_of, publisher_of
from spawn.images.refusals import root_of

_LINUX = "Linux/UNIX"


class ImageVolume(msgspec.Struct, frozen=True, kw_only=True):
    """An EBS volume that the image brings along besides the root; sizes in GiB."""

    device_name: str
    volume_gib: int | None
    volume_type: str
    is_encrypted: bool
    ends_with_instance: bool


class ChosenImage(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch and its controls need to know of an image.

    owner_is_known             Amazon's, Canonical's, Debian's, or the caller's own account
    login_user                 None where it is not known
    boot                       what reads user-data there
    platform                   what it is billed as, in EC2's words
    supports_instance_connect  EC2 Instance Connect's package is on it, as published
    created                    None where AWS gives no time that can be read
    deprecates                 when its owner withdraws it; None where nobody has said
    root_volume_gib            the root volume is at least so large; None where AWS does not say
    root_volume_type           what it is unless another type is asked for: "gp3"
    root_is_encrypted          the root's snapshot is, and so is each volume made of it
    note                       what a person should know of the choice; empty for nothing
    """

    image_id: str
    name: str
    owner: str
    owner_is_known: bool
    architecture: str
    login_user: str | None
    boot: Boot = Boot.CLOUD_INIT
    platform: str = _LINUX
    supports_instance_connect: bool = False
    created: datetime | None
    deprecates: datetime | None = None
    is_deprecated: bool
    root_device_name: str
    root_volume_gib: int | None
    root_volume_type: str
    root_is_encrypted: bool
    other_volumes: tuple[ImageVolume, ...] = ()
    note: str = ""

    def age(self, now: datetime) -> timedelta | None:
        """How old the image is; None where its birth is not known."""
        return None if self.created is None else now - self.created


class Onlooker(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at an image, from where, and when: its owner and its age mean something to them."""

    account: str
    partition: str
    region: str
    now: datetime


def describe_age(chosen: ChosenImage, now: datetime) -> str:
    """Say how old an image is and when it is withdrawn.

    "6 days old, deprecated from 2026-12-01"
    """
    age = chosen.age(now)
    if age is None:
        words = "of unknown age"
    elif age < timedelta(days=1):
        words = "made today"
    else:
        words = f"{age.days} day{'s' if age.days > 1 else ''} old"
    if chosen.deprecates is None:
        return words
    since = "since" if chosen.is_deprecated else "from"
    return f"{words}, deprecated {since} {chosen.deprecates:%Y-%m-%d}"


def chosen_from(image: Image, onlooker: Onlooker, *, note: str = "") -> ChosenImage:
    """Return what is known of an image that was chosen, seen by whoever launches it."""
    root = root_of(image)
    publisher = publisher_seen(image, onlooker)
    family = family_of(publisher, image.name)
    return ChosenImage(
        image_id=image.image_id,
        name=image.name,
        owner=image.owner_id,
        owner_is_known=publisher is not None or image.owner_id == onlooker.account,
        architecture=image.architecture,
        login_user=None if family is None else family.login_user,
        boot=system_of(image).boot,
        platform=_platform(image),
        supports_instance_connect=family is not None and family.has_instance_connect,
        created=_instant(image.creation_date),
        deprecates=_instant(image.deprecation_time),
        is_deprecated=is_deprecated(image, onlooker.now),
        root_device_name=image.root_device_name,
        root_volume_gib=None if root is None else root.volume_size,
        root_volume_type="" if root is None else root.volume_type,
        root_is_encrypted=root is not None and root.encrypted,
        other_volumes=_other_volumes(image),
        note=note,
    )


def publisher_seen(image: Image, onlooker: Onlooker) -> Publisher | None:
    """Return who published an image, None for a stranger."""
    return publisher_of(image.owner_id, alias=image.image_owner_alias, partition=onlooker.partition)


def _platform(image: Image) -> str:
    """What it is billed as: EC2 user guide, "AMI billing information fields"."""
    if image.product_codes:
        return "a product of the AWS Marketplace"
    unsaid = "Windows" if image.platform.casefold() == "windows" else _LINUX
    return image.platform_details or unsaid


def _other_volumes(image: Image) -> tuple[ImageVolume, ...]:
    return tuple(
        ImageVolume(
            device_name=mapping.device_name,
            volume_gib=mapping.ebs.volume_size,
            volume_type=mapping.ebs.volume_type,
            is_encrypted=mapping.ebs.encrypted,
            ends_with_instance=mapping.ebs.delete_on_termination,
        )
        for mapping in image.block_device_mappings
        if mapping.ebs is not None and mapping.device_name != image.root_device_name
    )


def is_deprecated(image: Image, now: datetime) -> bool:
    """Whether its owner has withdrawn it by then."""
    deprecated = _instant(image.deprecation_time)
    return deprecated is not None and deprecated <= now


def _instant(text: str) -> datetime | None:
    try:
        return parse_instant(text)
    except ValueError:
        return None
