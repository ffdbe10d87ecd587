"""An instance as spawn sees it: whose it is, until when it lives, and what will end it.

Everything is read from its tags and its schedule. What can't be read is UNKNOWN, never fine.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from spawn.aws import ec2, scheduler
from spawn.aws.questions import Fact, Known, Unseen
from spawn.core.endings import End, end_date, gone_at, needed_ends, on_expiry
from spawn.core.ids import is_launch_token
from spawn.core.tags import Tag
from spawn.lifecycle.heard import NOT_ASKED, Heard
from spawn.prices.cost import cost_so_far

Schedules = tuple[scheduler.ScheduleSummary, ...]

# EC2 User Guide, "Instance lifecycle": from these there is no way back.
ENDED_STATES = frozenset({"shutting-down", "terminated"})
STOPPED_STATES = frozenset({"stopping", "stopped"})
STATES = ("pending", "running", "stopping", "stopped", "shutting-down", "terminated")


class Ending(enum.StrEnum):
    """Where an instance is on its way to its end.

    KEPT is one that stopped at its end date, as it was to, and whose disks are there for a while.
    """

    DUE = "DUE"
    KEPT = "KEPT"
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
    """The backstop, looked at closely.

    fires_at  when a schedule terminates the instance, None where none is to be relied on
    stops_at  when one stops it before, where it is kept for a while
    why       explains BROKEN, UNKNOWN, and what is MISSING where not all of it is
    """

    state: BackstopState
    fires_at: datetime | None = None
    stops_at: datetime | None = None
    why: str = ""


class ListedInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a listing.

    name, owner, level    what the tags say, "" where they say nothing
    is_made_by_spawn      its client token says so too: nothing is ended by tags alone
    expires_at            None where the tag is missing or is not a time (ending is then UNKNOWN)
    on_expiry             what comes at the end date
    gone_at               when its disks are gone as well
    hold                  the case that holds it, None where none does
    index                 its number among the instances of its launch, from 0
    usd_so_far            what it has cost since its launch, by the price that it was launched at
                          and as if it had run all the time; None where that is not known
    is_spot               spare capacity: it can be neither stopped nor protected
    can_hibernate         it was launched so that it can
    reads_tags            its metadata shows its tags, so that its agent learns of new orders
    agent                 what was heard of its agent, where that was asked
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
    on_expiry: End = End.TERMINATE
    gone_at: datetime | None = None
    is_spot: bool = False
    can_hibernate: bool = False
    reads_tags: bool = True
    agent: Heard = NOT_ASKED
    tags: dict[str, str]

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing left to end."""
        return self.state in ENDED_STATES

    @property
    def is_stopped(self) -> bool:
        """Whether it is stopped, or about to be."""
        return self.state in STOPPED_STATES


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
    expires_at = end_date(tags)
    options = instance.metadata_options
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
        backstop=_backstop(instance, expires_at, schedules, now=now),
        private_ip=instance.private_ip_address,
        public_ip=instance.public_ip_address,
        level=tags.get(Tag.SECURITY, ""),
        hold=tags.get(Tag.HOLD),
        index=instance.ami_launch_index,
        usd_so_far=_usd_so_far(instance, now),
        on_expiry=on_expiry(tags),
        gone_at=None if expires_at is None else gone_at(expires_at, tags),
        is_spot=instance.instance_lifecycle == "spot",
        can_hibernate=instance.hibernation_options.configured,
        reads_tags=options is None or options.instance_metadata_tags == "enabled",
        tags=tags,
    )


def _usd_so_far(instance: ec2.Instance, now: datetime) -> Decimal | None:
    """Of what has ended AWS does not say when, in a form to rely on: its cost is not known."""
    if instance.state.name in ENDED_STATES:
        return None
    tag = instance.tag_mapping.get(Tag.USD_PER_HOUR)
    return cost_so_far(tag, launched_at=instance.launch_time, until=now)


def _ending(instance: ec2.Instance, expires_at: datetime | None, now: datetime) -> Ending:
    if instance.state.name in ENDED_STATES:
        return Ending.ENDED
    if Tag.HOLD in instance.tag_mapping:
        return Ending.HELD
    if expires_at is None:
        return Ending.UNKNOWN
    if now < expires_at:
        return Ending.DUE
    is_kept = instance.state.name in STOPPED_STATES and now < gone_at(
        expires_at, instance.tag_mapping
    )
    return Ending.KEPT if is_kept else Ending.OVERDUE


def _backstop(
    instance: ec2.Instance,
    expires_at: datetime | None,
    schedules: Fact[Schedules],
    *,
    now: datetime,
) -> BackstopState:
    """Return what the names of schedules tell: whether all are there, and switched on."""
    if instance.state.name in ENDED_STATES:
        return BackstopState.NOT_NEEDED
    is_held = Tag.HOLD in instance.tag_mapping
    if isinstance(schedules, Unseen):
        return BackstopState.UNKNOWN
    summaries = schedules.value if isinstance(schedules, Known) else ()
    found = {one.name: one.state for one in summaries}
    is_stopped = instance.state.name in STOPPED_STATES
    states = [
        found.get(scheduler.schedule_name(instance.instance_id, end))
        for end in needed_ends(expires_at, instance.tag_mapping, is_stopped=is_stopped, now=now)
    ]
    if is_held and not any(state == "ENABLED" for state in states):
        return BackstopState.OFF
    if None in states:
        return BackstopState.MISSING
    is_on = all(state == "ENABLED" for state in states)
    return BackstopState.ARMED if is_on else BackstopState.BROKEN
