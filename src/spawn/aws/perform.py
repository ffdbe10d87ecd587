"""Carries out stages of steps.

1. The steps of a stage are performed side by side; the next stage waits for all of them.
2. A step that fails with a passing error is asked again, within the limit of its retry rule.
3. A step that finds no capacity is tried with its alternatives, in their order.
4. A step that refers to an output with several values is performed for each of them.
5. An optional step that fails is a warning, and what only follows from it is skipped. Any other
   failure ends the performance after its stage, and so does a collision. Nothing is undone here:
   whoever asked knows what to take back.

What happens is told to observers before and after each request: the journal is one of them, the
progress on a terminal another. A performance is returned as data, not raised, since half of it
may have been done.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from spawn.aws.door import Writer
from spawn.aws.operation import Answer
from spawn.aws.table import operation
from spawn.core.clock import Clock
from spawn.core.errors import AwsRefusal, Defect
from spawn.core.steps import (
    Outputs,
    Parameters,
    Stage,
    Step,
    for_each,
    resolve,
    unmet_references,
    yielded,
)

# Eventual consistency is a matter of seconds: ask soon, then ever less often.
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 4.0
# One stage holds a dozen steps at the most, and each wants to go out at once.
SIDE_BY_SIDE = 16


class Observer(Protocol):
    """Whoever wants to know. Called from several threads."""

    def started(self, step: Step, attempt: str) -> None:
        """The request is about to be sent. `attempt` is the alternative's label, or empty."""

    def waiting(self, step: Step, refusal: AwsRefusal) -> None:
        """AWS answered with an error that passes; the step is asked again."""

    def passed_over(self, step: Step, attempt: str, refusal: AwsRefusal) -> None:
        """There is no capacity for this attempt; the next alternative is tried."""

    def done(self, step: Step, outputs: Outputs) -> None:
        """The step was performed, and yielded these."""

    def failed(self, step: Step, refusal: AwsRefusal) -> None:
        """The step was not performed, or (for Unreachable) nobody knows."""


class Result(enum.Enum):
    """How one step came out."""

    DONE = enum.auto()
    ACCEPTED = enum.auto()  # it already was as wanted
    COLLIDED = enum.auto()  # someone else made the same thing: the facts are old
    FAILED = enum.auto()
    SKIPPED = enum.auto()  # it follows from an optional step that failed


@dataclass(frozen=True)
class Attempt:
    """A try that failed. `label` is the alternative's, empty for the first choice."""

    label: str
    refusal: AwsRefusal


@dataclass(frozen=True)
class Performed:
    """One step's outcome. `attempts` are the tries that failed, in order."""

    step: Step
    result: Result
    outputs: Outputs = field(default_factory=dict)
    refusal: AwsRefusal | None = None
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Performance:
    """What came of the stages: every step that was tried, in order, and all outputs."""

    performed: tuple[Performed, ...]
    outputs: Outputs

    @property
    def failures(self) -> tuple[Performed, ...]:
        """The steps that had to succeed and did not."""
        return tuple(
            one for one in self.performed if one.result is Result.FAILED and not one.step.optional
        )

    @property
    def warnings(self) -> tuple[Performed, ...]:
        """The steps that did not succeed and need not."""
        return tuple(
            one for one in self.performed if one.result is Result.FAILED and one.step.optional
        )

    @property
    def collided(self) -> bool:
        """Whether someone else made one of these things meanwhile."""
        return any(one.result is Result.COLLIDED for one in self.performed)


@dataclass(frozen=True, kw_only=True)
class Performer:
    """Where steps are performed, who watches, and what time it is."""

    writer: Writer
    clock: Clock
    observers: Sequence[Observer] = ()

    def perform(
        self,
        stages: Sequence[Stage],
        outputs: Outputs | None = None,
        *,
        failed: Collection[str] = (),
    ) -> Performance:
        """Carry out the stages in order.

        `outputs` are those of earlier performances, `failed` the operations of their warnings.
        Raises Defect, before anything is sent, for steps that need an output nobody yields.
        """
        known = dict(outputs or {})
        missing = [need for need in unmet_references(tuple(stages)) if need not in known]
        if missing:
            raise Defect(f"no earlier step yields {', '.join(missing)}")
        performed: list[Performed] = []
        for stage in stages:
            if not stage:
                continue
            steps = [one for step in stage for one in for_each(step, known)]
            with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
                tried = [pool.submit(self._perform_step, step, known, failed) for step in steps]
                results = [one.result() for one in tried]
            performed.extend(results)
            for result in results:
                known.update(result.outputs)
            so_far = Performance(tuple(performed), known)
            failed = {*failed, *(one.step.operation for one in so_far.warnings)}
            if so_far.failures or so_far.collided:
                break
        return Performance(tuple(performed), known)

    def _perform_step(self, step: Step, outputs: Outputs, failed: Collection[str]) -> Performed:
        if any(operation in failed for operation in step.follows):
            return Performed(step, Result.SKIPPED)
        choices = [("", step.parameters)]
        choices += [(choice.label, choice.parameters) for choice in step.alternatives]
        attempts: list[Attempt] = []
        for number, (label, parameters) in enumerate(choices, start=1):
            for observer in self.observers:
                observer.started(step, label)
            try:
                answer = self._ask_until_settled(step, resolve(parameters, outputs))
            except AwsRefusal as error:
                attempts.append(Attempt(label, error))
                if error.code not in step.next_on:
                    break
                if number < len(choices):
                    for observer in self.observers:
                        observer.passed_over(step, label, error)
            else:
                outcome = {found.output: yielded(answer, found.path) for found in step.yields}
                for observer in self.observers:
                    observer.done(step, outcome)
                return Performed(step, Result.DONE, outcome, attempts=tuple(attempts))
        return self._refused(step, tuple(attempts))

    def _refused(self, step: Step, attempts: tuple[Attempt, ...]) -> Performed:
        refusal = attempts[-1].refusal
        if refusal.code in step.accepts:
            for observer in self.observers:
                observer.done(step, {})
            return Performed(step, Result.ACCEPTED)
        for observer in self.observers:
            observer.failed(step, refusal)
        collided = refusal.code in step.collides
        result = Result.COLLIDED if collided else Result.FAILED
        return Performed(step, result, refusal=refusal, attempts=attempts)

    def _ask_until_settled(self, step: Step, parameters: Parameters) -> Answer:
        began = self.clock.monotonic()
        pause = FIRST_WAIT_SECONDS
        while True:
            try:
                return self.writer.do(operation(step.operation), parameters, region=step.region)
            except AwsRefusal as refusal:
                limit = _patience(step, refusal)
                if self.clock.monotonic() - began + pause > limit:
                    raise
                for observer in self.observers:
                    observer.waiting(step, refusal)
            self.clock.sleep(pause)
            pause = min(pause * 2, LONGEST_WAIT_SECONDS)


def _patience(step: Step, refusal: AwsRefusal) -> float:
    """Return for how many seconds the step's rules wait out this refusal: 0 for not at all."""
    return max(
        (
            rule.limit_seconds
            for rule in step.retries
            if rule.code == refusal.code and rule.message in refusal.why
        ),
        default=0.0,
    )
