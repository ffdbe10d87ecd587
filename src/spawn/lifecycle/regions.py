"""All enabled regions, read side by side; one that does not answer is named, never left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from spawn.aws import ec2, scheduler
from spawn.aws.questions import Absent, Asker, Fact, Known, Question, Unseen
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.core.tags import Tag
from spawn.lifecycle.listed import Schedules

T = TypeVar("T")


class FailedRegion(msgspec.Struct, frozen=True, kw_only=True):
    """A region that could not be read, and why."""

    region: str
    why: str


@dataclass(frozen=True, kw_only=True)
class RegionReading:
    """What one region answered. Schedules that can't be read don't fail the region."""

    region: str
    instances: tuple[ec2.Instance, ...]
    schedules: Fact[Schedules]


def enabled_regions(asker: Asker, home_region: str) -> tuple[str, ...]:
    """Return the regions that the account has enabled, as `home_region` knows them.

    Raises AwsRefusal, also when it is denied: without the list nothing said of "all regions"
    would be true.
    """
    question = Question(
        operation=ec2.DESCRIBE_REGIONS,
        parameters={},
        region=home_region,
        understand=ec2.region_names,
    )
    return value_of(asker.ask(question)())


def value_of(fact: Fact[T]) -> T:
    """Return what is known.

    Raises AccessDenied for what may not be seen, AwsRefusal for what should be there and is not.
    """
    match fact:
        case Known(value=value):
            return value
        case Unseen(operation=operation, why=why):
            raise AccessDenied(f"AWS denied {operation}", why=why, operation=operation)
        case Absent():
            raise AwsRefusal("AWS knows nothing of what must be there")


def instances_question(region: str, states: tuple[str, ...]) -> Question[tuple[ec2.Instance, ...]]:
    """Ask for a region's spawn instances in the given states."""
    return Question(
        operation=ec2.DESCRIBE_INSTANCES,
        parameters={
            "Filters": [
                {"Name": "tag-key", "Values": [Tag.SPAWN.value]},
                {"Name": "instance-state-name", "Values": list(states)},
            ]
        },
        region=region,
        understand=ec2.instances,
    )


def read_regions(
    asker: Asker, regions: Iterable[str], *, states: tuple[str, ...]
) -> tuple[tuple[RegionReading, ...], tuple[FailedRegion, ...]]:
    """Read instances and schedules of every region in one round."""
    asked = [
        (
            region,
            asker.ask(instances_question(region, states)),
            asker.ask(scheduler.schedules_question(region)),
        )
        for region in regions
    ]
    readings: list[RegionReading] = []
    failed: list[FailedRegion] = []
    for region, instances, schedules in asked:
        try:
            found = value_of(instances())
        except AwsRefusal as refusal:
            failed.append(FailedRegion(region=region, why=refusal.why or refusal.what))
        else:
            readings.append(
                RegionReading(region=region, instances=found, schedules=_as_far_as_seen(schedules))
            )
    return tuple(readings), tuple(failed)


def _as_far_as_seen(wait: Callable[[], Fact[Schedules]]) -> Fact[Schedules]:
    try:
        return wait()
    except AwsRefusal as refusal:
        return Unseen(scheduler.LIST_SCHEDULES.key, refusal.why or refusal.what)
