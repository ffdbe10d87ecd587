"""`spawn cancel`: ending instances now, each on its own, so that one bad id stops no other.

1. The plan is made from a listing: what can be ended, and what can't and why. It is shown.
2. Just before it is carried out, holds are looked for anew: a person may have thought for long.
3. An instance's backstop is deleted only after its termination was accepted: until then the
   schedule is what ends it, should anything go wrong.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from spawn.aws import ec2
from spawn.aws.door import Reader
from spawn.aws.perform import Performance, Performer
from spawn.aws.questions import Question, answer_of, value_of
from spawn.core.errors import (
    AccessDenied,
    AwsRefusal,
    NamedThingNotFound,
    PartlyDone,
    RefusedByControl,
    SpawnError,
)
from spawn.core.steps import Stage, Step
from spawn.core.tags import Tag
from spawn.lifecycle.backstop import plan_removal
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.resolve import Resolution, Unresolved
from spawn.registry.records import plan_cancelled

# Each instance takes two calls in a row; EC2 refills its bucket for terminations slowly.
SIDE_BY_SIDE = 8
PAUSE_SECONDS = 2.0


class Outcome(enum.StrEnum):
    """What became of one instance, or of a word that names none."""

    ENDED = "ended"
    ALREADY_ENDED = "already ended"
    HELD = "held"
    DENIED = "denied"
    NOT_FOUND = "not found"
    FAILED = "failed"


_GOOD = frozenset({Outcome.ENDED, Outcome.ALREADY_ENDED})


class CancelResult(msgspec.Struct, frozen=True, kw_only=True):
    """One result. `id` is the word as it was written where no instance was found by it.

    `warnings` are what was left undone besides: the backstop's deletion, the record.
    """

    id: str
    outcome: Outcome
    region: str = ""
    name: str = ""
    why: str = ""
    warnings: tuple[str, ...] = ()


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
    settled: tuple[CancelResult, ...] = ()

    @property
    def of_others(self) -> tuple[ListedInstance, ...]:
        """The instances that belong to someone else: to be pointed out before they are ended."""
        return tuple(one.instance for one in self.cancellations if not one.instance.is_mine)


class CancelReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of everything that was named."""

    results: tuple[CancelResult, ...]


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
            *(_not_found(word) for word in resolution.unresolved),
        ),
    )


def _settled(row: ListedInstance) -> CancelResult | None:
    if row.has_ended:
        return _result(row, Outcome.ALREADY_ENDED)
    if row.hold is not None:
        return _result(row, Outcome.HELD, why=_held_words(row.hold))
    return None


def _held_words(case: str) -> str:
    return f"held as evidence ({case}); release the hold first" if case else "held as evidence"


def _not_found(word: Unresolved) -> CancelResult:
    could_be = f"; it could be {', '.join(word.candidates)}" if word.candidates else ""
    return CancelResult(id=word.word, outcome=Outcome.NOT_FOUND, why=f"{word.why}{could_be}")


def termination_stages(row: ListedInstance, *, by: str, now: datetime) -> tuple[Stage, ...]:
    """Return how an instance is ended: itself first, then its backstop and the record of it."""
    termination = Step(
        operation=ec2.TERMINATE_INSTANCES.key,
        region=row.region,
        parameters={"InstanceIds": [row.id]},
        sentence=f"end {row.id} ({row.name or 'no name'}, {row.region}) and delete its disks",
    )
    # The instance is gone by then: what fails here is a warning, and cleanup finds the schedule.
    removal = msgspec.structs.replace(plan_removal(row.id, region=row.region), optional=True)
    record = plan_cancelled(row.id, region=row.region, by=by, at=now, expires_at=row.expires_at)
    return ((termination,), (removal, record))


def cancel(plan: CancelPlan, performer: Performer) -> CancelReport:
    """Carry out a plan; what became of each instance is in the report.

    Raises nothing that AWS says: a refusal of one is that one's result.
    """
    wanted = tuple(one.instance for one in plan.cancellations)
    held = held_now(performer.writer, wanted)

    def carry_out(one: Cancellation) -> CancelResult:
        case = held.get(one.instance.id)
        if case is not None:
            return _result(one.instance, Outcome.HELD, why=_held_words(case))
        return _outcome(one.instance, performer.perform(one.stages))

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        results = tuple(pool.map(carry_out, plan.cancellations))
    return CancelReport(results=(*results, *plan.settled))


def held_now(reader: Reader, rows: Iterable[ListedInstance]) -> dict[str, str]:
    """Return which of the instances carry a hold at this moment, and the case of each.

    Where a region can't be read any more, what was listed stands: a hold also protects against
    termination, in EC2 itself.
    """
    ids_by_region: dict[str, list[str]] = {}
    for row in rows:
        ids_by_region.setdefault(row.region, []).append(row.id)
    held: dict[str, str] = {}
    for region, ids in ids_by_region.items():
        try:
            found = value_of(answer_of(reader, _holds_question(ids, region)))
        except AwsRefusal:
            continue
        held.update({one.instance_id: one.tag_mapping[Tag.HOLD] for one in found})
    return held


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


def _outcome(row: ListedInstance, performance: Performance) -> CancelResult:
    warnings = tuple(
        f"{one.step.sentence}: {one.refusal.why if one.refusal else 'not done'}"
        for one in performance.warnings
    )
    refusal = next((one.refusal for one in performance.failures), None)
    match refusal:
        case None:
            return _result(row, Outcome.ENDED, warnings=warnings)
        case AccessDenied():
            return _result(row, Outcome.DENIED, why=refusal.why)
        # It ended between the listing and now, and AWS has forgotten it since.
        case AwsRefusal(code="InvalidInstanceID.NotFound"):
            return _result(row, Outcome.NOT_FOUND, why=refusal.why)
        case _:
            return _result(row, Outcome.FAILED, why=refusal.why or refusal.what)


def _result(
    row: ListedInstance, outcome: Outcome, *, why: str = "", warnings: tuple[str, ...] = ()
) -> CancelResult:
    return CancelResult(
        id=row.id, outcome=outcome, region=row.region, name=row.name, why=why, warnings=warnings
    )


def error_of(report: CancelReport) -> SpawnError | None:
    """Return the error that the report amounts to, None where everything named has ended.

    When some have ended and others not it is PartlyDone; when none has, it is what their reason
    is, where they all have the same.
    """
    bad = tuple(result for result in report.results if result.outcome not in _GOOD)
    if not bad:
        return None
    why = "; ".join(f"{result.id}: {result.outcome}: {result.why}" for result in bad)
    if len(bad) < len(report.results):
        return PartlyDone(f"{len(bad)} of {len(report.results)} were not ended", why=why)
    match {result.outcome for result in bad}:
        case outcomes if outcomes == {Outcome.NOT_FOUND}:
            return NamedThingNotFound("nothing was found to end", why=why)
        case outcomes if outcomes == {Outcome.DENIED}:
            return AccessDenied("AWS denied ending them", why=why)
        case outcomes if outcomes == {Outcome.HELD}:
            return RefusedByControl("what is held is not ended", why=why)
        case _:
            return AwsRefusal("nothing was ended", why=why)
