"""Which of spawn's roles may go: those that no instance in any region and no schedule needs."""

from __future__ import annotations

from spawn.aws import iam, removal
from spawn.core.steps import Parameters, Stage, Step
from spawn.core.tags import Tag
from spawn.iam.role_plan import REVOKE_PREFIX
from spawn.lifecycle.account_facts import AccountFacts, RoleContent
from spawn.lifecycle.leftover import CleanupScope, Found, Kept, Kind, Leftover

_BACKSTOP_PREFIX = "spawn-backstop-"


def leftover_roles(facts: AccountFacts, scope: CleanupScope) -> Found:
    """Yield the roles that nothing needs.

    They are one for all regions, so that one region that can't be read keeps them all.
    """
    unread = ", ".join(one.region for one in facts.failed_regions)
    if facts.roles_unseen or unread:
        why = facts.roles_unseen or f"instances of {unread} can't be seen, and may use them"
        yield Kept(kind=Kind.ROLE, id=f"all roles under {iam.PATH}", region="", why=why)
        return
    profiles, owners = _in_use(facts)
    for content in facts.roles:
        if _is_ours_and_old(content.role, scope) and not _is_used(content, profiles, owners):
            doubt = _doubt(content)
            name = content.role.role_name
            if doubt:
                yield Kept(kind=Kind.ROLE, id=name, region="", why=doubt)
            else:
                yield _leftover_role(content, scope.home_region)


def _in_use(facts: AccountFacts) -> tuple[frozenset[str], frozenset[str]]:
    """Return the profiles that instances have, and the owners that have spawn instances."""
    instances = [instance for region in facts.regions for instance in region.instances]
    profiles = frozenset(
        one.iam_instance_profile.arn.rpartition("/")[2]
        for one in instances
        if one.iam_instance_profile is not None
    )
    tags = [one.tag_mapping for one in instances if Tag.SPAWN in one.tag_mapping]
    return profiles, frozenset(one.get(Tag.OWNER, "") for one in tags)


def _is_ours_and_old(role: removal.MadeRole, scope: CleanupScope) -> bool:
    tags = role.tag_mapping
    touched_at = max(role.create_date, role.role_last_used.last_used_date or role.create_date)
    is_ours = tags.get(Tag.SPAWN) == "true" and scope.is_ours(tags.get(Tag.OWNER))
    return is_ours and scope.is_old(touched_at)


def _is_used(content: RoleContent, profiles: frozenset[str], owners: frozenset[str]) -> bool:
    """Say whether an instance has the role, or a schedule of an owner with instances may need it.

    Listings don't tell the role of a schedule, but each schedule stands behind an instance.
    """
    if content.role.role_name.startswith(_BACKSTOP_PREFIX):
        return content.role.tag_mapping.get(Tag.OWNER, "") in owners
    return any(profile.instance_profile_name in profiles for profile in content.profiles)


def _doubt(content: RoleContent) -> str:
    """Return why an unused role is kept all the same, "" where nothing speaks for it."""
    if any(name.startswith(REVOKE_PREFIX) for name in content.inline_names):
        return "it was revoked in an incident, and is evidence"
    own = (content.role.role_name, iam.PATH)
    foreign = [one for one in content.profiles if (one.instance_profile_name, one.path) != own]
    if foreign:
        return f"someone put it into the instance profile {foreign[0].instance_profile_name}"
    return ""


def _leftover_role(content: RoleContent, region: str) -> Leftover:
    return Leftover(
        kind=Kind.ROLE,
        id=content.role.role_name,
        region="",
        owner=content.role.tag_mapping.get(Tag.OWNER, ""),
        why="no instance in any region uses it",
        stages=_removal_stages(content, region),
    )


def _removal_stages(content: RoleContent, region: str) -> tuple[Stage, ...]:
    """Return the steps in the order that IAM demands: out of the profile, emptied, deleted."""
    name = content.role.role_name
    role: Parameters = {"RoleName": name}

    def step(operation: str, parameters: Parameters, sentence: str) -> Step:
        return Step(
            operation=operation,
            region=region,
            parameters=parameters,
            sentence=sentence,
            accepts=("NoSuchEntity",),
        )

    leave = []
    empty = []
    for profile in content.profiles:
        named = {"InstanceProfileName": profile.instance_profile_name}
        leave.append(
            step(
                removal.REMOVE_ROLE_FROM_INSTANCE_PROFILE.key,
                named | role,
                f"take the role {name} out of its instance profile",
            )
        )
        empty.append(
            step(
                removal.DELETE_INSTANCE_PROFILE.key,
                named,
                f"delete the instance profile {profile.instance_profile_name}",
            )
        )
    for policy in content.inline_names:
        sentence = f"delete the policy {policy} in the role {name}"
        empty.append(step(removal.DELETE_ROLE_POLICY.key, role | {"PolicyName": policy}, sentence))
    for arn in content.attached_arns:
        sentence = f"detach {arn} from the role {name}"
        empty.append(step(removal.DETACH_ROLE_POLICY.key, role | {"PolicyArn": arn}, sentence))
    delete = step(removal.DELETE_ROLE.key, role, f"delete the role {name}")
    return tuple(stage for stage in (tuple(leave), tuple(empty), (delete,)) if stage)
