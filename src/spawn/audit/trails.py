"""Which trails record data events, and of what. Pure, but for the questions.

A trail counts for a type of resource where its selectors take all of its data events, reads and
writes, perhaps of some ARNs only. What asks for more than prefixes of ARNs is taken for nothing:
some of the events would be missing, and nobody could say which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from spawn.aws import cloudtrail
from spawn.aws.cloudtrail import AdvancedEventSelector, Selectors, Trail, TrailStatus
from spawn.aws.questions import Absent, Asker, Fact, Known, T, Unseen, as_far_as_seen

Data = dict[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class DataTrail:
    """A trail that records data events: type of resource -> prefixes of ARNs, "" for all."""

    trail: Trail
    data: Data
    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Trails:
    """The trails that record data events in a region, and what could not be seen."""

    found: tuple[DataTrail, ...] = ()
    unseen: tuple[str, ...] = ()


def read_trails(asker: Asker, region: str, *, bucket: str | None) -> Trails:
    """Ask for the trails of a region; with `bucket`, those that write into it alone.

    What may not be looked at is named in the result.
    """
    listed = as_far_as_seen(asker.ask(cloudtrail.trails_question(region)))
    if not isinstance(listed, Known):
        return Trails(unseen=tuple(_why(listed, "the trails")))
    wanted = [each for each in listed.value if bucket in {None, each.s3_bucket_name}]
    asked = [(trail, *_ask(asker, trail, region)) for trail in wanted]
    found, unseen = [], []
    for trail, selectors, status in asked:
        takes, state = as_far_as_seen(selectors), as_far_as_seen(status)
        unseen += [*_why(takes, f"the trail {trail.name}"), *_why(state, f"the trail {trail.name}")]
        if isinstance(takes, Known) and isinstance(state, Known) and state.value.is_logging:
            data = data_of(takes.value)
            if data:
                since = state.value.start_logging_time
                found.append(DataTrail(trail=trail, data=data, since=since))
    return Trails(found=tuple(found), unseen=tuple(dict.fromkeys(unseen)))


def _ask(
    asker: Asker, trail: Trail, region: str
) -> tuple[Callable[[], Fact[Selectors]], Callable[[], Fact[TrailStatus]]]:
    return (
        asker.ask(cloudtrail.selectors_question(trail, region)),
        asker.ask(cloudtrail.status_question(trail, region)),
    )


def _why(fact: Fact[T], what: str) -> Iterator[str]:
    match fact:
        case Unseen(operation=operation, why=why):
            yield f"{what} could not be looked at with {operation}: {why}"
        case Absent():
            yield f"{what} could not be found"
        case Known():
            return


def data_of(selectors: Selectors) -> Data:
    """Return which data events selectors take whole."""
    pairs = [
        (resource.type, value)
        for selector in selectors.basic
        if selector.read_write_type == "All"
        for resource in selector.data_resources
        for value in resource.values
    ]
    pairs += [pair for selector in selectors.advanced for pair in _advanced(selector)]
    return merged(pairs)


def merged(pairs: Iterable[tuple[str, str]]) -> Data:
    """Return prefixes by type."""
    data: Data = {}
    for kind, prefix in pairs:
        known = data.get(kind, ())
        data[kind] = known if prefix in known else (*known, prefix)
    return data


def _advanced(selector: AdvancedEventSelector) -> Iterator[tuple[str, str]]:
    tests = {each.field: each for each in selector.field_selectors}
    if not tests.keys() <= {"eventCategory", "resources.type", "resources.ARN"}:
        return
    category, kinds = tests.get("eventCategory"), tests.get("resources.type")
    if category is None or kinds is None or "Data" not in category.equals:
        return
    arns = tests.get("resources.ARN")
    prefixes = ("",) if arns is None else arns.only_begins
    yield from ((kind, prefix) for kind in kinds.equals for prefix in prefixes or ())
