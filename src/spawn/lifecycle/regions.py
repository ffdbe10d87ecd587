"""All enabled regions, read side by side; one that does not answer is named, never left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from spawn.aws import ec2, scheduler
from spawn.aws.denials import with_denials
from spawn.aws.questions import Asker, Fact, Question, as_far_as_seen, value_of
from spawn.core.errors import AwsRefusal, PartlyDone
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
    """Read instances and schedules of every region in one round; raises what `gather` raises."""

    def ask(region: str) -> Callable[[], RegionReading]:
        instances = asker.ask(instances_question(region, states))
        schedules = asker.ask(scheduler.schedules_question(region))
        return lambda: RegionReading(
            region=region,
            instances=value_of(instances()),
            schedules=as_far_as_seen(schedules),
        )

    return gather({region: ask(region) for region in regions})


def gather(
    pending: Mapping[str, Callable[[], T]],
) -> tuple[tuple[T, ...], tuple[FailedRegion, ...]]:
    """Wait for each region: what was read, and which could not be.

    Raises AwsRefusal, the first one, where no region could be read at all: then it is not a
    region that fails, but the way to AWS.
    """
    read: list[T] = []
    failed: list[FailedRegion] = []
    refusals: list[AwsRefusal] = []
    for region, wait in pending.items():
        try:
            read.append(wait())
        except AwsRefusal as refusal:
            refusals.append(refusal)
            failed.append(FailedRegion(region=region, why=refusal.why or refusal.what))
    if refusals and not read:
        raise refusals[0]
    return tuple(read), tuple(failed)


def not_all_removed(
    left: Iterable[tuple[str, str]], unseen: Iterable[FailedRegion], *, next_command: str = ""
) -> PartlyDone | None:
    """Return what was left and not seen as an error, None where there is nothing of either.

    `left` are names of what was to go, each with the reason why it did not.
    """
    lacking = (*left, *((one.region, one.why) for one in unseen))
    if not lacking:
        return None
    why = "\n".join(f"{name}: {why}" if why else name for name, why in lacking)
    what = "not everything could be seen and removed"
    error = PartlyDone(what, why=why, next_command=next_command)
    return with_denials(error, (why for _, why in lacking))
