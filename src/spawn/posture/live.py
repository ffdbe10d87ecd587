"""What AWS says of an instance, understood as a posture: pure.

Whatever was denied, or is missing from an answer that should hold it, becomes `Unseen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from spawn.aws import ec2, kms, scheduler
from spawn.aws.ec2_images import Image as Ec2Image
from spawn.aws.questions import Fact, Known, Unseen
from spawn.core.endings import End, end_date
from spawn.core.instants import parse_instant
from spawn.core.tags import Tag
from spawn.iam.backstop_role import backstop_role_name
from spawn.images.catalog import publisher_of
from spawn.posture.answers import Answers, Viewpoint, value_of
from spawn.posture.identity import role_posture
from spawn.posture.model import (
    Disk,
    Ending,
    Image,
    KeyManager,
    Metadata,
    Posture,
    Source,
    UserData,
)
from spawn.posture.network import live_network
from spawn.posture.orders import secret_variables, without_references
from spawn.secrets.scan import scan_text
from spawn.secrets.unpack import unpack


def live_posture(instance: ec2.Instance, answers: Answers, viewpoint: Viewpoint) -> Posture:
    """Return the posture of a live instance. Raises nothing."""
    return Posture(
        source=Source.LIVE,
        observed_at=viewpoint.now,
        instance_id=instance.instance_id,
        account=viewpoint.account,
        region=viewpoint.region,
        level=viewpoint.level,
        tags=instance.tag_mapping,
        network=live_network(instance, answers),
        disks=_disks(instance, answers),
        metadata=_metadata(instance),
        identity=None if answers.role is None else role_posture(answers.role),
        ending=_ending(instance, answers, viewpoint),
        image=_image(answers.image, viewpoint),
        user_data=_user_data(answers.user_data),
        key_pair=instance.key_name or None,
    )


def _disks(instance: ec2.Instance, answers: Answers) -> tuple[Disk, ...]:
    volumes = value_of(answers.volumes, ec2.DESCRIBE_VOLUMES.key)
    by_id = {} if isinstance(volumes, Unseen) else {one.volume_id: one for one in volumes}
    disks = []
    for mapping in instance.block_device_mappings:
        if mapping.ebs is None:
            continue
        volume = by_id.get(mapping.ebs.volume_id) or (
            volumes
            if isinstance(volumes, Unseen)
            else Unseen(ec2.DESCRIBE_VOLUMES.key, f"AWS leaves out {mapping.ebs.volume_id}")
        )
        disks.append(
            _disk(
                mapping.device_name,
                mapping.ebs,
                volume=volume,
                keys=answers.keys,
                is_root=mapping.device_name == instance.root_device_name,
            )
        )
    return tuple(disks)


def _disk(
    device_name: str,
    attachment: ec2.EbsAttachment,
    *,
    volume: ec2.Volume | Unseen,
    keys: Mapping[str, Fact[kms.Key]],
    is_root: bool,
) -> Disk:
    if isinstance(volume, Unseen):
        return Disk(
            device_name=device_name,
            volume_id=attachment.volume_id,
            is_root=is_root,
            size_gib=volume,
            volume_type=volume,
            encrypted=volume,
            kms_key=volume,
            key_manager=volume,
            delete_on_termination=attachment.delete_on_termination,
        )
    return Disk(
        device_name=device_name,
        volume_id=attachment.volume_id,
        is_root=is_root,
        size_gib=volume.size,
        volume_type=volume.volume_type,
        encrypted=volume.encrypted,
        kms_key=volume.kms_key_id if volume.encrypted else None,
        key_manager=_key_manager(volume, keys),
        delete_on_termination=attachment.delete_on_termination,
    )


def _key_manager(
    volume: ec2.Volume, keys: Mapping[str, Fact[kms.Key]]
) -> KeyManager | Unseen | None:
    if not volume.encrypted:
        return None
    unasked = Unseen(kms.DESCRIBE_KEY.key, f"the key of {volume.volume_id} was not looked at")
    key = value_of(keys.get(volume.kms_key_id, unasked), kms.DESCRIBE_KEY.key)
    if isinstance(key, Unseen):
        return key
    if key.key_manager not in tuple(KeyManager):
        return Unseen(kms.DESCRIBE_KEY.key, f"AWS does not say who manages {key.key_id}")
    return KeyManager(key.key_manager)


def _metadata(instance: ec2.Instance) -> Metadata | Unseen:
    options = instance.metadata_options
    if options is None:
        return Unseen(ec2.DESCRIBE_INSTANCES.key, "AWS's answer holds no metadata options")
    return Metadata(
        http_endpoint=options.http_endpoint,
        http_tokens=options.http_tokens,
        http_put_response_hop_limit=options.http_put_response_hop_limit,
        instance_metadata_tags=options.instance_metadata_tags,
    )


def _ending(instance: ec2.Instance, answers: Answers, viewpoint: Viewpoint) -> Ending:
    tags = instance.tag_mapping
    return Ending(
        expires_at=end_date(tags),
        shutdown_behavior=_shutdown_behavior(answers.shutdown_behavior),
        backstop_at=_armed_at(answers.backstop, instance, End.TERMINATE, viewpoint),
        stopped_at=_armed_at(answers.stopping, instance, End.STOP, viewpoint),
        # Whatever its value: in doubt evidence is kept.
        is_held=Tag.HOLD in tags,
        is_stopped=instance.state.name in {"stopping", "stopped"},
    )


def _shutdown_behavior(fact: Fact[str]) -> str | Unseen:
    return value_of(fact, ec2.DESCRIBE_INSTANCE_ATTRIBUTE.key)


def _armed_at(
    fact: Fact[scheduler.Schedule], instance: ec2.Instance, end: End, viewpoint: Viewpoint
) -> datetime | Unseen | None:
    """Return when a schedule does this to the instance, None where none is armed to do that."""
    if not isinstance(fact, Known):
        return fact if isinstance(fact, Unseen) else None
    schedule = fact.value
    is_armed = (
        schedule.state == "ENABLED"
        and scheduler.does(schedule, end, instance.instance_id)
        and backstop_role_name(schedule.target.role_arn, account=viewpoint.account) is not None
    )
    return schedule.fires_at if is_armed else None


def _instant(text: str) -> datetime | None:
    try:
        return parse_instant(text).astimezone(UTC)
    except ValueError:
        return None


def _image(found: Fact[tuple[Ec2Image, ...]], viewpoint: Viewpoint) -> Image | Unseen:
    images = value_of(found, ec2.DESCRIBE_IMAGES.key)
    if isinstance(images, Unseen):
        return images
    if not images:
        why = "the image is gone, or no longer shared with this account"
        return Unseen(ec2.DESCRIBE_IMAGES.key, why)
    image = images[0]
    deprecated_at = _instant(image.deprecation_time)
    return Image(
        image_id=image.image_id,
        owner_id=image.owner_id,
        is_known_owner=image.owner_id == viewpoint.account
        or publisher_of(
            image.owner_id, alias=image.image_owner_alias, partition=viewpoint.partition
        )
        is not None,
        created_at=_instant(image.creation_date),
        is_deprecated=deprecated_at is not None and deprecated_at <= viewpoint.now,
    )


def _user_data(found: Fact[bytes]) -> UserData | Unseen | None:
    data = value_of(found, ec2.DESCRIBE_INSTANCE_ATTRIBUTE.key)
    if isinstance(data, Unseen):
        return data
    return user_data_posture(data)


def user_data_posture(data: bytes) -> UserData | None:
    """Return what may be known of user-data, None where it is empty."""
    if not data:
        return None
    opened = unpack(data)
    return UserData(
        size_bytes=len(data),
        is_readable=opened.is_complete,
        secrets=tuple(
            finding
            for part in opened.parts
            for finding in scan_text(without_references(part.text), part=part.name)
        ),
        secret_variables=secret_variables(part.text for part in opened.parts),
    )
