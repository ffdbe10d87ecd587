"""The events of a trail's log files, day by day and within limits.

Source: CloudTrail user guide, "Finding your CloudTrail log files": a file is a gzipped object with
a list `Records`, below `AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import msgspec

from spawn.aws import s3_objects
from spawn.aws.cloudtrail import Trail
from spawn.aws.questions import Absent, Asker, Fact, Known, Unseen, as_far_as_seen
from spawn.aws.s3_objects import StoredObject
from spawn.iam.observed import Event

# An hour of an account with much going on is some dozen files, of a megabyte at the most each.
MOST_FILES = 2_000
MOST_BYTES = 128 * 1024 * 1024  # of one file, unpacked


class _File(msgspec.Struct, frozen=True, rename={"records": "Records"}):
    """A log file; its records stay as they are until one is known to be wanted."""

    records: tuple[msgspec.Raw, ...]


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is looked for: a role's events in an account and region, between two points in time."""

    role_arn: str
    account: str
    region: str
    since: datetime
    until: datetime


# CloudTrail user guide, "Global service events": the region in which a partition has them.
_GLOBAL = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def windows_of(window: Window, arns: Iterable[str]) -> tuple[Window, ...]:
    """Return a window for each region: its own, that of global services, those of the ARNs."""
    parts = [arn.split(":", 5) for arn in (window.role_arn, *arns)]
    named = [part[3] for part in parts if len(part) == 6 and re.fullmatch(r"[a-z0-9-]+", part[3])]
    partition = parts[0][1]
    regions = dict.fromkeys((window.region, *filter(None, [_GLOBAL.get(partition)]), *named))
    return tuple(replace(window, region=region) for region in regions)


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What was found. `is_whole` says that every file of the window was read."""

    events: tuple[Event, ...]
    is_whole: bool
    notes: tuple[str, ...] = ()


def read_delivered(asker: Asker, trail: Trail, window: Window) -> Delivered:
    """Read what a trail has delivered; what can't be read is named, and is missing."""
    files, notes = _files(asker, trail, window)
    chosen = files[-MOST_FILES:]
    if len(chosen) < len(files):
        notes.append(
            f"of {len(files)} files in {trail.s3_bucket_name} the last {len(chosen)} count"
        )
    asked = [(file.key, _ask(asker, trail, file.key, window)) for file in chosen]
    events: list[Event] = []
    for key, wait in asked:
        content = as_far_as_seen(wait)
        found = events_in(content.value, window) if isinstance(content, Known) else None
        if found is None:
            why = content.why if isinstance(content, Unseen) else "it is not a log file"
            notes.append(f"s3://{trail.s3_bucket_name}/{key} could not be read: {why}")
        else:
            events += found
    return Delivered(events=tuple(events), is_whole=not notes, notes=tuple(notes))


def _files(asker: Asker, trail: Trail, window: Window) -> tuple[list[StoredObject], list[str]]:
    listings = [
        asker.ask(
            s3_objects.objects_question(
                trail.s3_bucket_name,
                folder(trail, window, day),
                account=window.account,
                region=window.region,
                most=MOST_FILES,
            )
        )
        for day in days(window)
    ]
    files: list[StoredObject] = []
    notes: list[str] = []
    for wait in listings:
        match as_far_as_seen(wait):
            case Known(value=found):
                files += [each for each in found if each.key.endswith(".json.gz")]
            case Unseen(operation=operation, why=why):
                notes.append(f"{trail.s3_bucket_name} could not be listed with {operation}: {why}")
            case Absent():
                notes.append(f"there is no bucket {trail.s3_bucket_name}")
    return files, list(dict.fromkeys(notes))


def _ask(asker: Asker, trail: Trail, key: str, window: Window) -> Callable[[], Fact[bytes | None]]:
    return asker.ask(
        s3_objects.gzipped_question(
            trail.s3_bucket_name,
            key,
            account=window.account,
            region=window.region,
            most_bytes=MOST_BYTES,
        )
    )


def days(window: Window) -> Iterator[date]:
    """Yield the days of a window, in UTC; files come late, so the day after its end too."""
    day, last = window.since.date(), (window.until + timedelta(minutes=30)).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def folder(trail: Trail, window: Window, day: date) -> str:
    """Return where a trail's files of one day and region are."""
    before = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    place = f"AWSLogs/{window.account}/CloudTrail/{window.region}"
    return f"{before}{place}/{day:%Y/%m/%d}/"


def events_in(content: bytes | None, window: Window) -> list[Event] | None:
    """Return the role's events of a file, within the window; None for what is no log file."""
    if content is None:
        return None
    wanted = window.role_arn.encode()
    try:
        records = msgspec.json.decode(content, type=_File).records
        # Most records are somebody else's: those that don't even name the role aren't read.
        found = [
            msgspec.json.decode(raw, type=Event, strict=False)
            for raw in records
            if wanted in bytes(raw)
        ]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return [each for each in found if is_wanted(each, window)]


def is_wanted(event: Event, window: Window) -> bool:
    """Say whether an event is the role's, and of the time that is asked about."""
    return event.role_arn == window.role_arn and window.since <= event.event_time <= window.until
