"""`spawn cancel`: ending instances now, each on its own, so that one bad id stops no other.

1. The plan is made from a listing: what can be ended, and what can't and why. It is shown.
2. Just before it is carried out, holds are looked for anew: a person may have thought for long.
3. An instance's backstop is deleted only after its termination was accepted: until then the
   schedule is what ends it, should anything go wrong. So are its records in DNS: it has its
   address until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from spawn.aws import ec2
from spawn.aws.door import Reader
from spawn.aws.perform import Performer
from spawn.aws.questions import Asker, Question, answer_of, value_of
from spawn.core.errors import AwsRefusal
from spawn.core.steps import Stage, Step
from spawn.core.tags import Tag
from spawn.lifecycle.backstop import plan_removal
from spawn.lifecycle.dns import clear_records
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.outcomes import (
    Outcome,
    Report,
    Result,
    held,
    not_found,
    performed,
    result_of,
)
from spawn.lifecycle.resolve import Resolution
from spawn.registry.records import plan_cancelled

# Each instance takes two calls in a row; EC2 refills its bucket for terminations slowly.
SIDE_BY_SIDE = 8


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """How one instance is ended: stage after stage."""

    instance: ListedInstance
    stages: tuple[Stage, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, for showing them."""
        return tuple(step for stage in self.stages for step in stage)


class CancelPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be ended, and what is known beforehand not to be."""

    cancellations: tuple[Cancellation, ...]
    settled: tuple[Result, ...] = ()

    @property
    def of_others(self) -> tuple[ListedInstance, ...]:
        """The instances that belong to someone else: to be pointed out before they are ended."""
        return tuple(one.instance for one in self.cancellations if not one.instance.is_mine)


def plan_cancel(resolution: Resolution, *, by: str, now: datetime) -> CancelPlan:
    """Plan the end of what was found. `by` is the caller's name, for the record.

    What is held is not ended (release the hold first), nor is what has ended.
    """
    settled = [_settled(row) for row in resolution.found]
    return CancelPlan(
        cancellations=tuple(
            Cancellation(instance=row, stages=termination_stages(row, by=by, now=now))
            for row, result in zip(resolution.found, settled, strict=True)
            if result is None
        ),
        settled=(
            *(result for result in settled if result is not None),
            *(not_found(word) for word in resolution.unresolved),
        ),
    )


def _settled(row: ListedInstance) -> Result | None:
    if row.has_ended:
        return result_of(row, Outcome.ALREADY_ENDED)
    return None if row.hold is None else held(row, row.hold)


def termination_stages(row: ListedInstance, *, by: str, now: datetime) -> tuple[Stage, ...]:
    """Return how an instance is ended: itself first, then its backstop and the record of it."""
    termination = Step(
        operation=ec2.TERMINATE_INSTANCES.key,
        region=row.region,
        parameters={"InstanceIds": [row.id]},
        sentence=f"end {row.id} ({row.name or 'no name'}, {row.region}) and delete its disks",
    )
    # The instance is gone by then: what fails here is a warning, and cleanup finds the schedule.
    removal = tuple(
        msgspec.structs.replace(step, optional=True)
        for step in plan_removal(row.id, region=row.region)
    )
    record = plan_cancelled(row.id, region=row.region, by=by, at=now, expires_at=row.expires_at)
    return ((termination,), (*removal, record))


def cancel(plan: CancelPlan, performer: Performer) -> Report:
    """Carry out a plan; what became of each instance is in the report.

    Raises nothing that AWS says: a refusal of one is that one's result.
    """
    wanted = tuple(one.instance for one in plan.cancellations)
    cases = held_now(performer.writer, wanted)

    def carry_out(one: Cancellation) -> Result:
        case = cases.get(one.instance.id)
        if case is not None:
            return held(one.instance, case)
        return performed(one.instance, Outcome.ENDED, performer.perform(one.stages))

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        results = tuple(pool.map(carry_out, plan.cancellations))
        results = without_records(pool, performer, wanted, results)
    return Report(results=(*results, *plan.settled))


def without_records(
    pool: ThreadPoolExecutor,
    performer: Performer,
    rows: Iterable[ListedInstance],
    results: tuple[Result, ...],
) -> tuple[Result, ...]:
    """Take those out of DNS that lose their address; what stays there is a warning."""
    losing = {result.id for result in results if not result.is_bad}
    cleared = clear_records(
        Asker(performer.writer, pool), performer, (row for row in rows if row.id in losing)
    )
    return tuple(
        msgspec.structs.replace(result, warnings=(*result.warnings, cleared.left[result.id]))
        if result.id in cleared.left
        else result
        for result in results
    )


def held_now(reader: Reader, rows: Iterable[ListedInstance]) -> dict[str, str]:
    """Return which of the instances carry a hold at this moment, and the case of each.

    Where a region can't be read any more, what was listed stands: a hold also protects against
    termination, in EC2 itself.
    """
    ids_by_region: dict[str, list[str]] = {}
    for row in rows:
        ids_by_region.setdefault(row.region, []).append(row.id)
    cases: dict[str, str] = {}
    for region, ids in ids_by_region.items():
        try:
            found = value_of(answer_of(reader, _holds_question(ids, region)))
        except AwsRefusal:
            continue
        cases.update({one.instance_id: one.tag_mapping[Tag.HOLD] for one in found})
    return cases


def _holds_question(ids: list[str], region: str) -> Question[tuple[ec2.Instance, ...]]:
    """Ask with filters, not ids: an id that is gone meanwhile must not fail the others."""
    return Question(
        operation=ec2.DESCRIBE_INSTANCES,
        parameters={
            "Filters": [
                {"Name": "instance-id", "Values": ids},
                {"Name": "tag-key", "Values": [Tag.HOLD.value]},
            ]
        },
        region=region,
        understand=ec2.instances,
    )
