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

from spawn.iam.evaluation.compiled import Asked, CompiledPolicy, CompiledStatement
from spawn.iam.evaluation.model import Decision, Kind, Outcome, PolicySet, Request
from spawn.iam.evaluation.principals import Grant, Requester, requester

_CALLED = {
    Kind.IDENTITY: "identity policy",
    Kind.RESOURCE: "policy of the resource",
    Kind.BOUNDARY: "permissions boundary",
    Kind.SCP: "service control policy",
    Kind.SESSION: "session policy",
}


def decide(request: Request, policies: PolicySet) -> Decision:
    """Judge one action on one resource by the policies that bear on it."""
    asked = Asked(
        request.action.lower(),
        request.resource,
        {key.lower(): given for key, given in request.context.items()},
    )
    who = requester(request.principal, request.role_arn)
    return (
        _explicit_deny(asked, who, policies)
        or _missing_level(asked, who, policies)
        or _by_grants(request, asked, who, policies)
    )


def _explicit_deny(asked: Asked, who: Requester, policies: PolicySet) -> Decision | None:
    if policies.scps and _is_bound_by_scps(who, policies):
        for level in policies.scps:
            found = _denied_by(Kind.SCP, level, asked)
            if found:
                return found
    if policies.resource is not None:
        has_boundary = policies.boundary is not None
        for each in policies.resource.spoken(asked.action).denies:
            if each.refuses(asked, who, has_boundary=has_boundary):
                return _spoken(Outcome.EXPLICIT_DENY, Kind.RESOURCE, policies.resource, each)
    found = _denied_by(Kind.IDENTITY, policies.identity, asked)
    if found is None and policies.boundary is not None:
        found = _denied_by(Kind.BOUNDARY, (policies.boundary,), asked)
    if found is None and policies.session is not None:
        found = _denied_by(Kind.SESSION, (policies.session,), asked)
    return found


def _denied_by(kind: Kind, policies: tuple[CompiledPolicy, ...], asked: Asked) -> Decision | None:
    for policy in policies:
        statement = policy.deny(asked)
        if statement is not None:
            return _spoken(Outcome.EXPLICIT_DENY, kind, policy, statement)
    return None


def _missing_level(asked: Asked, who: Requester, policies: PolicySet) -> Decision | None:
    if not policies.scps or not _is_bound_by_scps(who, policies):
        return None
    for depth, level in enumerate(policies.scps, 1):
        if not any(policy.allow(asked) for policy in level):
            return _silent(
                Kind.SCP, f"no service control policy of level {depth}, the root being 1, allows it"
            )
    return None


def _is_bound_by_scps(who: Requester, policies: PolicySet) -> bool:
    # Who is nobody and has no policies of its own is anonymous, and in no account.
    is_anonymous = not who.account and not policies.identity
    return not (who.is_outside or who.is_service_linked or is_anonymous)


def _by_grants(request: Request, asked: Asked, who: Requester, policies: PolicySet) -> Decision:
    """Judge what is not denied by who gives it."""
    grant, granting = _grant_of_resource(asked, who, policies.resource)
    owner = request.resource_account or _account_in(request.resource) or who.account
    is_foreign = bool(who.account) and owner != who.account
    if grant is Grant.DIRECT and not is_foreign and granting is not None:
        return _spoken(Outcome.ALLOWED, Kind.RESOURCE, *granting)
    must_grant = is_foreign or (policies.resource is not None and _needs_its_policy(asked.action))
    if must_grant and not grant:
        return _silent(Kind.RESOURCE, _why_needed(policies.resource, is_foreign=is_foreign))
    by_identity = _allow_of_identity(asked, policies.identity)
    if by_identity is None and not who.is_root and (is_foreign or grant is not Grant.ROLE):
        return _silent(*_nobody_allows(who, grant, policies, is_foreign=is_foreign))
    lacking = _limit(asked, who, policies)
    if lacking is not None:
        return lacking
    if by_identity is not None:
        return _spoken(Outcome.ALLOWED, Kind.IDENTITY, *by_identity)
    if granting is not None:
        return _spoken(Outcome.ALLOWED, Kind.RESOURCE, *granting)
    return Decision(
        outcome=Outcome.ALLOWED,
        kind=Kind.IDENTITY,
        why="the root user may do everything in its own account",
    )


_Speaking = tuple[CompiledPolicy, CompiledStatement]


def _grant_of_resource(
    asked: Asked, who: Requester, policy: CompiledPolicy | None
) -> tuple[Grant, _Speaking | None]:
    """Return the most direct grant of the resource's policy, and what gives it."""
    best, granting = Grant.NONE, None
    if policy is not None:
        for each in policy.spoken(asked.action).allows:
            grant = each.grant(asked, who)
            if grant > best:
                best, granting = grant, (policy, each)
    return best, granting


def _allow_of_identity(asked: Asked, policies: tuple[CompiledPolicy, ...]) -> _Speaking | None:
    for policy in policies:
        statement = policy.allow(asked)
        if statement is not None:
            return policy, statement
    return None


def _limit(asked: Asked, who: Requester, policies: PolicySet) -> Decision | None:
    """Return what a boundary or a session policy holds back; None where neither does."""
    boundary, session = policies.boundary, policies.session
    if boundary is not None and boundary.allow(asked) is None:
        return _held_back(Kind.BOUNDARY, boundary)
    if session is not None and session.allow(asked) is None:
        return _held_back(Kind.SESSION, session)
    if session is None and who.is_federated_user:
        # IAM user guide, "Permissions for GetFederationToken".
        return _silent(Kind.SESSION, "a federated user has what its session policy allows: none")
    return None


def _held_back(kind: Kind, policy: CompiledPolicy) -> Decision:
    return Decision(
        outcome=Outcome.IMPLICIT_DENY,
        kind=kind,
        policy=policy.name,
        why=f"the {_CALLED[kind]} {policy.name} doesn't allow it",
    )


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


def _needs_its_policy(action: str) -> bool:
    """Say whether the resource's own policy must allow: a role's trust, or a key's policy.

    IAM user guide, "How AWS enforcement code logic evaluates requests": both are exceptions.
    """
    return action.startswith(("kms:", "sts:assumerole")) or action in _IN_TRUST_POLICIES


# IAM user guide, "Pass session tags in AWS STS": these too are allowed by the trust policy.
_IN_TRUST_POLICIES = frozenset({"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"})


def _account_in(resource: str) -> str:
    """Return the account in an ARN; "" where it has none, or AWS's own, or is no ARN."""
    parts = resource.split(":", 5)
    if len(parts) < 6 or not parts[4].isdigit():
        return ""
    return parts[4]


def _spoken(
    outcome: Outcome, kind: Kind, policy: CompiledPolicy, statement: CompiledStatement
) -> Decision:
    does = "allows" if outcome is Outcome.ALLOWED else "denies"
    return Decision(
        outcome=outcome,
        kind=kind,
        policy=policy.name,
        statement=statement.number,
        sid=statement.sid,
        why=f"statement {statement.number} of the {_CALLED[kind]} {policy.name} {does} it",
    )


def _silent(kind: Kind, why: str) -> Decision:
    return Decision(outcome=Outcome.IMPLICIT_DENY, kind=kind, why=why)
