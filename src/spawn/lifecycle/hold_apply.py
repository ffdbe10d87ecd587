"""Performs the plans of `spawn hold` and `spawn unhold`, and says which of the five things hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from spawn.aws import scheduler
from spawn.aws.denials import with_denials
from spawn.aws.ec2_changes import (
    CREATE_TAGS,
    DELETE_TAGS,
    STOP_PROTECTION,
    TERMINATION_PROTECTION,
    protection_question,
)
from spawn.aws.instance_details import shutdown_behavior_question
from spawn.aws.perform import Performance, Performed, Performer, Result
from spawn.aws.questions import Asker, as_far_as_seen
from spawn.aws.sts import Identity
from spawn.core.errors import AwsRefusal, Interrupted, PartlyDone, SpawnError
from spawn.core.steps import Step
from spawn.lifecycle.backstop import Arming
from spawn.lifecycle.backstop_facts import ask_arming, ask_behind
from spawn.lifecycle.hold import (
    HeldPart,
    HoldFacts,
    HoldPlan,
    Part,
    State,
    require_releasable,
)
from spawn.lifecycle.listed import ListedInstance

_PROTECTIONS = {Part.TERMINATION: TERMINATION_PROTECTION, Part.STOP: STOP_PROTECTION}
_SCHEDULES = frozenset(
    {
        scheduler.CREATE_SCHEDULE.key,
        scheduler.UPDATE_SCHEDULE.key,
        scheduler.DELETE_SCHEDULE.key,
    }
)


class HoldReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a plan: the five as they are now, and what was left undone besides."""

    id: str
    name: str
    region: str
    account: str
    case: str
    parts: tuple[HeldPart, ...]
    warnings: tuple[str, ...] = ()


def ask_hold(asker: Asker, row: ListedInstance, *, caller: Identity) -> Callable[[], HoldFacts]:
    """Ask now for what a hold is made of; what is returned waits. It raises nothing."""
    protections = {
        part: asker.ask(protection_question(row.id, name, row.region))
        for part, name in _PROTECTIONS.items()
    }
    shutdown = asker.ask(shutdown_behavior_question(row.id, row.region))
    behind = ask_behind(asker, (row,), caller=caller)
    return lambda: HoldFacts(
        protections={part: as_far_as_seen(one) for part, one in protections.items()},
        shutdown_behavior=as_far_as_seen(shutdown),
        behind=behind()[row.id],
    )


def ask_release(
    asker: Asker, row: ListedInstance, facts: HoldFacts, *, caller: Identity, now: datetime
) -> Arming:
    """Return by which role the backstop is armed again.

    Raises InputError for an instance that can't be released, and what `ask_arming` raises.
    """
    ends_at = require_releasable(row, facts)
    wanted = ((row, facts.behind, ends_at),) if row.is_made_by_spawn else ()
    return ask_arming(asker, wanted, caller=caller, now=now)


@dataclass(frozen=True, kw_only=True)
class Applying:
    """Where a plan is performed. `again` is the command to type where something is left to do."""

    performer: Performer
    again: str

    def hold(self, plan: HoldPlan) -> HoldReport:
        """Hold the instance.

        Raises AwsRefusal where even the tag could not be put: then nothing was done.
        """
        return self._report(plan, self._perform(plan), done=State.HOLDS)

    def unhold(self, plan: HoldPlan) -> HoldReport:
        """Release the instance.

        Raises AwsRefusal where nothing could be done, PartlyDone where something could not: what
        protects it still is in the error.
        """
        performance = self._perform(plan)
        report = self._report(plan, performance, done=State.OPEN)
        if performance.failures:
            what = f"{plan.instance.id} is not released"
            raise self._incomplete(report, what, failures=performance.failures)
        return report

    def error_of(self, report: HoldReport) -> SpawnError | None:
        """Return the error that a hold amounts to that lacks some of its parts, None for none."""
        lacking = [one for one in report.parts if one.state in {State.OPEN, State.UNKNOWN}]
        if not lacking:
            return None
        return self._incomplete(report, f"{report.id} is held, but not by all that holds")

    def _perform(self, plan: HoldPlan) -> Performance:
        try:
            performance = self.performer.perform(plan.stages)
        except KeyboardInterrupt as stop:
            raise Interrupted(
                "the change was stopped half-way", next_command=f"spawn status {plan.instance.id}"
            ) from stop
        done = any(one.result in {Result.DONE, Result.ACCEPTED} for one in performance.performed)
        refusal = next((one.refusal for one in performance.failures), None)
        if refusal is not None and not done:
            raise refusal
        return performance

    def _report(self, plan: HoldPlan, performance: Performance, *, done: State) -> HoldReport:
        row = plan.instance
        warnings = [
            f"{one.step.sentence}: {_words(one.refusal)}"
            for one in performance.warnings
            if part_of(one.step) is None
        ]
        return HoldReport(
            id=row.id,
            name=row.name,
            region=row.region,
            account=plan.account,
            case=plan.case,
            parts=tuple(_after(one, performance, done=done) for one in plan.parts),
            warnings=tuple(warnings),
        )

    def _incomplete(
        self, report: HoldReport, what: str, *, failures: tuple[Performed, ...] = ()
    ) -> PartlyDone:
        states = [f"{one.part}: {one.state}{one.why and f' ({one.why})'}" for one in report.parts]
        # What a part waits for, such as a role: without it the part was not tried.
        before = [one for one in failures if part_of(one.step) is None]
        states += [f"{one.step.sentence}: {_words(one.refusal)}" for one in before]
        error = PartlyDone(what, why="\n".join(states), next_command=self.again)
        return with_denials(error, states)


def _after(before: HeldPart, performance: Performance, *, done: State) -> HeldPart:
    """Return a part as it is now: what was tried tells, else it is as it was."""
    tried = [one for one in performance.performed if part_of(one.step) is before.part]
    failed = [one for one in tried if one.result not in {Result.DONE, Result.ACCEPTED}]
    if not tried:
        return before
    if failed:
        return msgspec.structs.replace(before, why=_words(failed[0].refusal))
    return HeldPart(part=before.part, state=done)


def _words(refusal: AwsRefusal | None) -> str:
    return (refusal.why or refusal.what) if refusal else "not done"


def part_of(step: Step) -> Part | None:
    """Return which of the five a step is about, None for one of none."""
    if step.operation in {CREATE_TAGS.key, DELETE_TAGS.key}:
        return Part.TAG
    if step.operation in _SCHEDULES:
        return Part.BACKSTOP
    for part, name in _PROTECTIONS.items():
        if name in step.parameters:
            return part
    return Part.SHUTDOWN if "InstanceInitiatedShutdownBehavior" in step.parameters else None
