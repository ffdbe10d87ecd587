"""What stands behind instances, asked side by side: their schedules, and the roles these act by.

1. The schedules of each instance.
2. Of roles that bear the name of none that spawn makes by itself, the boundary: a role's name is
   the digest of what is in it, so with the boundary it is known whether it is the owner's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from spawn.aws import iam, scheduler
from spawn.aws.iam import managed_policy_question
from spawn.aws.questions import Asker, Fact, Known, Unseen, as_far_as_seen
from spawn.aws.sts import Identity
from spawn.core.endings import End
from spawn.core.tags import Tag
from spawn.iam.backstop_role import backstop_role_name, check_owner, wanted_backstop_role
from spawn.iam.managed import choose_boundary, default_boundary_arn
from spawn.iam.role_plan import RolePlan, plan_role
from spawn.iam.roles import WantedRole, role_questions
from spawn.lifecycle.backstop import Arming, Behind, needs_role, plan_group
from spawn.lifecycle.listed import ListedInstance

Facts = Mapping[End, Fact[scheduler.Schedule]]


def ask_behind(
    asker: Asker, rows: Iterable[ListedInstance], *, caller: Identity
) -> Callable[[], dict[str, Behind]]:
    """Ask now; what is returned waits, and answers by the instance's id. It raises nothing."""
    asked = [(row, _ask_schedules(asker, row)) for row in rows]

    def wait() -> dict[str, Behind]:
        found = [
            (row, {end: as_far_as_seen(one) for end, one in pending.items()})
            for row, pending in asked
        ]
        strangers = {
            (row.owner, arn): _ask_boundary(asker, arn, caller=caller, region=row.region)
            for row, facts in found
            for arn in _role_arns(facts) - _own_roles(row.owner, caller)
        }
        seen = {key: pending() for key, pending in strangers.items()}
        return {row.id: _behind(row, facts, seen, caller=caller) for row, facts in found}

    return wait


def _ask_schedules(
    asker: Asker, row: ListedInstance
) -> dict[End, Callable[[], Fact[scheduler.Schedule]]]:
    return {end: asker.ask(scheduler.schedule_question(row.id, end, row.region)) for end in End}


def _role_arns(facts: Facts) -> set[str]:
    return {fact.value.target.role_arn for fact in facts.values() if isinstance(fact, Known)}


def _own_roles(owner: str, caller: Identity) -> frozenset[str]:
    """Return the roles that spawn makes for an owner, in an account with a boundary or without."""
    default = default_boundary_arn(partition=caller.partition, account=caller.account)
    return frozenset(_arn(_wanted(owner, caller, boundary=one), caller) for one in (default, None))


def _wanted(owner: str, caller: Identity, *, boundary: str | None) -> WantedRole:
    return wanted_backstop_role(
        owner, partition=caller.partition, account=caller.account, boundary=boundary
    )


def _arn(role: WantedRole, caller: Identity) -> str:
    return role.arn(partition=caller.partition, account=caller.account)


def _ask_boundary(
    asker: Asker, arn: str, *, caller: Identity, region: str
) -> Callable[[], Fact[iam.Role] | None]:
    name = backstop_role_name(arn, account=caller.account)
    if name is None:
        return lambda: None
    pending = asker.ask(iam.role_question(name, region))
    return lambda: as_far_as_seen(pending)


def _behind(
    row: ListedInstance,
    facts: Facts,
    seen: Mapping[tuple[str, str], Fact[iam.Role] | None],
    *,
    caller: Identity,
) -> Behind:
    roles, unseen = {*_own_roles(row.owner, caller)}, {}
    for (owner, arn), fact in seen.items():
        match fact:
            case Unseen() if owner == row.owner:
                unseen[arn] = fact
            case Known(value=role):
                wanted = _wanted(row.owner, caller, boundary=role.boundary_arn)
                roles |= {arn} & {_arn(wanted, caller)}
    return Behind(schedules=facts, roles=frozenset(roles), unseen_roles=unseen)


def ask_arming(
    asker: Asker,
    wanted: Iterable[tuple[ListedInstance, Behind, datetime]],
    *,
    caller: Identity,
    now: datetime,
) -> Arming:
    """Return by which role schedules of one owner's instances act, and what makes that role.

    `wanted` are the instances with their end dates. Nothing is asked where their schedules act by
    roles that serve. Raises RefusedByControl for a role that is not as spawn makes it, InputError
    for an owner that none can bear, AccessDenied where it can't be looked at.
    """
    wanting = [
        row for row, behind, ends_at in wanted if needs_role(row, behind, ends_at=ends_at, now=now)
    ]
    if not wanting:
        return Arming(partition=caller.partition, role_arn="", now=now)
    tags = _shared_tags(wanting[0])
    regions = sorted({row.region for row in wanting})
    groups = {region: asker.ask(scheduler.group_question(region)) for region in regions}
    role, plan = _plan_role(asker, wanting[0].owner, caller, region=regions[0], tags=tags)
    made = tuple(
        step
        for region in regions
        for step in plan_group(groups[region](), region=region, tags=tags)
    )
    return Arming(
        partition=caller.partition,
        role_arn=_arn(role, caller),
        now=now,
        stages=tuple(stage for stage in ((*plan.create, *made), plan.fill) if stage),
    )


def _plan_role(
    asker: Asker, owner: str, caller: Identity, *, region: str, tags: dict[str, str]
) -> tuple[WantedRole, RolePlan]:
    """Plan an owner's execution role; which one it is depends on the account's boundary."""
    default = default_boundary_arn(partition=caller.partition, account=caller.account)
    policy = asker.ask(managed_policy_question(default, region))
    asked = {}
    for candidate in (default, None):
        wanted = _wanted(owner, caller, boundary=candidate)
        asked[candidate] = (wanted, role_questions(wanted, region).ask(asker))
    boundary = choose_boundary(None, policy(), default=default)
    check_owner(owner, boundary)
    wanted, facts = asked[boundary]
    return wanted, plan_role(wanted, facts(), region=region, tags=tags)


def _shared_tags(row: ListedInstance) -> dict[str, str]:
    """Return the tags of what is made here: it counts as made by the launch that lacked it."""
    tags = {Tag.SPAWN.value: "true", Tag.OWNER.value: row.owner}
    launch_id = row.tags.get(Tag.LAUNCH_ID)
    return tags | ({Tag.LAUNCH_ID.value: launch_id} if launch_id else {})
