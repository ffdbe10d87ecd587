"""CloudTrail: the history of calls, and the trails that keep more of them.

Source: CloudTrail API Reference; user guide, "Viewing event history", "Logging data events".
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from spawn.aws.operation import Answer, read
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

LOOKUP_EVENTS = read("cloudtrail", "LookupEvents")
DESCRIBE_TRAILS = read("cloudtrail", "DescribeTrails")
GET_EVENT_SELECTORS = read("cloudtrail", "GetEventSelectors")
GET_TRAIL_STATUS = read("cloudtrail", "GetTrailStatus")

OPERATIONS = (LOOKUP_EVENTS, DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS)

# What one answer of LookupEvents holds at the most.
PAGE = 50


class FoundEvent(Shape, frozen=True, kw_only=True):
    """An event of the history; `cloud_trail_event` is the whole record as JSON."""

    event_id: str
    event_name: str = ""
    cloud_trail_event: str = "{}"


class FoundEvents(msgspec.Struct, frozen=True, kw_only=True):
    """What a lookup found, newest first; `more` says that there was more than was asked for."""

    events: tuple[FoundEvent, ...]
    more: bool


class Trail(Shape, frozen=True, kw_only=True):
    """A trail; its files are in a bucket, by region and day."""

    name: str
    trail_arn: str = msgspec.field(name="TrailARN")
    s3_bucket_name: str = msgspec.field(name="S3BucketName", default="")
    s3_key_prefix: str = msgspec.field(name="S3KeyPrefix", default="")
    home_region: str = ""
    is_multi_region_trail: bool = False


class TrailStatus(Shape, frozen=True, kw_only=True):
    """Whether a trail records, and since when."""

    is_logging: bool
    start_logging_time: datetime | None = None


class DataResource(Shape, frozen=True, kw_only=True):
    """What a selector takes of data events: a type of resources, and prefixes of their ARNs."""

    type: str = ""
    values: tuple[str, ...] = ()


class EventSelector(Shape, frozen=True, kw_only=True):
    """A selector of the older kind."""

    read_write_type: str = "All"
    data_resources: tuple[DataResource, ...] = ()


class FieldSelector(Shape, frozen=True, kw_only=True):
    """One test of an advanced selector; only the operators that widen are looked at."""

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()

    @property
    def only_begins(self) -> tuple[str, ...] | None:
        """What it lets through as prefixes; None where it asks for more than that."""
        if self.ends_with or self.not_equals or self.not_starts_with or self.not_ends_with:
            return None
        return (*self.equals, *self.starts_with)


class AdvancedEventSelector(Shape, frozen=True, kw_only=True):
    """A selector of the newer kind: all of its tests must hold."""

    field_selectors: tuple[FieldSelector, ...] = ()


class Selectors(msgspec.Struct, frozen=True, kw_only=True):
    """Which events a trail takes."""

    basic: tuple[EventSelector, ...]
    advanced: tuple[AdvancedEventSelector, ...]


def lookup_question(
    key: str, value: str, *, since: datetime, until: datetime, most: int, region: str
) -> Question[FoundEvents]:
    """Ask for the newest events of one attribute: "Username" or "ResourceName", say.

    AWS answers two such calls a second and hands out 50 events with each, so that `most` bounds
    the time as well.
    """
    return Question(
        operation=LOOKUP_EVENTS,
        parameters={
            "LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}],
            "StartTime": since,
            "EndTime": until,
            "PaginationConfig": {"MaxItems": most, "PageSize": PAGE},
        },
        region=region,
        understand=_found_events,
    )


def _found_events(answer: Answer) -> FoundEvents:
    return FoundEvents(
        events=many(answer, "Events", FoundEvent), more=bool(answer.get("NextToken"))
    )


def trails_question(region: str) -> Question[tuple[Trail, ...]]:
    """Ask which trails take events of a region."""
    return Question(
        operation=DESCRIBE_TRAILS,
        parameters={"includeShadowTrails": True},
        region=region,
        understand=lambda answer: many(answer, "trailList", Trail),
    )


def selectors_question(trail: Trail, region: str) -> Question[Selectors]:
    """Ask which events a trail takes."""
    return Question(
        operation=GET_EVENT_SELECTORS,
        parameters={"TrailName": trail.trail_arn},
        region=trail.home_region or region,
        understand=lambda answer: Selectors(
            basic=many(answer, "EventSelectors", EventSelector),
            advanced=many(answer, "AdvancedEventSelectors", AdvancedEventSelector),
        ),
    )


def status_question(trail: Trail, region: str) -> Question[TrailStatus]:
    """Ask whether a trail records."""
    return Question(
        operation=GET_TRAIL_STATUS,
        parameters={"Name": trail.trail_arn},
        region=trail.home_region or region,
        understand=lambda answer: msgspec.convert(answer, TrailStatus, strict=False),
    )
