"""Performs a launch plan.

1. The journal says that it begins: before anything is asked of AWS.
2. Shared things are made or completed. If someone made the same meanwhile, the facts are read and
   the plan is made anew, with the same launch id; what is theirs is read back like anything else.
3. RunInstances, with its alternatives.
4. The backstop and the record, side by side. Without its backstop an instance does not stay.
5. The instances are awaited, read back, and judged by the same controls as the plan (`arrival`).
6. Whatever fails from 3 on ends the instances again. Shared things stay: others may use them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from spawn.aws.door import Writer
from spawn.aws.perform import Observer, Performance, Performer
from spawn.core.clock import Clock
from spawn.core.errors import AccountError, AwsRefusal, Interrupted, SpawnError, Unreachable
from spawn.core.journal import Journal, Planned
from spawn.core.steps import Output
from spawn.launch.arrival import Arrival, Arrived
from spawn.launch.install import leads_to_install
from spawn.launch.journalling import JournalObserver
from spawn.launch.plan import LaunchPlan
from spawn.launch.shortage import is_shortage, shortage_error
from spawn.launch.undo import Undone, undo_launch

# Two launches that begin at once settle in one new plan; more is something else going wrong.
MOST_PLANS = 3


class Progress(Observer, Protocol):
    """Whoever follows a launch: its steps, and the phases in between."""

    def phase(self, sentence: str) -> None:
        """Something else begins: waiting, looking."""


@dataclass(frozen=True)
class Launched:
    """What came of a plan.

    ids      the instances, in the order of their launch index, never none
    arrived  the same ones as they were seen to run; none where that was not waited for
    """

    plan: LaunchPlan
    ids: tuple[str, ...]
    arrived: tuple[Arrived, ...]
    warnings: tuple[str, ...]

    @property
    def missing(self) -> int:
        """How many there was no capacity for: fewer were accepted by --min-count."""
        return self.plan.spec.count - len(self.ids)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Where plans are performed. `endpoint` goes into the journal, so that no two are confused."""

    writer: Writer
    clock: Clock
    journal: Journal
    progress: Progress
    endpoint: str

    def apply(
        self, plan: LaunchPlan, *, replan: Callable[[], LaunchPlan], until_running: bool = True
    ) -> Launched:
        """Perform the plan; return the instances, running and judged.

        `replan` makes the plan anew from fresh facts. Without `until_running` the instances have
        been asked for, with all that ends them, and nothing is known of them yet.

        Raises whatever `replan` raises, AwsRefusal for a call that failed, RefusedByControl for an
        instance that is not what was planned, AccountError for one that does not run and where
        nowhere is capacity, Interrupted for Ctrl-C. What was made for this launch alone is gone by
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
        except KeyboardInterrupt as stop:
            watch.finished(succeeded=False)
            raise Interrupted(
                "nothing was launched",
                why="what launches share may have been made: it costs nothing, and serves again",
                next_command="spawn cleanup",
            ) from stop
        try:
            performance = self._perform(plan, performer, prepared)
            ids = performance.outputs[Output.INSTANCE_ID]
            arrived = self._arrived(plan, ids) if until_running else ()
        except SpawnError as error:
            self._take_back(plan, performer, error, watch)
            raise
        except KeyboardInterrupt as stop:
            stopped = Interrupted("the launch was stopped", next_command="spawn list --mine")
            self._take_back(plan, performer, stopped, watch)
            raise stopped from stop
        watch.finished(succeeded=True)
        warnings = [
            f"{one.step.sentence}: {one.refusal.what if one.refusal else 'not done'}"
            for one in (*prepared.warnings, *performance.warnings)
        ]
        if watch.incomplete:
            warnings.append("the journal could not be written to its end")
        in_order = tuple(one.instance.instance_id for one in arrived) or ids
        return Launched(plan, in_order, arrived, tuple(warnings))

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
            for one in performance.failures:
                if one.refusal is not None:
                    raise leads_to_install(one.refusal, plan.spec, plan.owner)
            if not performance.collided:
                return plan, performance
            self.progress.phase("someone else made the same meanwhile: looking again")
            plan = replan()
        raise AccountError(
            "what this launch shares with others keeps changing while it is made",
            why="each time it was looked at, someone had changed it again",
            next_command="spawn launch",
        )

    def _perform(
        self, plan: LaunchPlan, performer: Performer, prepared: Performance
    ) -> Performance:
        performance = performer.perform(
            ((plan.run,), plan.secure),
            prepared.outputs,
            failed={one.step.operation for one in prepared.warnings},
        )
        _raise_shortage(plan, performance)
        _raise_failure(performance)
        return performance

    def _arrived(self, plan: LaunchPlan, ids: Sequence[str]) -> tuple[Arrived, ...]:
        arrival = Arrival(self.writer, self.clock)
        self.progress.phase(f"waiting for {', '.join(ids)} to run")
        running = arrival.running(ids, plan.region)
        self.progress.phase("looking at what was made")
        return tuple(arrival.judged(plan, instance) for instance in running)

    def _take_back(
        self, plan: LaunchPlan, performer: Performer, error: SpawnError, watch: JournalObserver
    ) -> None:
        """End what was launched, and say in the error what was ended and what is left."""
        self.progress.phase("taking back what was made")
        known = watch.outputs.get(Output.INSTANCE_ID, ())
        try:
            undone = undo_launch(
                plan.launch_id,
                performer,
                region=plan.region,
                known=known,
                may_be_late=_may_be_late(error),
            )
        except KeyboardInterrupt:
            undone = Undone((), known or (f"whatever was launched as {plan.launch_id}",))
        if undone.is_complete:
            watch.finished(succeeded=False)
        nothing = "nothing had been launched" if not (undone.ended or undone.left) else ""
        error.aftermath = tuple(
            filter(
                None,
                (
                    nothing,
                    *(f"{one} was ended again" for one in undone.ended),
                    *(f"left behind: {one}" for one in undone.left),
                ),
            )
        )


def _may_be_late(error: SpawnError) -> bool:
    """Say whether an instance may exist that AWS does not show yet.

    An answer that refuses the launch, be it for want of capacity, tells that there is none.
    """
    cause = error if isinstance(error, AwsRefusal) else error.__cause__
    return not isinstance(cause, AwsRefusal) or isinstance(cause, Unreachable)


def _raise_failure(performance: Performance) -> None:
    """Raise the first failure of a performance; the others come of the same cause or can wait."""
    for one in performance.failures:
        if one.refusal is not None:
            raise one.refusal


def _raise_shortage(plan: LaunchPlan, performance: Performance) -> None:
    """Raise AccountError where every try found no capacity, with all of them in it."""
    for one in performance.failures:
        if one.step is plan.run and is_shortage(one.attempts):
            label = plan.run.sentence.removeprefix("launch ")
            raise shortage_error(plan.spec, one.attempts, first_label=label) from one.refusal
