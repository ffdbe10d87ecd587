"""All that is decided about a launch before it becomes steps: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spawn.aws.sts import Identity
from spawn.core.instants import format_instant
from spawn.core.steps import Stage
from spawn.core.tags import Tag
from spawn.images.choose import ChosenImage
from spawn.launch.disks import choose_disks, planned_disks
from spawn.launch.facts import AccountFacts
from spawn.launch.parts import (
    Key,
    Place,
    Rights,
    choose_image,
    choose_key,
    choose_place,
    choose_rights,
)
from spawn.launch.request import Disk
from spawn.launch.rights import owner_of
from spawn.launch.spec import LaunchSpec
from spawn.launch.userdata import assemble
from spawn.lifecycle.backstop import plan_group
from spawn.lifecycle.boothook import end_date_boothook
from spawn.posture.model import Disk as DiskPosture
from spawn.registry.table import TablePlan, plan_table


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """The parts of a launch, each decided.

    tags       those of the instance and of what is made with it
    user_data  the exact bytes, None where metadata could not hand them over
    """

    launch_id: str
    caller: Identity
    owner: str
    expires_at: datetime
    tags: dict[str, str]
    image: ChosenImage
    place: Place
    key: Key
    rights: Rights
    disks: tuple[Disk, ...]
    disk_postures: tuple[DiskPosture, ...]
    user_data: bytes | None
    schedule_group: Stage
    table: TablePlan

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know and no control judges."""
        silent = "metadata is off, so nothing on the instance ends it: the backstop alone does"
        unpowered = silent if self.user_data is None else ""
        return tuple(filter(None, (*self.place.notes, unpowered, self.table.warning)))


def decide(
    spec: LaunchSpec, facts: AccountFacts, *, now: datetime, expires_at: datetime, launch_id: str
) -> Decisions:
    """Decide every part. Raises what the parts raise: InputError, AccountError, AccessDenied."""
    caller = facts.caller.identity
    owner = owner_of(spec, caller)
    shared = {
        Tag.SPAWN.value: "true",
        Tag.LAUNCH_ID.value: launch_id,
        Tag.OWNER.value: owner,
        # Not every service says when a thing was made, and cleanup removes only what is old.
        Tag.CREATED_AT.value: format_instant(now),
    }
    image = choose_image(spec, facts, now=now)
    disks = choose_disks(spec, image, facts.disks)
    return Decisions(
        launch_id=launch_id,
        caller=caller,
        owner=owner,
        expires_at=expires_at,
        tags=spec.tags | shared | _own_tags(spec, expires_at),
        image=image,
        place=choose_place(spec, facts, tags=shared),
        key=choose_key(spec, facts, tags=shared),
        rights=choose_rights(spec, facts, tags=shared),
        disks=disks,
        disk_postures=planned_disks(disks, image, facts.disks),
        user_data=_user_data(spec, expires_at),
        schedule_group=plan_group(facts.schedule_group, region=spec.region, tags=shared),
        table=plan_table(facts.table, region=spec.region, tags=shared),
    )


def _own_tags(spec: LaunchSpec, expires_at: datetime) -> dict[str, str]:
    tags = {
        Tag.EXPIRES_AT.value: format_instant(expires_at),
        Tag.SECURITY.value: spec.security.value,
    }
    return tags if spec.name is None else tags | {Tag.NAME.value: spec.name}


def _user_data(spec: LaunchSpec, expires_at: datetime) -> bytes | None:
    if spec.metadata.http_endpoint == "disabled":
        return None
    return assemble(end_date_boothook(expires_at), spec.user_data, flag="--user-data")
