"""What was left behind or altered, made good by the owner's next command.

Between RunInstances and CreateSchedule a kill leaves an instance that ends itself and has no
backstop; before the record was written, one that the registry does not know. A schedule may have
been altered since, by whoever may. All of it is made good here, with nothing taken from the
journal but the record's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from spawn.aws import scheduler
from spawn.aws.perform import Performer, Result
from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.core.journal import JournalledLaunch, StepDone, StepStarted, add_entries
from spawn.core.steps import Stage
from spawn.lifecycle.backstop import Behind, judge_backstop, may_be_armed, plan_rearming
from spawn.lifecycle.backstop_facts import ask_arming, ask_behind
from spawn.lifecycle.heard import Heard
from spawn.lifecycle.listed import BackstopState, ListedInstance
from spawn.registry.owed import owed_records
from spawn.registry.records import plan_completed

# Of how many instances one command looks at all that is outside of them: the latest launched.
MOST_LOOKED_AT = 50
_MENDED = frozenset(
    {
        scheduler.CREATE_SCHEDULE.key,
        scheduler.UPDATE_SCHEDULE.key,
        scheduler.DELETE_SCHEDULE.key,
    }
)
_LACKING = frozenset({BackstopState.MISSING, BackstopState.BROKEN})


def mend_backstops(
    asker: Asker,
    performer: Performer,
    rows: Iterable[ListedInstance],
    *,
    caller: Identity,
    now: datetime,
    behind: Mapping[str, Behind] | None = None,
) -> tuple[str, ...]:
    """Put right what stands behind the caller's instances; return what was done, in sentences.

    `behind` is what was seen already, by the instance's id. Raises what `plan_mending` raises, and
    AwsRefusal for the first step that failed.
    """
    ours = [row for row in rows if may_be_armed(row)][:MOST_LOOKED_AT]
    known = dict(behind or {})
    known |= ask_behind(asker, (row for row in ours if row.id not in known), caller=caller)()
    stages = plan_mending(asker, ours, known, caller=caller, now=now)
    performance = performer.perform(stages)
    for one in performance.failures:
        if one.refusal is not None:
            raise one.refusal
    return tuple(
        f"{one.step.parameters['Name']}: {one.step.sentence}"
        for one in performance.performed
        if one.step.operation in _MENDED
    )


def plan_mending(
    asker: Asker,
    rows: Iterable[ListedInstance],
    behind: Mapping[str, Behind],
    *,
    caller: Identity,
    now: datetime,
) -> tuple[Stage, ...]:
    """Return the stages that give the caller's instances the schedules that they lack.

    Nothing is asked, and nothing planned, where none is lacking. Raises RefusedByControl for an
    execution role that is not as spawn makes it, AccessDenied where it can't be looked at.
    """
    lacking = [
        (row, row.expires_at)
        for row in rows
        if may_be_armed(row)
        and row.expires_at is not None
        and row.id in behind
        and judge_backstop(behind[row.id], row, now=now).state in _LACKING
    ]
    wanted = ((row, behind[row.id], end) for row, end in lacking)
    arming = ask_arming(asker, wanted, caller=caller, now=now)
    rearming = tuple(
        step
        for row, end in lacking
        for step in plan_rearming(row, behind[row.id], ends_at=end, arming=arming)
    )
    return (*arming.stages, rearming) if rearming else ()


def mend_completions(
    performer: Performer, rows: Iterable[ListedInstance], agents: Mapping[str, Heard]
) -> tuple[str, ...]:
    """Remember what the caller's instances said when their work was done, each once.

    `agents` is what was heard, by the instance's id. Returns what was done, in sentences; what
    could not be written is tried again by the next command.
    """
    now = performer.clock.now()
    stage = tuple(
        plan_completed(
            row.id,
            status=said.status,
            message=said.message,
            region=row.region,
            at=now,
            expires_at=row.expires_at,
        )
        for row in rows
        if row.is_mine and row.is_made_by_spawn and row.id in agents
        if (said := agents[row.id].completion) is not None
    )
    performance = performer.perform((stage,))
    return tuple(one.step.sentence for one in performance.performed if one.result is Result.DONE)


def mend_records(
    performer: Performer, launches: Iterable[JournalledLaunch], *, caller: Identity
) -> tuple[str, ...]:
    """Write the records that the launches owe; return what was done, in sentences.

    What could not be written is owed as before: the launch has warned of it. Nothing else is
    tried then, since the next one would fail for the same reason.
    """
    done: list[str] = []
    for launch in launches:
        stage = owed_records((launch,), account=caller.account)
        performance = performer.perform((stage,))
        if any(one.result is not Result.DONE for one in performance.performed):
            break
        if stage:
            _note_record(launch, stage, performer.clock.now())
            done.append(f"remembered the launch {launch.planned.launch_id}")
    return tuple(done)


def _note_record(launch: JournalledLaunch, stage: Stage, now: datetime) -> None:
    """Write into the journal that nothing is owed; otherwise the same is written again later."""
    number = 1 + max((one.step for one in launch.steps if isinstance(one, StepStarted)), default=0)
    for step in stage:
        begun = StepStarted(at=now, step=number, operation=step.operation, region=step.region)
        with suppress(OSError):
            add_entries(launch.path, (begun, StepDone(at=now, step=number)))
