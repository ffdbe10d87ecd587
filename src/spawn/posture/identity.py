"""What AWS says of an instance's role, understood as a posture: pure."""

from __future__ import annotations

import re

from spawn.aws import iam
from spawn.aws.questions import Fact, Known, Unseen
from spawn.iam.parsing import document_of
from spawn.posture.answers import RoleFacts, value_of
from spawn.posture.model import InlinePolicy, ManagedPolicy, PolicyContent, Role

# iam/roles.py: a role of spawn's own is named by the digest of what is in it.
_SPAWN_ROLE = re.compile(r"spawn-[0-9a-f]{32}", re.ASCII)


def role_name(profile: Fact[iam.InstanceProfile]) -> str | None:
    """Return the name of the one role in an instance profile, None without one."""
    if not isinstance(profile, Known) or not profile.value.roles:
        return None
    return profile.value.roles[0].role_name


def role_posture(facts: RoleFacts) -> Role | Unseen | None:
    """Return the role, None where the profile is empty or gone: it then gives no credentials."""
    if isinstance(facts.profile, Unseen):
        return facts.profile
    if not isinstance(facts.profile, Known) or not facts.profile.value.roles:
        return None
    shown = facts.profile.value.roles[0]
    return Role(
        name=shown.role_name,
        is_spawn_role=shown.path == iam.PATH and _SPAWN_ROLE.fullmatch(shown.role_name) is not None,
        inline=_inline(facts),
        managed=_managed(facts),
        boundary=_boundary(facts.role),
    )


def _inline(facts: RoleFacts) -> tuple[InlinePolicy, ...] | Unseen:
    names = value_of(facts.inline_names, iam.LIST_ROLE_POLICIES.key)
    if isinstance(names, Unseen):
        return names
    return tuple(
        InlinePolicy(name=name, content=_content(facts.inline.get(name))) for name in names
    )


def _content(fact: Fact[iam.InlinePolicy] | None) -> PolicyContent | Unseen:
    found = value_of(fact, iam.GET_ROLE_POLICY.key)
    if isinstance(found, Unseen):
        return found
    try:
        return PolicyContent(document=document_of(found.policy_document))
    except ValueError as error:
        return Unseen(iam.GET_ROLE_POLICY.key, f"the policy can't be read: {error}")


def _managed(facts: RoleFacts) -> tuple[ManagedPolicy, ...] | Unseen:
    arns = value_of(facts.attached, iam.LIST_ATTACHED_ROLE_POLICIES.key)
    if isinstance(arns, Unseen):
        return arns
    return tuple(ManagedPolicy(arn=arn) for arn in arns)


def _boundary(fact: Fact[iam.Role] | None) -> str | Unseen | None:
    # IAM API Reference, GetInstanceProfile: its roles leave the boundary out, so GetRole it is.
    role = value_of(fact, iam.GET_ROLE.key)
    return role if isinstance(role, Unseen) else role.boundary_arn
