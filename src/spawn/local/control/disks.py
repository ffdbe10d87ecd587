"""Volumes of a launch: the image's own, changed by the request, encrypted as the account says."""

from __future__ import annotations

from typing import Any

from spawn.local.control import account
from spawn.local.control.launch_checks import Parameters
from spawn.local.control.lookups import find_key
from spawn.local.control.needs.model import tag_list
from spawn.local.control.states import Reason

DEFAULT_TYPE = "gp3"


def attach_disks(parameters: Parameters, instance: Any) -> Reason | None:
    """Make and attach the disks of a new instance.

    Answers why the instance will not survive: EC2 accepts a launch with a key that is absent,
    disabled or pending deletion, and the instance ends before it runs.
    """
    doom = None
    image = instance.ec2_backend.amis[instance.image_id]
    for device, disk in planned_disks(parameters, image).items():
        doom = doom or _key_trouble(disk, instance.region_name)
        _attach(device, disk, instance, tags=_volume_tags(parameters))
    return doom


def planned_disks(parameters: Parameters, image: Any) -> dict[str, dict[str, Any]]:
    """Device name to what it shall be: the image's mapping with the request's over it."""
    planned = {m["DeviceName"]: dict(m["Ebs"]) for m in image.block_device_mappings}
    for mapping in parameters.get("BlockDeviceMappings") or []:
        device = mapping.get("DeviceName")
        if mapping.get("NoDevice") is not None:
            planned.pop(device, None)
        elif mapping.get("Ebs") is not None:
            planned[device] = {**planned.get(device, {}), **mapping["Ebs"]}
    return planned


def _attach(device: str, disk: dict[str, Any], instance: Any, *, tags: dict[str, str]) -> None:
    backend = instance.ec2_backend
    encrypted = bool(disk.get("Encrypted")) or backend.get_ebs_encryption_by_default()
    volume = backend.create_volume(
        size=disk.get("VolumeSize"),
        zone_name=instance.availability_zone,
        snapshot_id=disk.get("SnapshotId"),
        encrypted=encrypted,
        kms_key_id=_key_arn(disk, instance.region_name) if encrypted else None,
        volume_type=disk.get("VolumeType") or DEFAULT_TYPE,
        iops=disk.get("Iops"),
        throughput=disk.get("Throughput"),
    )
    volume.add_tags(tags)
    stays = disk.get("DeleteOnTermination") is False
    backend.attach_volume(volume.id, instance.id, device, not stays)


def _key_arn(disk: dict[str, Any], region: str) -> str | None:
    """The asked-for key's ARN; None leaves the account's default key to moto."""
    asked = disk.get("KmsKeyId")
    if not asked:
        return None
    key = find_key(asked, region)
    if key is not None:
        return str(key.arn)
    prefix = f"arn:{account.PARTITION}:kms:{region}:{account.ACCOUNT_ID}"
    return str(asked) if asked.startswith("arn:") else f"{prefix}:key/{asked}"


def _key_trouble(disk: dict[str, Any], region: str) -> Reason | None:
    asked = disk.get("KmsKeyId")
    if not asked:
        return None
    key = find_key(asked, region)
    if key is None:
        code = "Client.InvalidKMSKey.NotFound"
    elif key.key_state != "Enabled":
        code = "Client.InvalidKMSKey.InvalidState"
    else:
        return None
    return Reason(code=code, message=f"{code}: The KMS key provided is in an incorrect state")


def _volume_tags(parameters: Parameters) -> dict[str, str]:
    tags: dict[str, str] = {}
    for specification in parameters.get("TagSpecifications") or []:
        if specification.get("ResourceType") == "volume":
            tags |= tag_list(specification.get("Tags"))
    return tags
