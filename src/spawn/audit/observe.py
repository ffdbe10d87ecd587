"""All that was seen of a role.

1. Its sessions: of an instance the one that bears its id; of a role those of `audit.sessions`.
2. What each session did, by the history of each region: management events. Those of global
   services such as IAM are in one region of the partition alone.
3. What trails have delivered: data events, where one records them and its bucket may be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from spawn.audit.delivered import Window, is_wanted, read_delivered
from spawn.audit.sessions import look_up, sessions_of
from spawn.audit.trails import Data, merged, read_trails
from spawn.aws.door import Reader
from spawn.aws.questions import Asker
from spawn.core.instants import format_instant
from spawn.iam.observed import Event
from spawn.iam.rightsize import Sight

# CloudTrail user guide, "Viewing event history": so long it is kept.
HISTORY = timedelta(days=90)
# CloudTrail user guide: "typically within about 5 minutes", and up to 15 by its FAQ.
LATE = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Observed:
    """The events of a role, which data events would have been seen, and what limits it."""

    events: tuple[Event, ...]
    sight: Sight
    sessions: tuple[str, ...]
    notes: tuple[str, ...]


def observe(
    reader: Reader, windows: Sequence[Window], *, session: str | None, bucket: str | None
) -> Observed:
    """Look at what a role did, in a window for each region.

    `session` is an instance's id, None for all of the role's. `bucket` narrows the trails to those
    that write into it. Raises AwsRefusal where the history can't be asked; trails that can't be
    looked at are named in the notes.
    """
    notes: list[str] = []
    events: list[Event] = []
    data: list[Data] = []
    with ThreadPoolExecutor(max_workers=8) as pool:
        asker = Asker(reader, pool)
        names = [session] if session else sessions_of(asker, windows, notes)
        for window in windows:
            events += _history(asker, names, window, notes)
            seen, delivered = _delivered(asker, window, bucket, notes)
            events += delivered
            data.append(seen)
    return Observed(
        events=_each_once(events),
        sight=Sight(data=_in_all(data)),
        sessions=tuple(names),
        notes=tuple(dict.fromkeys(notes)),
    )


def _in_all(data: Sequence[Data]) -> Data:
    """Return what is seen in each of the regions: what one lacks can't be judged."""
    first, *others = data
    return {
        kind: tuple(
            prefix for prefix in prefixes if all(prefix in each.get(kind, ()) for each in others)
        )
        for kind, prefixes in first.items()
    }


def _history(
    asker: Asker, sessions: Sequence[str], window: Window, notes: list[str]
) -> list[Event]:
    events: list[Event] = []
    for name in sessions:
        found = look_up(asker, "Username", name, window)
        read = [
            msgspec.json.decode(each.cloud_trail_event, type=Event, strict=False)
            for each in found.events
        ]
        events += [each for each in read if is_wanted(each, window)]
        if found.more and read:
            oldest = format_instant(read[-1].event_time)
            notes.append(
                f"of {name} only the newest {len(read)} events were read, back to {oldest}:"
                " what was used before that alone is missing here; ask for less time (--since)"
            )
    return events


def _each_once(events: Iterable[Event]) -> tuple[Event, ...]:
    """Leave out what both the history and a file tell."""
    return tuple(
        {each.event_id or str(number): each for number, each in enumerate(events)}.values()
    )


def _delivered(
    asker: Asker, window: Window, bucket: str | None, notes: list[str]
) -> tuple[Data, list[Event]]:
    """Return which data events were to be seen, and those that were."""
    trails = read_trails(asker, window.region, bucket=bucket)
    notes += trails.unseen
    events: list[Event] = []
    pairs: list[tuple[str, str]] = []
    for found in trails.found:
        delivered = read_delivered(asker, found.trail, window)
        notes += delivered.notes
        events += delivered.events
        if not delivered.is_whole:
            continue
        if found.since is not None and found.since > window.since:
            notes.append(
                f"the trail {found.trail.name} records since {format_instant(found.since)}:"
                " data events before that were not seen"
            )
        pairs += [(kind, prefix) for kind, prefixes in found.data.items() for prefix in prefixes]
    return merged(pairs), events
