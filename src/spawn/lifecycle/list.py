"""`spawn list`: the spawn instances that the caller may see, their own first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.core.errors import InputError
from spawn.lifecycle.filters import Filter, matches
from spawn.lifecycle.listed import STATES, ListedInstance, listed_instance
from spawn.lifecycle.regions import FailedRegion, RegionReading, enabled_regions, read_regions

# What has ended shows up for about an hour more: noise, unless it is asked for.
LIVING_STATES = tuple(state for state in STATES if state != "terminated")


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and the regions where nothing could be looked at."""

    instances: tuple[ListedInstance, ...]
    failed_regions: tuple[FailedRegion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which instances are wanted: those to which all of it applies."""

    states: tuple[str, ...] = LIVING_STATES
    tags: tuple[tuple[str, str], ...] = ()
    mine_only: bool = False
    filter: Filter | None = None


EVERYTHING = Selection(states=STATES)


def parse_states(texts: Iterable[str]) -> tuple[str, ...]:
    """Read the values of --state, commas between several; none means all that still live.

    Raises InputError for a state that EC2 has not.
    """
    states = tuple(state.strip() for text in texts for state in text.split(","))
    for state in states:
        if state not in STATES:
            raise InputError(
                f"--state {state!r} is not a state of an instance",
                why=f"write one or more of {', '.join(STATES)}",
            )
    return states or LIVING_STATES


def list_instances(
    asker: Asker,
    *,
    caller: Callable[[], Identity],
    now: datetime,
    home_region: str,
    region: str | None = None,
    selection: Selection = Selection(),
) -> Listing:
    """List one region, or all that are enabled where `region` is None.

    `caller` is waited for last, so that who calls can be asked in the same round. Raises
    AwsRefusal where the regions or the caller can't be learnt, or no region can be read; one of
    several that fails is named in the result.
    """
    regions = (region,) if region else enabled_regions(asker, home_region)
    readings, failed = read_regions(asker, regions, states=selection.states)
    rows = select(rows_of(readings, owner=caller().owner, now=now), selection, now=now)
    return Listing(instances=rows, failed_regions=failed)


def rows_of(
    readings: Iterable[RegionReading], *, owner: str, now: datetime
) -> tuple[ListedInstance, ...]:
    """Return the rows of all readings: the caller's own first, the latest launched on top."""
    rows = (
        listed_instance(
            instance, region=reading.region, schedules=reading.schedules, owner=owner, now=now
        )
        for reading in readings
        for instance in reading.instances
    )
    return tuple(
        sorted(
            rows, key=lambda row: (not row.is_mine, -row.launched_at.timestamp(), row.index, row.id)
        )
    )


def select(
    rows: Iterable[ListedInstance], selection: Selection, *, now: datetime
) -> tuple[ListedInstance, ...]:
    """Return the rows to which all of the selection applies, in their order."""
    return tuple(
        row
        for row in rows
        if row.state in selection.states
        and (row.is_mine or not selection.mine_only)
        and all(row.tags.get(key) == value for key, value in selection.tags)
        and (selection.filter is None or matches(selection.filter, row, now=now))
    )
