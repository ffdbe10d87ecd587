"""Performs the plan of `spawn network allow`.

1. The group is made or completed. If someone made the same meanwhile, the plan is made anew; what
   is theirs is read back like anything else.
2. One interface after the other is put into it.
3. The instance is read back: planned anew, nothing must be left to do, and nothing be refused
   that the plan did not show.
4. Whatever fails from 2 on puts the interfaces back that had been changed. The group stays: it is
   shared, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spawn.aws.perform import Performance, Performer
from spawn.core.errors import (
    AccountError,
    AwsRefusal,
    Defect,
    Interrupted,
    RefusedByControl,
    SpawnError,
    Unreachable,
)
from spawn.core.steps import Outputs, Step
from spawn.lifecycle.allow import AllowPlan
from spawn.posture.levels import refusals

# Two commands that begin at once settle in one new plan; more is something else going wrong.
MOST_PLANS = 3
# What was just changed may not be visible everywhere; what is wrong after that is wrong.
SETTLED_WITHIN_SECONDS = 20.0
POLL_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What came of a plan: the one that was carried out, and the one made anew afterwards."""

    plan: AllowPlan
    seen: AllowPlan


@dataclass(frozen=True, kw_only=True)
class Allowing:
    """Where the plan is performed.

    `replan` makes the same plan from fresh facts; `phase` is told what begins.
    """

    performer: Performer
    replan: Callable[[], AllowPlan]
    phase: Callable[[str], None]

    def apply(self, plan: AllowPlan) -> Allowed:
        """Perform the plan, and read back what came of it.

        Raises AwsRefusal for a call that failed, AccountError and RefusedByControl for an
        instance that is not as planned, and what `replan` raises. The interfaces are as they were
        by then, and the error's aftermath says so; or which of them are not.
        """
        plan, prepared = self._prepare(plan)
        changed: list[Step] = []
        try:
            for step in plan.attach:
                self._attach(step, prepared.outputs, changed)
            self.phase("looking at what was changed")
            return Allowed(plan=plan, seen=self._read_back(plan))
        except SpawnError as error:
            error.aftermath = self._put_back(changed)
            raise
        except KeyboardInterrupt as stop:
            stopped = Interrupted(
                "the change was stopped", next_command=f"spawn status {plan.instance.id}"
            )
            stopped.aftermath = self._put_back(changed)
            raise stopped from stop

    def _prepare(self, plan: AllowPlan) -> tuple[AllowPlan, Performance]:
        for _ in range(MOST_PLANS):
            performance = self.performer.perform(plan.prepare)
            refusal = _failure(performance)
            if refusal is not None:
                raise refusal
            if not performance.collided:
                return plan, performance
            self.phase("someone else made the same meanwhile: looking again")
            plan = self.replan()
        raise AccountError(
            "the security group keeps changing while it is made, so nothing was changed",
            why="each time it was looked at, someone had changed it again",
            next_command=f"spawn network allow {plan.instance.id}",
        )

    def _attach(self, step: Step, outputs: Outputs, changed: list[Step]) -> None:
        """Change one interface. What may have been changed, for want of an answer, counts."""
        changed.append(step)
        refusal = _failure(self.performer.perform(((step,),), outputs))
        if refusal is not None:
            if not isinstance(refusal, Unreachable):
                changed.remove(step)
            raise refusal

    def _read_back(self, plan: AllowPlan) -> AllowPlan:
        deadline = self.performer.clock.monotonic() + SETTLED_WITHIN_SECONDS
        while True:
            try:
                seen = self.replan()
                _require_as_planned(plan, seen)
            except AccountError:
                if self.performer.clock.monotonic() > deadline:
                    raise
            else:
                return seen
            self.performer.clock.sleep(POLL_SECONDS)

    def _put_back(self, changed: Sequence[Step]) -> tuple[str, ...]:
        """Put the interfaces back, all at once; return what was put back and what could not be."""
        if not changed:
            return ("no interface was changed",)
        self.phase("putting back what was changed")
        steps = tuple(_undo_step(step) for step in changed)
        try:
            performance = self.performer.perform((steps,))
        except KeyboardInterrupt:
            return tuple(f"left undone: {step.sentence}" for step in steps)
        left = {id(one.step) for one in performance.failures}
        return tuple(
            f"{'left undone' if id(step) in left else 'done'}: {step.sentence}" for step in steps
        )


def _failure(performance: Performance) -> AwsRefusal | None:
    return next((one.refusal for one in performance.failures if one.refusal is not None), None)


def _undo_step(step: Step) -> Step:
    if step.undo is None:
        raise Defect(f"{step.operation} was planned without its undo")
    return Step(
        operation=step.undo.operation,
        region=step.region,
        parameters=step.undo.parameters,
        sentence=step.undo.sentence,
    )


def _require_as_planned(plan: AllowPlan, seen: AllowPlan) -> None:
    """Raise AccountError for an instance that is not as planned, or RefusedByControl."""
    status = f"spawn status {plan.instance.id}"
    if not seen.is_done:
        steps = (*(step for stage in seen.prepare for step in stage), *seen.attach)
        raise AccountError(
            f"{plan.instance.id} is not as it was planned to be",
            why=f"still to do: {'; '.join(step.sentence for step in steps)}",
            next_command=status,
        )
    expected = {one.control for one in refusals(plan.findings)}
    refused = [one for one in refusals(seen.findings) if one.control not in expected]
    if refused:
        raise RefusedByControl(
            f"{plan.instance.id} is not what was planned",
            why="; ".join(f"{one.control}: {one.evidence}" for one in refused),
            next_command=status,
            controls=tuple(one.control for one in refused),
        )
