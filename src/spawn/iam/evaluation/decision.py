"""How the kinds of policies work together.

Sources, of the IAM user guide: "How AWS enforcement code logic evaluates requests to allow or deny
access" and "Cross-account policy evaluation logic".

1. A Deny that applies, in any policy, ends it.
2. Each level of SCPs must allow. They bind users, roles and root of a member account; not services,
   not service-linked roles.
3. Within one account, the resource's policy or an identity's must allow; how directly the former
   names who asks says what limits it (`principals.Grant`). Trust policies and key policies must
   allow in any case. From another account both must allow.
4. A boundary and a session policy, where there are any, must allow what an identity's policy gave.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from spawn.iam.evaluation.compiled import CompiledPolicy
from spawn.iam.evaluation.model import Decision, Kind, Outcome, PolicySet, Request
from spawn.iam.evaluation.principals import Grant, Requester, requester
from spawn.iam.evaluation.spoken import Speaking, Spoken, spoken
from spawn.iam.evaluation.variables import Context


class _Asked(NamedTuple):
    """A request made ready; the keys of its context are in lower case."""

    resource: str
    context: Context
    who: Requester
    has_boundary: bool


def decide(request: Request, policies: PolicySet) -> Decision:
    """Judge one action on one resource by the policies that bear on it."""
    who = requester(request.principal, request.role_arn)
    context = {key.lower(): given for key, given in request.context.items()}
    asked = _Asked(request.resource, context, who, policies.boundary is not None)
    said = spoken(policies, request.action)
    is_bound = not (who.is_outside or who.is_service_linked)
    denied = (
        (_first(said.scp_denies, asked) if is_bound else None)
        or _refusal_of_resource(said, asked)
        or _first(said.denies, asked)
    )
    if denied is not None:
        return denied.decision
    missing = _missing_level(said, asked) if is_bound else None
    return missing or _by_grants(request, asked, said, policies)


def _refusal_of_resource(said: Spoken, asked: _Asked) -> Speaking | None:
    for each in said.resource_denies:
        is_meant = each.statement.is_against(asked.who, has_boundary=asked.has_boundary)
        if is_meant and each.statement.covers(asked.resource, asked.context):
            return each
    return None


def _missing_level(said: Spoken, asked: _Asked) -> Decision | None:
    for level in said.levels:
        if _first(level.allows, asked) is None:
            why = f"no service control policy of level {level.depth}, the root being 1, allows it"
            return _silent(Kind.SCP, why)
    return None


def _first(statements: Iterable[Speaking], asked: _Asked) -> Speaking | None:
    """Return the first that applies: of the SCPs, identity, boundary and session."""
    resource, context = asked.resource, asked.context
    for each in statements:
        if each.statement.applies(resource, context):
            return each
    return None


def _by_grants(request: Request, asked: _Asked, said: Spoken, policies: PolicySet) -> Decision:
    """Judge what is not denied by who gives it."""
    who = asked.who
    grant, granting = _grant_of_resource(said, asked)
    owner = request.resource_account or _account_in(request.resource) or who.account
    is_foreign = bool(who.account) and owner != who.account
    if granting is not None and grant is Grant.DIRECT and not is_foreign:
        return granting.decision
    if granting is None and (is_foreign or said.needs_policy_of_resource):
        return _silent(Kind.RESOURCE, _why_needed(policies.resource, is_foreign=is_foreign))
    by_identity = _first(said.identity_allows, asked)
    if by_identity is None and not who.is_root and (is_foreign or grant is not Grant.ROLE):
        return _silent(*_nobody_allows(who, grant, policies, is_foreign=is_foreign))
    lacking = _limit(said, asked, has_session=policies.session is not None)
    if lacking is not None:
        return lacking
    giving = by_identity or granting
    if giving is not None:
        return giving.decision
    return Decision(
        outcome=Outcome.ALLOWED,
        kind=Kind.IDENTITY,
        why="the root user may do everything in its own account",
    )


def _grant_of_resource(said: Spoken, asked: _Asked) -> tuple[Grant, Speaking | None]:
    """Return the most direct grant of the resource's policy, and what gives it."""
    best, granting = Grant.NONE, None
    for each in said.resource_allows:
        grant = each.statement.grant(asked.who)
        if grant > best and each.statement.covers(asked.resource, asked.context):
            best, granting = grant, each
    return best, granting


def _limit(said: Spoken, asked: _Asked, *, has_session: bool) -> Decision | None:
    """Return what a boundary or a session policy holds back; None where neither does."""
    for limit in said.limits:
        if _first(limit.allows, asked) is None:
            return limit.decision
    if not has_session and asked.who.is_federated_user:
        # IAM user guide, "Permissions for GetFederationToken".
        return _silent(Kind.SESSION, "a federated user has what its session policy allows: none")
    return None


def _nobody_allows(
    who: Requester, grant: Grant, policies: PolicySet, *, is_foreign: bool
) -> tuple[Kind, str]:
    if who.is_outside or (not who.account and policies.resource is not None):
        return Kind.RESOURCE, "no policy of the resource allows it to who asks"
    if grant is Grant.ACCOUNT and not is_foreign:
        why = "the resource's policy leaves it to the account, and no identity policy allows it"
        return Kind.IDENTITY, why
    return Kind.IDENTITY, "no identity policy allows it"


def _why_needed(policy: CompiledPolicy | None, *, is_foreign: bool) -> str:
    if not is_foreign:
        return "a role or key is used by whom its own policy allows it, and it doesn't allow it"
    if policy is None:
        return "the resource is another account's, and no policy of it is known"
    return "the resource is another account's, and its policy doesn't allow it"


def _account_in(resource: str) -> str:
    """Return the account in an ARN; "" where it has none, or AWS's own, or is no ARN."""
    parts = resource.split(":", 5)
    if len(parts) < 6 or not parts[4].isdigit():
        return ""
    return parts[4]


def _silent(kind: Kind, why: str) -> Decision:
    return Decision(outcome=Outcome.IMPLICIT_DENY, kind=kind, why=why)
