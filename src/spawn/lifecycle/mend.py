"""What a killed launch left behind, made good by its owner's next command.

Between RunInstances and CreateSchedule a kill leaves an instance that ends itself and has no
backstop; before the record was written, one that the registry does not know. Both are planned
here, with nothing taken from the journal but the record's words.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from spawn.aws import scheduler
from spawn.aws.iam import managed_policy_question
from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.core.steps import Stage
from spawn.core.tags import Tag
from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.managed import choose_boundary, default_boundary_arn
from spawn.iam.role_plan import RolePlan, plan_role
from spawn.iam.roles import role_questions
from spawn.lifecycle.backstop import missing_backstops, plan_group
from spawn.lifecycle.listed import BackstopState, ListedInstance


def plan_missing_backstops(
    asker: Asker, rows: Iterable[ListedInstance], *, caller: Identity, now: datetime
) -> tuple[Stage, ...]:
    """Return the stages that give the caller's instances the backstops they lack.

    Nothing is asked, and nothing planned, where none is lacking. Raises RefusedByControl for an
    execution role that is not as spawn makes it, AccessDenied where it can't be looked at.
    """
    lacking = [row for row in rows if row.is_mine and row.backstop is BackstopState.MISSING]
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
