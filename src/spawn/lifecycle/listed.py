"""An instance as spawn sees it: whose it is, until when it lives, and what will end it.

Everything is read from its tags and its schedule. What can't be read is UNKNOWN, never fine.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from spawn.aws import ec2, scheduler
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.core.ids import is_launch_token
from spawn.core.instants import parse_instant
from spawn.core.tags import Tag
from spawn.prices.cost import cost_so_far

Schedules = tuple[scheduler.ScheduleSummary, ...]

# EC2 User Guide, "Instance lifecycle": from these there is no way back.
ENDED_STATES = frozenset({"shutting-down", "terminated"})
STATES = ("pending", "running", "stopping", "stopped", "shutting-down", "terminated")


class Ending(enum.StrEnum):
    """Where an instance is on its way to its end."""

    DUE = "DUE"
    OVERDUE = "OVERDUE"
    HELD = "HELD"
    ENDED = "ENDED"
    UNKNOWN = "UNKNOWN"


class BackstopState(enum.StrEnum):
    """Whether the schedule stands behind the end date. BROKEN is seen only by a close look."""

    ARMED = "ARMED"
    MISSING = "NO BACKSTOP"
    BROKEN = "BROKEN"
    OFF = "OFF"
    NOT_NEEDED = "NOT NEEDED"
    UNKNOWN = "UNKNOWN"


class Backstop(msgspec.Struct, frozen=True, kw_only=True):
    """The backstop, looked at closely. `why` explains BROKEN and UNKNOWN."""

    state: BackstopState
    fires_at: datetime | None = None
    why: str = ""


class ListedInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a listing.

    name, owner, level    what the tags say, "" where they say nothing
    is_made_by_spawn      its client token says so too: nothing is ended by tags alone
    expires_at            None where the tag is missing or is not a time (ending is then UNKNOWN)
    hold                  the case that holds it, None where none does
    index                 its number among the instances of its launch, from 0
    usd_so_far            what it has cost since its launch, by the price that it was launched at
                          and as if it had run all the time; None where that is not known
    """

    id: str
    name: str
    region: str
    zone: str
    state: str
    type: str
    owner: str
    is_mine: bool
    is_made_by_spawn: bool
    launched_at: datetime
    expires_at: datetime | None
    ending: Ending
    backstop: BackstopState
    private_ip: str
    public_ip: str
    level: str
    hold: str | None
    index: int = 0
    usd_so_far: Decimal | None = None
    tags: dict[str, str]

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing left to end."""
        return self.state in ENDED_STATES


def listed_instance(
    instance: ec2.Instance,
    *,
    region: str,
    schedules: Fact[Schedules],
    owner: str,
    now: datetime,
) -> ListedInstance:
    """Return the row of an instance. `owner` is the caller, `schedules` are those of the region."""
    tags = instance.tag_mapping
    expires_at = _end_date(tags)
    return ListedInstance(
        id=instance.instance_id,
        name=tags.get(Tag.NAME, ""),
        region=region,
        zone=instance.placement.availability_zone,
        state=instance.state.name,
        type=instance.instance_type,
        owner=tags.get(Tag.OWNER, ""),
        is_mine=tags.get(Tag.OWNER) == owner,
        is_made_by_spawn=is_launch_token(instance.client_token, tags.get(Tag.LAUNCH_ID, "")),
        launched_at=instance.launch_time.astimezone(UTC),
        expires_at=expires_at,
        ending=_ending(instance, expires_at, now),
        backstop=_backstop(instance, schedules),
        private_ip=instance.private_ip_address,
        public_ip=instance.public_ip_address,
        level=tags.get(Tag.SECURITY, ""),
        hold=tags.get(Tag.HOLD),
        index=instance.ami_launch_index,
        usd_so_far=_usd_so_far(instance, now),
        tags=tags,
    )


def _usd_so_far(instance: ec2.Instance, now: datetime) -> Decimal | None:
    """Of what has ended AWS does not say when, in a form to rely on: its cost is not known."""
    if instance.state.name in ENDED_STATES:
        return None
    tag = instance.tag_mapping.get(Tag.USD_PER_HOUR)
    return cost_so_far(tag, launched_at=instance.launch_time, until=now)


def _end_date(tags: dict[str, str]) -> datetime | None:
    try:
        return parse_instant(tags.get(Tag.EXPIRES_AT, ""))
    except ValueError:
        return None


def _ending(instance: ec2.Instance, expires_at: datetime | None, now: datetime) -> Ending:
    if instance.state.name in ENDED_STATES:
        return Ending.ENDED
    if Tag.HOLD in instance.tag_mapping:
        return Ending.HELD
    if expires_at is None:
        return Ending.UNKNOWN
    return Ending.DUE if now < expires_at else Ending.OVERDUE


def _backstop(instance: ec2.Instance, schedules: Fact[Schedules]) -> BackstopState:
    if instance.state.name in ENDED_STATES:
        return BackstopState.NOT_NEEDED
    lacking = BackstopState.OFF if Tag.HOLD in instance.tag_mapping else BackstopState.MISSING
    match schedules:
        case Unseen():
            return BackstopState.UNKNOWN
        case Absent():
            return lacking
        case Known(value=summaries):
            name = scheduler.schedule_name(instance.instance_id)
            found = next((summary for summary in summaries if summary.name == name), None)
            if found is None:
                return lacking
            return BackstopState.ARMED if found.state == "ENABLED" else BackstopState.BROKEN
