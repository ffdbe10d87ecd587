"""What a set of policies says about one action: found once, and remembered.

Most of a decision is the same for every resource and context: which statements speak of the
action, and which policies allow all of it, so that they need not be asked again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import NamedTuple

from spawn.iam.evaluation.compiled import CompiledPolicy, CompiledStatement, always
from spawn.iam.evaluation.model import Decision, Kind, Outcome, PolicySet

# IAM user guide, "Pass session tags in AWS STS": the trust policy allows these, as AssumeRole.
_IN_TRUST_POLICIES = frozenset({"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"})


_CALLED = {
    Kind.IDENTITY: "identity policy",
    Kind.RESOURCE: "policy of the resource",
    Kind.BOUNDARY: "permissions boundary",
    Kind.SCP: "service control policy",
    Kind.SESSION: "session policy",
}


class Speaking(NamedTuple):
    """A statement, and what is decided where it is the one that decides."""

    statement: CompiledStatement
    decision: Decision


class Level(NamedTuple):
    """A level of SCPs that does not allow all of an action; the root's depth is 1."""

    depth: int
    allows: tuple[Speaking, ...]


class Limit(NamedTuple):
    """A boundary or session policy that does not allow all of an action.

    `decision` is what comes of it where it doesn't allow what is asked.
    """

    allows: tuple[Speaking, ...]
    decision: Decision


class Spoken(NamedTuple):
    """The statements that speak of an action; `denies` are of identity, boundary and session."""

    scp_denies: tuple[Speaking, ...]
    levels: tuple[Level, ...]
    resource_denies: tuple[Speaking, ...]
    resource_allows: tuple[Speaking, ...]
    denies: tuple[Speaking, ...]
    identity_allows: tuple[Speaking, ...]
    limits: tuple[Limit, ...]
    needs_policy_of_resource: bool


@functools.lru_cache(maxsize=1024)
def spoken(policies: PolicySet, action: str) -> Spoken:
    """Return what the policies say about an action, whatever its case."""
    action = action.lower()
    levels = policies.scps or ()
    resource = () if policies.resource is None else (policies.resource,)
    limiting = [
        (kind, policy)
        for kind, policy in ((Kind.BOUNDARY, policies.boundary), (Kind.SESSION, policies.session))
        if policy is not None
    ]
    limits = [
        Limit(_of(action, kind, (policy,), allow=True), _held_back(kind, policy))
        for kind, policy in limiting
    ]
    return Spoken(
        scp_denies=_of(action, Kind.SCP, (one for level in levels for one in level), allow=False),
        levels=tuple(
            Level(depth, allows)
            for depth, level in enumerate(levels, 1)
            if not _is_everything(allows := _of(action, Kind.SCP, level, allow=True))
        ),
        resource_denies=_of(action, Kind.RESOURCE, resource, allow=False),
        resource_allows=_of(action, Kind.RESOURCE, resource, allow=True),
        denies=_of(action, Kind.IDENTITY, policies.identity, allow=False)
        + tuple(
            each for kind, policy in limiting for each in _of(action, kind, (policy,), allow=False)
        ),
        identity_allows=_of(action, Kind.IDENTITY, policies.identity, allow=True),
        limits=tuple(limit for limit in limits if not _is_everything(limit.allows)),
        needs_policy_of_resource=bool(resource) and _is_authority(action),
    )


def _of(
    action: str, kind: Kind, policies: Iterable[CompiledPolicy], *, allow: bool
) -> tuple[Speaking, ...]:
    return tuple(
        Speaking(statement, _decided(kind, policy, statement))
        for policy in policies
        for statement in policy.speaking_of(action, allow=allow)
    )


def _decided(kind: Kind, policy: CompiledPolicy, statement: CompiledStatement) -> Decision:
    does = "allows" if statement.is_allow else "denies"
    return Decision(
        outcome=Outcome.ALLOWED if statement.is_allow else Outcome.EXPLICIT_DENY,
        kind=kind,
        policy=policy.name,
        statement=statement.number,
        sid=statement.sid,
        why=f"statement {statement.number} of the {_CALLED[kind]} {policy.name} {does} it",
    )


def _held_back(kind: Kind, policy: CompiledPolicy) -> Decision:
    return Decision(
        outcome=Outcome.IMPLICIT_DENY,
        kind=kind,
        policy=policy.name,
        why=f"the {_CALLED[kind]} {policy.name} doesn't allow it",
    )


def _is_everything(allows: tuple[Speaking, ...]) -> bool:
    return any(each.statement.applies is always for each in allows)


def _is_authority(action: str) -> bool:
    """Say whether the resource's own policy must allow: a role's trust, or a key's policy.

    IAM user guide, "How AWS enforcement code logic evaluates requests": both are exceptions.
    """
    return action.startswith(("kms:", "sts:assumerole")) or action in _IN_TRUST_POLICIES
