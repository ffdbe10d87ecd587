"""`spawn stop`, `start` and `hibernate`: the end date stays, whatever state an instance is in.

Each instance is handled on its own, as in `cancel`. What can't be, and why, is known beforehand: a
spot instance can't be stopped, one that was not launched for it can't hibernate, and one whose end
date has passed would end as soon as it started.
"""

from __future__ import annotations

import enum
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import assert_never

import msgspec

from spawn.aws.ec2_changes import START_INSTANCES, STOP_INSTANCES
from spawn.aws.perform import Performer
from spawn.core.instants import format_instant
from spawn.core.steps import Step
from spawn.lifecycle.cancel import SIDE_BY_SIDE, held_now, without_records
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


class Deed(enum.StrEnum):
    """What is done to instances."""

    STOP = "stop"
    START = "start"
    HIBERNATE = "hibernate"

    @property
    def done(self) -> str:
        """What an instance has been once it is done."""
        return {Deed.STOP: "stopped", Deed.START: "started"}.get(self, "hibernated")

    @property
    def outcome(self) -> Outcome:
        """What an instance does once EC2 has accepted it."""
        match self:
            case Deed.STOP:
                return Outcome.STOPPING
            case Deed.START:
                return Outcome.STARTING
            case Deed.HIBERNATE:
                return Outcome.HIBERNATING
            case _:
                assert_never(self)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One instance, and the step that changes its state."""

    instance: ListedInstance
    step: Step


class PowerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, and what is known beforehand not to be."""

    deed: Deed
    changes: tuple[Change, ...]
    settled: tuple[Result, ...] = ()


def plan_power(deed: Deed, resolution: Resolution, *, now: datetime) -> PowerPlan:
    """Plan it for what was found; what is so already, or can't be, is settled."""
    settled = [_settled(deed, row, now=now) for row in resolution.found]
    return PowerPlan(
        deed=deed,
        changes=tuple(
            Change(instance=row, step=_step(deed, row))
            for row, result in zip(resolution.found, settled, strict=True)
            if result is None
        ),
        settled=(
            *(result for result in settled if result is not None),
            *(not_found(word) for word in resolution.unresolved),
        ),
    )


def _settled(deed: Deed, row: ListedInstance, *, now: datetime) -> Result | None:
    """Return what is known of an instance before anything is done, None where it can be done."""
    if row.has_ended:
        return result_of(row, Outcome.IMPOSSIBLE, why=f"it is {row.state}")
    if row.hold is not None:
        return held(row, row.hold)
    if deed is Deed.START:
        return _unstartable(row, now=now)
    return _unstoppable(deed, row)


def _unstartable(row: ListedInstance, *, now: datetime) -> Result | None:
    if row.state in {"pending", "running"}:
        return result_of(row, Outcome.ALREADY_RUNNING)
    if row.expires_at is not None and row.expires_at > now:
        return None
    when = f"{format_instant(row.expires_at)} has passed" if row.expires_at else "can't be read"
    return result_of(
        row,
        Outcome.IMPOSSIBLE,
        why=f"its end date {when}: extend it first",
        next_command=f"spawn extend {row.id} 2h",
    )


def _unstoppable(deed: Deed, row: ListedInstance) -> Result | None:
    if row.is_spot:
        why = "a one-time spot instance can't be stopped, only ended"
        return result_of(row, Outcome.IMPOSSIBLE, why=why, next_command=f"spawn cancel {row.id}")
    if row.is_stopped:
        return result_of(row, Outcome.ALREADY_STOPPED)
    if deed is Deed.HIBERNATE and not row.can_hibernate:
        return result_of(
            row,
            Outcome.IMPOSSIBLE,
            why="it was not launched for that; --hibernation allows it, the next time",
            next_command=f"spawn stop {row.id}",
        )
    return None


def _step(deed: Deed, row: ListedInstance) -> Step:
    operation = START_INSTANCES if deed is Deed.START else STOP_INSTANCES
    hibernate = {"Hibernate": True} if deed is Deed.HIBERNATE else {}
    return Step(
        operation=operation.key,
        region=row.region,
        parameters={"InstanceIds": [row.id], **hibernate},
        sentence=f"{deed} {row.id} ({row.name or 'no name'}, {row.region})",
    )


def change_power(plan: PowerPlan, performer: Performer) -> Report:
    """Carry out a plan; what became of each instance is in the report.

    Raises nothing that AWS says: a refusal of one is that one's result. One that stops loses its
    address, and so its records in DNS: its agent makes them anew when it starts.
    """
    rows = tuple(one.instance for one in plan.changes)
    cases = held_now(performer.writer, rows)

    def carry_out(one: Change) -> Result:
        case = cases.get(one.instance.id)
        if case is not None:
            return held(one.instance, case)
        return performed(one.instance, plan.deed.outcome, performer.perform(((one.step,),)))

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        results = tuple(pool.map(carry_out, plan.changes))
        if plan.deed is not Deed.START:
            results = without_records(pool, performer, rows, results)
    return Report(results=(*results, *plan.settled))
