"""Which disks a launch asks for, and by which key they are encrypted: pure."""

from __future__ import annotations

from spawn.aws import kms
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.core.errors import AccountError, InputError, NamedThingNotFound
from spawn.core.levels import Level
from spawn.images.chosen import ChosenImage
from spawn.launch.facts import DiskFacts
from spawn.launch.hibernation import memory_gib
from spawn.launch.request import Disk
from spawn.launch.spec import LaunchSpec
from spawn.posture.model import Disk as DiskPosture
from spawn.posture.model import KeyManager
from spawn.prices.volumes import Volume

# EBS user guide, "Amazon EBS volume types": what an instance boots from, of any size.
_BOOT_TYPES = ("gp2", "gp3", "standard")
# They take a number of IOPS that has no default.
_PROVISIONED_TYPES = ("io1", "io2")


def choose_disks(
    spec: LaunchSpec, image: ChosenImage, facts: DiskFacts, *, memory_mib: int
) -> tuple[Disk, ...]:
    """Return the disks to ask for: the image's own, sized, encrypted and ending as they should.

    An instance that hibernates writes its memory on the root disk.
    Raises InputError, NamedThingNotFound or AccountError, naming the flag.
    """
    memory = memory_gib(memory_mib) if spec.hibernates else 0
    _check_size_and_type(spec, image, memory=memory)
    encrypted = _wants_encryption(spec, image, facts)
    key = _usable_key(spec, facts.kms_key)
    root = Disk(
        device_name=image.root_device_name,
        is_root=True,
        size_gib=spec.volume_size_gib or _with_memory(image, memory),
        volume_type=spec.volume_type,
        encrypted=encrypted,
        kms_key_id=key,
    )
    others = (
        Disk(
            device_name=volume.device_name,
            is_root=False,
            encrypted=encrypted,
            kms_key_id=key,
        )
        for volume in image.other_volumes
    )
    return (root, *others)


def _with_memory(image: ChosenImage, memory: int) -> int | None:
    """Return the root disk's size in GiB with room for memory, None for the image's own size."""
    return (image.root_volume_gib or 1) + memory if memory else None


def _check_size_and_type(spec: LaunchSpec, image: ChosenImage, *, memory: int) -> None:
    least = (image.root_volume_gib or 1) + memory
    if spec.volume_size_gib is not None and spec.volume_size_gib < least:
        besides = f", and memory needs {memory} GiB to hibernate" if memory else ""
        raise InputError(
            f"--volume-size {spec.volume_size_gib} is too small for {image.image_id}",
            why=f"the image's own root disk has {least - memory} GiB{besides}",
        )
    if spec.volume_type in _PROVISIONED_TYPES:
        raise InputError(
            f"--volume-type {spec.volume_type} needs a number of IOPS, which spawn can't ask for",
            why="gp3 serves nearly every root disk",
        )
    if spec.volume_type is not None and spec.volume_type not in _BOOT_TYPES:
        raise InputError(
            f"--volume-type {spec.volume_type!r} is not a type that an instance boots from",
            why=f"write one of {', '.join(_BOOT_TYPES)}",
        )


def _wants_encryption(spec: LaunchSpec, image: ChosenImage, facts: DiskFacts) -> bool | None:
    """Return what to ask for; None leaves it to the account, as `open` does."""
    if spec.encrypt_volumes is None:
        by_level = None if spec.security is Level.OPEN else True
        return True if spec.kms_key_id is not None or spec.hibernates else by_level
    if spec.encrypt_volumes:
        return True
    by_default = facts.encrypts_by_default
    # EBS user guide, "Encryption scenarios": each of these wins over Encrypted=false.
    reasons = (
        (spec.hibernates, "an instance that may hibernate keeps its memory on an encrypted disk"),
        (spec.kms_key_id is not None, "--kms-key-id asks for encryption by that key"),
        (image.root_is_encrypted, f"{image.image_id} is encrypted, and so is each disk made of it"),
        (
            isinstance(by_default, Known) and by_default.value,
            "this account encrypts every disk in the region",
        ),
    )
    for applies, why in reasons:
        if applies:
            raise InputError("--no-encrypt-volumes can't be had", why=why)
    return False


def _usable_key(spec: LaunchSpec, fact: Fact[kms.Key] | None) -> str | None:
    """Return the key to name in the request: its ARN where it could be looked at.

    An instance whose disk's key can't be used goes from pending to terminated without a word.
    """
    match fact:
        case None:
            return None
        case Absent():
            raise NamedThingNotFound(
                f"--kms-key-id {spec.kms_key_id}: there is no such key in {spec.region}",
                why="give a key's id or ARN, or an alias such as alias/my-key, of this region",
                next_command=f"aws kms list-aliases --region {spec.region}",
            )
        case Unseen():
            return spec.kms_key_id
        case Known(value=key) if key.key_state != "Enabled":
            raise AccountError(
                f"--kms-key-id {spec.kms_key_id}: the key is {key.key_state}",
                why="only an enabled key can encrypt a disk",
                next_command=f"aws kms enable-key --region {spec.region} --key-id {key.key_id}",
            )
        case Known(value=key) if key.key_spec != "SYMMETRIC_DEFAULT":
            raise InputError(
                f"--kms-key-id {spec.kms_key_id} is a key of the kind {key.key_spec}",
                why="disks are encrypted by symmetric keys only",
            )
        case Known(value=key):
            return key.arn


def billed_volumes(disks: tuple[Disk, ...], image: ChosenImage) -> tuple[Volume, ...]:
    """Return what the disks are billed as: as asked for, else as the image has them."""
    by_image = {volume.device_name: volume for volume in image.other_volumes}
    return tuple(
        Volume(
            volume_type=disk.volume_type or image.root_volume_type,
            size_gib=disk.size_gib or image.root_volume_gib,
        )
        if disk.is_root
        else Volume(
            volume_type=by_image[disk.device_name].volume_type,
            size_gib=by_image[disk.device_name].volume_gib,
        )
        for disk in disks
    )


def planned_disks(
    disks: tuple[Disk, ...], image: ChosenImage, facts: DiskFacts
) -> tuple[DiskPosture, ...]:
    """Return what the disks will look like, as far as request, image and account tell."""
    sizes = {volume.device_name: volume.volume_gib for volume in image.other_volumes}
    types = {volume.device_name: volume.volume_type for volume in image.other_volumes}
    snapshots = {volume.device_name: volume.is_encrypted for volume in image.other_volumes}
    return tuple(
        _planned(
            disk,
            facts,
            image_gib=image.root_volume_gib if disk.is_root else sizes.get(disk.device_name),
            image_type=image.root_volume_type if disk.is_root else types[disk.device_name],
            is_encrypted_already=image.root_is_encrypted
            if disk.is_root
            else snapshots.get(disk.device_name, False),
        )
        for disk in disks
    )


def _planned(
    disk: Disk,
    facts: DiskFacts,
    *,
    image_gib: int | None,
    image_type: str,
    is_encrypted_already: bool,
) -> DiskPosture:
    encrypted = _will_be_encrypted(disk, facts, is_encrypted_already=is_encrypted_already)
    key, manager = _key_of(disk, facts) if encrypted is True else (None, None)
    return DiskPosture(
        device_name=disk.device_name,
        is_root=disk.is_root,
        size_gib=disk.size_gib or image_gib or 0,
        volume_type=disk.volume_type or image_type,
        encrypted=encrypted,
        kms_key=key,
        key_manager=manager,
        delete_on_termination=True,
    )


def _will_be_encrypted(
    disk: Disk, facts: DiskFacts, *, is_encrypted_already: bool
) -> bool | Unseen:
    if disk.encrypted or is_encrypted_already:
        return True
    match facts.encrypts_by_default:
        case Known(value=by_default):
            return by_default
        case Unseen() as unseen:
            return unseen
        case Absent():
            return False


def _key_of(disk: Disk, facts: DiskFacts) -> tuple[str | Unseen, KeyManager | Unseen]:
    match facts.kms_key:
        case Known(value=key):
            return key.arn, KeyManager(key.key_manager or KeyManager.CUSTOMER)
        case Unseen() as unseen:
            return disk.kms_key_id or unseen, unseen
    match facts.default_key:
        case Known(value=name):
            # EC2 API Reference, GetEbsDefaultKmsKeyId: this, unless the account set its own.
            is_aws = name.endswith("alias/aws/ebs")
            return name, KeyManager.AWS if is_aws else KeyManager.CUSTOMER
        case Unseen() as unseen:
            return unseen, unseen
        case _:
            return "alias/aws/ebs", KeyManager.AWS
