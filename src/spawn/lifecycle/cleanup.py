"""`spawn cleanup`: removing what spawn made, is old enough, and nothing uses.

Whatever is in doubt is kept: a role while any region can't be read (an instance there may use
it), a group whose age nobody knows, a role that was revoked in an incident. What tags claim is
not enough, since they can be put on anything: an instance's client token, a group's and a key
pair's name say that spawn made it, and can't be changed. Never removed are the table, buckets and
the schedule group: they are memory, or cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec

from spawn.aws import ec2, scheduler
from spawn.aws.perform import Performer
from spawn.aws.questions import Known
from spawn.connect.keys import is_pair_name
from spawn.core.durations import format_duration
from spawn.core.errors import PartlyDone
from spawn.core.instants import format_instant, parse_instant
from spawn.core.steps import Step
from spawn.core.tags import Tag
from spawn.lifecycle.account_facts import AccountFacts, RegionFacts
from spawn.lifecycle.backstop import plan_deletion
from spawn.lifecycle.cancel import termination_stages
from spawn.lifecycle.leftover import CleanupScope, Found, Kept, Kind, Leftover
from spawn.lifecycle.leftover_roles import leftover_roles
from spawn.lifecycle.listed import Ending, ListedInstance, listed_instance
from spawn.lifecycle.regions import FailedRegion, not_all_removed
from spawn.network.groups import is_group_name

# Its own power-off and the backstop had their time.
OVERDUE_AFTER = timedelta(hours=1)
_SIDE_BY_SIDE = 8


class CleanupPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be removed, what is kept in doubt, and where nothing could be looked at."""

    leftovers: tuple[Leftover, ...]
    kept: tuple[Kept, ...] = ()
    failed_regions: tuple[FailedRegion, ...] = ()


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one leftover."""

    kind: Kind
    id: str
    region: str
    removed: bool
    why: str = ""


def error_of(plan: CleanupPlan, removals: Iterable[Removal]) -> PartlyDone | None:
    """Return what could not be seen or removed as an error, None where all could."""
    left = ((one.id, one.why) for one in removals if not one.removed)
    return not_all_removed(left, plan.failed_regions)


def plan_cleanup(facts: AccountFacts, scope: CleanupScope) -> CleanupPlan:
    """Return what may go; pure."""
    found: list[Leftover | Kept] = []
    for region in facts.regions:
        found.extend(_instances(region, scope))
        found.extend(_schedules(region, scope))
        found.extend(_groups(region, scope))
        found.extend(_key_pairs(region, scope))
    found.extend(leftover_roles(facts, scope))
    return CleanupPlan(
        leftovers=tuple(one for one in found if isinstance(one, Leftover)),
        kept=tuple(one for one in found if isinstance(one, Kept)),
        failed_regions=facts.failed_regions,
    )


def _instances(region: RegionFacts, scope: CleanupScope) -> Found:
    for row in _rows(region, scope):
        if row.ending is not Ending.OVERDUE or row.gone_at is None:
            continue
        # Disks that are to be kept for a while are not taken before, whatever else failed.
        late = scope.now - row.gone_at
        if late <= OVERDUE_AFTER or not scope.is_ours(row.owner):
            continue
        if row.is_made_by_spawn:
            yield Leftover(
                kind=Kind.INSTANCE,
                id=row.id,
                region=region.region,
                owner=row.owner,
                why=f"it was to be gone at {format_instant(row.gone_at)},"
                f" {format_duration(late)} ago",
                stages=termination_stages(row, by=scope.owner, now=scope.now),
            )
        else:
            yield Kept(
                kind=Kind.INSTANCE,
                id=row.id,
                region=region.region,
                why="its tags say that it is spawn's and overdue, but no launch of spawn's made it",
            )


def _rows(region: RegionFacts, scope: CleanupScope) -> Iterator[ListedInstance]:
    for instance in region.instances:
        if Tag.SPAWN in instance.tag_mapping:
            yield listed_instance(
                instance,
                region=region.region,
                schedules=region.schedules,
                owner=scope.owner,
                now=scope.now,
            )


def _schedules(region: RegionFacts, scope: CleanupScope) -> Found:
    """Schedules carry no tags, so nobody knows whose they are: only `everybody` removes them.

    They also go by themselves, at the latest when they fire.
    """
    living = {one.instance_id for one in region.instances}
    schedules = region.schedules
    for schedule in schedules.value if isinstance(schedules, Known) else ():
        instance_id = scheduler.instance_id_of(schedule.name)
        is_orphan = instance_id != "" and instance_id not in living
        is_old = schedule.creation_date is not None and scope.is_old(schedule.creation_date)
        if scope.everybody and is_orphan and is_old:
            yield Leftover(
                kind=Kind.SCHEDULE,
                id=schedule.name,
                region=region.region,
                owner="",
                why=f"{instance_id} is gone",
                stages=((plan_deletion(schedule.name, region=region.region),),),
            )


def _groups(region: RegionFacts, scope: CleanupScope) -> Found:
    referenced = {
        pair.group_id
        for group in region.groups
        for permission in (*group.ip_permissions, *group.ip_permissions_egress)
        for pair in permission.user_id_group_pairs
        if pair.group_id != group.group_id
    }
    for group in region.groups:
        tags = group.tag_mapping
        is_unused = group.group_id not in region.groups_in_use | referenced
        is_made = is_group_name(group.group_name) and tags.get(Tag.SPAWN) == "true"
        if not is_made or not scope.is_ours(tags.get(Tag.OWNER)) or not is_unused:
            continue
        made_at = _made_at(tags)
        if made_at is None and scope.old_enough > timedelta():
            yield Kept(
                kind=Kind.SECURITY_GROUP,
                id=group.group_id,
                region=region.region,
                why=f"nothing uses it, but without the tag {Tag.CREATED_AT} nobody knows its age",
            )
        elif made_at is None or scope.is_old(made_at):
            yield _leftover_group(group, region.region)


def _made_at(tags: dict[str, str]) -> datetime | None:
    try:
        return parse_instant(tags.get(Tag.CREATED_AT, ""))
    except ValueError:
        return None


def _leftover_group(group: ec2.SecurityGroup, region: str) -> Leftover:
    return Leftover(
        kind=Kind.SECURITY_GROUP,
        id=group.group_id,
        region=region,
        owner=group.tag_mapping.get(Tag.OWNER, ""),
        why=f"no interface and no rule uses {group.group_name}",
        stages=(
            (
                Step(
                    operation=ec2.DELETE_SECURITY_GROUP.key,
                    region=region,
                    parameters={"GroupId": group.group_id},
                    sentence=f"delete the security group {group.group_id} ({group.group_name})",
                    accepts=("InvalidGroup.NotFound",),
                ),
            ),
        ),
    )


def _key_pairs(region: RegionFacts, scope: CleanupScope) -> Found:
    used = {instance.key_name for instance in region.instances}
    for pair in region.key_pairs:
        is_old = pair.create_time is not None and scope.is_old(pair.create_time)
        is_unused = pair.key_name not in used and is_pair_name(pair.key_name)
        if not is_old or not is_unused or not scope.is_ours(pair.tag_mapping.get(Tag.OWNER)):
            continue
        yield Leftover(
            kind=Kind.KEY_PAIR,
            id=pair.key_name,
            region=region.region,
            owner=pair.tag_mapping.get(Tag.OWNER, ""),
            why="no instance was launched with it",
            stages=(
                (
                    Step(
                        operation=ec2.DELETE_KEY_PAIR.key,
                        region=region.region,
                        # By id: a pair of the same name that someone makes now is another one.
                        parameters={"KeyPairId": pair.key_pair_id},
                        sentence=f"delete the key pair {pair.key_name} (AWS's public half)",
                        accepts=("InvalidKeyPair.NotFound",),
                    ),
                ),
            ),
        )


def cleanup(plan: CleanupPlan, performer: Performer) -> tuple[Removal, ...]:
    """Carry out a plan; one thing that can't be removed doesn't stop the others."""
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        return tuple(pool.map(lambda one: _remove(one, performer), plan.leftovers))


def _remove(leftover: Leftover, performer: Performer) -> Removal:
    failures = performer.perform(leftover.stages).failures
    refusal = failures[0].refusal if failures else None
    return Removal(
        kind=leftover.kind,
        id=leftover.id,
        region=leftover.region,
        removed=not failures,
        why=(refusal.why or refusal.what) if refusal else "",
    )
