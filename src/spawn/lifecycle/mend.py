"""What a killed launch left behind, made good by its owner's next command.

Between RunInstances and CreateSchedule a kill leaves an instance that ends itself and has no
backstop; before the record was written, one that the registry does not know. Both are made good
here, with nothing taken from the journal but the record's words.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from spawn.aws import scheduler
from spawn.aws.iam import managed_policy_question
from spawn.aws.perform import Performer, Result
from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.core.journal import JournalledLaunch, StepDone, StepStarted, add_entries
from spawn.core.steps import Stage
from spawn.core.tags import Tag
from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.managed import choose_boundary, default_boundary_arn
from spawn.iam.role_plan import RolePlan, plan_role
from spawn.iam.roles import role_questions
from spawn.lifecycle.backstop import lacks_backstop, missing_backstops, plan_group
from spawn.lifecycle.listed import ListedInstance
from spawn.registry.owed import owed_records


def mend_backstops(
    asker: Asker,
    performer: Performer,
    rows: Iterable[ListedInstance],
    *,
    caller: Identity,
    now: datetime,
) -> tuple[str, ...]:
    """Give the caller's instances the backstops they lack; return what was done, in sentences.

    Raises what `plan_missing_backstops` raises, and AwsRefusal for the first step that failed.
    """
    performance = performer.perform(plan_missing_backstops(asker, rows, caller=caller, now=now))
    for one in performance.failures:
        if one.refusal is not None:
            raise one.refusal
    return tuple(
        one.step.sentence
        for one in performance.performed
        if one.step.operation == scheduler.CREATE_SCHEDULE.key
    )


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


def plan_missing_backstops(
    asker: Asker, rows: Iterable[ListedInstance], *, caller: Identity, now: datetime
) -> tuple[Stage, ...]:
    """Return the stages that give the caller's instances the backstops they lack.

    Nothing is asked, and nothing planned, where none is lacking. Raises RefusedByControl for an
    execution role that is not as spawn makes it, AccessDenied where it can't be looked at.
    """
    lacking = [row for row in rows if lacks_backstop(row)]
    if not lacking:
        return ()
    regions = sorted({row.region for row in lacking})
    groups = {region: asker.ask(scheduler.group_question(region)) for region in regions}
    tags = _tags(caller, lacking)
    role, role_arn = _role(asker, caller, home_region=regions[0], tags=tags)
    backstops = missing_backstops(
        lacking,
        now=now,
        partition=caller.partition,
        role_arns=dict.fromkeys(regions, role_arn),
    )
    if not backstops:
        return ()
    made = tuple(
        step
        for region in regions
        for step in plan_group(groups[region](), region=region, tags=tags)
    )
    return tuple(stage for stage in ((*role.create, *made), role.fill, backstops) if stage)


def _role(
    asker: Asker, caller: Identity, *, home_region: str, tags: dict[str, str]
) -> tuple[RolePlan, str]:
    """Plan the caller's execution role; which one it is depends on the account's boundary."""
    default = default_boundary_arn(partition=caller.partition, account=caller.account)
    policy = asker.ask(managed_policy_question(default, home_region))
    asked = {}
    for candidate in (default, None):
        wanted = wanted_backstop_role(
            caller.owner,
            partition=caller.partition,
            account=caller.account,
            boundary=candidate,
        )
        asked[candidate] = (wanted, role_questions(wanted, home_region).ask(asker))
    wanted, facts = asked[choose_boundary(None, policy(), default=default)]
    plan = plan_role(wanted, facts(), region=home_region, tags=tags)
    return plan, wanted.arn(partition=caller.partition, account=caller.account)


def _tags(caller: Identity, rows: list[ListedInstance]) -> dict[str, str]:
    """Return the tags of what is made here: it counts as made by the launch that lacked it."""
    tags = {Tag.SPAWN.value: "true", Tag.OWNER.value: caller.owner}
    launch_id = rows[0].tags.get(Tag.LAUNCH_ID)
    return tags | ({Tag.LAUNCH_ID.value: launch_id} if launch_id else {})
