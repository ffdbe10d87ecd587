"""What a planned instance looks like: the same `Posture` that a live one has, before it is."""

from __future__ import annotations

from datetime import datetime

import msgspec

from spawn.core.endings import End, alarms
from spawn.core.tags import Tag
from spawn.launch.decisions import Decisions
from spawn.launch.spec import LaunchSpec
from spawn.posture.live import user_data_posture
from spawn.posture.model import Ending, Image, Metadata, Posture, Source, UserData
from spawn.secrets.scan import scan_text


def planned_posture(spec: LaunchSpec, made: Decisions, *, now: datetime) -> Posture:
    """Return what the controls look at of a launch that is yet to happen: of its first choice."""
    candidate = made.candidates.first
    outside = dict(alarms(made.expires_at, made.tags))
    return Posture(
        source=Source.PLAN,
        observed_at=now,
        instance_id=None,
        account=made.caller.account,
        region=spec.region,
        level=spec.security,
        tags=made.tags,
        network=made.place.network,
        disks=candidate.disk_postures,
        metadata=Metadata(
            http_endpoint=spec.metadata.http_endpoint,
            http_tokens=spec.metadata.http_tokens,
            http_put_response_hop_limit=spec.metadata.http_put_response_hop_limit,
            instance_metadata_tags=spec.metadata.instance_metadata_tags,
        ),
        identity=made.rights.posture,
        ending=Ending(
            expires_at=made.expires_at,
            shutdown_behavior=spec.on_expiry.value,
            backstop_at=outside[End.TERMINATE],
            stopped_at=outside.get(End.STOP),
            is_held=Tag.HOLD in made.tags,
        ),
        image=Image(
            image_id=candidate.image.image_id,
            owner_id=candidate.image.owner,
            is_known_owner=candidate.image.owner_is_known,
            created_at=candidate.image.created,
            is_deprecated=candidate.image.is_deprecated,
        ),
        user_data=_user_data(spec, made),
        key_pair=made.key.name,
    )


def _user_data(spec: LaunchSpec, made: Decisions) -> UserData | None:
    """Judge the bytes that are sent, but count lines in the texts that the person wrote."""
    sent = None if made.user_data is None else user_data_posture(made.user_data)
    own = None if spec.user_data is None else user_data_posture(spec.user_data)
    if sent is None:
        return None
    hook = () if spec.pre_stop is None else scan_text(spec.pre_stop.command, part="--pre-stop")
    return msgspec.structs.replace(sent, secrets=(*(own.secrets if own else ()), *hook))
