"""Performs a launch plan.

1. The journal says that it begins: before anything is asked of AWS.
2. Shared things are made or completed. If someone made the same meanwhile, the facts are read and
   the plan is made anew, with the same launch id; what is theirs is read back like anything else.
3. RunInstances, with its alternatives.
4. The backstop and the record, side by side. Without its backstop an instance does not stay.
5. The instance is awaited, read back, and judged by the same controls as the plan.
6. Whatever fails from 3 on ends the instance again. Shared things stay: others may use them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from spawn.aws import ec2
from spawn.aws.door import Writer
from spawn.aws.instance_details import instance_question
from spawn.aws.perform import SIDE_BY_SIDE, Observer, Performance, Performer
from spawn.aws.questions import Absent, Asker, answer_of, value_of
from spawn.core.clock import Clock
from spawn.core.errors import (
    AccountError,
    AwsRefusal,
    RefusedByControl,
    SpawnError,
    Unreachable,
)
from spawn.core.journal import Journal, Planned
from spawn.core.steps import Output
from spawn.launch.journalling import JournalObserver
from spawn.launch.plan import LaunchPlan
from spawn.launch.undo import undo_launch
from spawn.posture.collect import collect
from spawn.posture.levels import Finding, judge, refusals
from spawn.posture.model import Posture

# Two launches that begin at once settle in one new plan; more is something else going wrong.
MOST_PLANS = 3
# A boot takes seconds; an image that must be fetched first, minutes.
RUNNING_WITHIN_SECONDS = 300.0
# What was just made may not be visible everywhere; what is wrong after that is wrong.
SETTLED_WITHIN_SECONDS = 20.0
POLL_SECONDS = 1.0


class Progress(Observer, Protocol):
    """Whoever follows a launch: its steps, and the phases in between."""

    def phase(self, sentence: str) -> None:
        """Something else begins: waiting, looking."""


@dataclass(frozen=True)
class Launched:
    """What came of a plan: the instance as AWS shows it, and what the controls say of it."""

    plan: LaunchPlan
    instance: ec2.Instance
    posture: Posture
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Where plans are performed. `endpoint` goes into the journal, so that no two are confused."""

    writer: Writer
    clock: Clock
    journal: Journal
    progress: Progress
    endpoint: str

    def apply(self, plan: LaunchPlan, *, replan: Callable[[], LaunchPlan]) -> Launched:
        """Perform the plan; return the instance, running and judged.

        `replan` makes the plan anew from fresh facts. Raises whatever `replan` raises, AwsRefusal
        for a call that failed, RefusedByControl for an instance that is not what was planned, and
        AccountError for one that does not run. What was made for this launch alone is gone by
        then, and the error's aftermath says so; or what could not be ended.
        """
        watch = JournalObserver(self.journal, self.clock)
        performer = Performer(
            writer=self.writer, clock=self.clock, observers=(watch, self.progress)
        )
        self._begin(plan)
        try:
            plan, prepared = self._prepare(plan, performer, replan)
        except SpawnError:
            watch.finished(succeeded=False)
            raise
        try:
            launched = self._launch(plan, performer, prepared)
        except (SpawnError, KeyboardInterrupt) as error:
            self._take_back(plan, performer, error, watch)
            raise
        watch.finished(succeeded=True)
        if watch.incomplete:
            warnings = (*launched.warnings, "the journal could not be written to its end")
            return replace(launched, warnings=warnings)
        return launched

    def _begin(self, plan: LaunchPlan) -> None:
        entry = Planned(
            at=self.clock.now(),
            launch_id=plan.launch_id,
            account=plan.account,
            region=plan.region,
            endpoint=self.endpoint,
            plan_digest=plan.digest,
            client_tokens=plan.client_tokens,
            record=plan.record,
        )
        try:
            self.journal.write(entry)
        except OSError as error:
            raise AccountError(
                "the journal can't be written, so nothing was begun",
                why=error.strerror or str(error),
                next_command="df -h ~",
            ) from error

    def _prepare(
        self, plan: LaunchPlan, performer: Performer, replan: Callable[[], LaunchPlan]
    ) -> tuple[LaunchPlan, Performance]:
        for _ in range(MOST_PLANS):
            performance = performer.perform(plan.prepare)
            _raise_failure(performance)
            if not performance.collided:
                return plan, performance
            self.progress.phase("someone else made the same meanwhile: looking again")
            plan = replan()
        raise AccountError(
            "what this launch shares with others keeps changing while it is made",
            why="each time it was looked at, someone had changed it again",
            next_command="spawn launch",
        )

    def _launch(self, plan: LaunchPlan, performer: Performer, prepared: Performance) -> Launched:
        performance = performer.perform(
            ((plan.run,), plan.secure),
            prepared.outputs,
            failed={one.step.operation for one in prepared.warnings},
        )
        _raise_failure(performance)
        instance_id = performance.outputs[Output.INSTANCE_ID]
        self.progress.phase(f"waiting for {instance_id} to run")
        instance = self._running(instance_id, plan.region)
        self.progress.phase("looking at what was made")
        posture, findings = self._judged(plan, instance)
        warnings = tuple(
            f"{one.step.sentence}: {one.refusal.what if one.refusal else 'not done'}"
            for one in (*prepared.warnings, *performance.warnings)
        )
        return Launched(plan, instance, posture, findings, warnings)

    def _running(self, instance_id: str, region: str) -> ec2.Instance:
        """Wait until it runs. Right after RunInstances it may not be known yet."""
        deadline = self.clock.monotonic() + RUNNING_WITHIN_SECONDS
        while True:
            instance = self._look(instance_id, region)
            state = instance.state.name if instance else "pending"
            if instance and state == "running":
                return instance
            if instance and state != "pending":
                raise _did_not_start(instance)
            if self.clock.monotonic() > deadline:
                raise AccountError(
                    f"{instance_id} does not run after {RUNNING_WITHIN_SECONDS:.0f} seconds",
                    why="AWS still shows it as pending",
                    next_command=f"aws ec2 describe-instances --instance-ids {instance_id}",
                )
            self.clock.sleep(POLL_SECONDS)

    def _look(self, instance_id: str, region: str) -> ec2.Instance | None:
        found = answer_of(self.writer, instance_question(instance_id, region=region))
        if isinstance(found, Absent):
            return None
        shown = value_of(found)
        return shown[0] if shown else None

    def _judged(
        self, plan: LaunchPlan, instance: ec2.Instance
    ) -> tuple[Posture, tuple[Finding, ...]]:
        deadline = self.clock.monotonic() + SETTLED_WITHIN_SECONDS
        while True:
            posture = self._posture(plan, instance)
            findings = judge(posture, plan.spec.security, plan.waivers, self.clock.now())
            refused = refusals(findings)
            if not refused:
                return posture, findings
            if self.clock.monotonic() > deadline:
                raise RefusedByControl(
                    f"{instance.instance_id} is not what was planned",
                    why="; ".join(f"{one.control}: {one.evidence}" for one in refused),
                    controls=tuple(one.control for one in refused),
                )
            self.clock.sleep(POLL_SECONDS)

    def _posture(self, plan: LaunchPlan, instance: ec2.Instance) -> Posture:
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            return collect(
                Asker(self.writer, pool),
                instance,
                region=plan.region,
                account=plan.account,
                partition=plan.partition,
                level=plan.spec.security,
                now=self.clock.now(),
            )

    def _take_back(
        self,
        plan: LaunchPlan,
        performer: Performer,
        error: SpawnError | KeyboardInterrupt,
        watch: JournalObserver,
    ) -> None:
        self.progress.phase("taking back what was made")
        undone = undo_launch(
            plan.launch_id,
            performer,
            region=plan.region,
            known=watch.outputs.get(Output.INSTANCE_ID),
            may_be_late=not isinstance(error, AwsRefusal) or isinstance(error, Unreachable),
        )
        if undone.is_complete:
            watch.finished(succeeded=False)
        if isinstance(error, SpawnError):
            error.aftermath = (
                *(f"{one} was ended again" for one in undone.ended),
                *(f"left behind: {one}" for one in undone.left),
            )


def _raise_failure(performance: Performance) -> None:
    """Raise the first failure of a performance; the others come of the same cause or can wait."""
    for one in performance.failures:
        if one.refusal is not None:
            raise one.refusal


def _did_not_start(instance: ec2.Instance) -> AccountError:
    reason = instance.state_reason
    code = reason.code if reason else ""
    words = reason.message if reason else instance.state_transition_reason
    # EC2 user guide, "Instance terminates immediately": what a disk's key refuses shows up here.
    key = "KMS" in code or code == "Client.InternalError"
    return AccountError(
        f"{instance.instance_id} went from pending to {instance.state.name}",
        why=f"{code}: {words}"
        + ("; its disk's KMS key may be disabled, or not let you use it" if key else ""),
        next_command="spawn launch with another --kms-key-id"
        if key
        else "spawn list --state terminated",
    )
