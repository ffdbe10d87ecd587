"""May this principal do that? One pure function over facts and policies.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

1. A Deny that applies to any action-resource pair ends it.
2. Identity policies must allow every pair.
3. A permissions boundary, where there is one, must allow every pair too; so must a session policy.
What can't be judged makes a Deny apply and an Allow not.
"""

from __future__ import annotations

import dataclasses
import enum

from spawn.local.control.conditions import (
    CannotJudge,
    Context,
    holds,
    matches_wildcard,
    substitute,
)
from spawn.local.control.policies import Effect, Policy, Statement


@dataclasses.dataclass(frozen=True, kw_only=True)
class RequestFacts:
    """One action on one resource, by one principal. Context keys are in lower case."""

    principal_arn: str
    action: str  # "s3:GetObject"
    resource: str  # an ARN, or "*" for actions without resources
    context: Context


@dataclasses.dataclass(frozen=True, kw_only=True)
class PolicySet:
    """The policies that bear on a principal; None where that kind doesn't exist for it."""

    identity: tuple[Policy, ...]
    boundary: Policy | None = None
    session: Policy | None = None


class Outcome(enum.Enum):
    """How a decision came out, and by which kind of policy."""

    ALLOWED = enum.auto()
    DENIED_EXPLICITLY = enum.auto()
    DENIED_BY_IDENTITY = enum.auto()
    DENIED_BY_BOUNDARY = enum.auto()
    DENIED_BY_SESSION = enum.auto()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decision:
    """The outcome, and the statement's policy that decided where one did."""

    outcome: Outcome
    policy: str | None = None

    @property
    def is_allowed(self) -> bool:
        return self.outcome is Outcome.ALLOWED


def decide(facts: RequestFacts, policies: PolicySet) -> Decision:
    """Judge one action on one resource."""
    everything = [*policies.identity, *filter(None, (policies.boundary, policies.session))]
    for policy in everything:
        if _speaks(policy, Effect.DENY, facts):
            return Decision(outcome=Outcome.DENIED_EXPLICITLY, policy=policy.name)
    allowing = next((p for p in policies.identity if _speaks(p, Effect.ALLOW, facts)), None)
    if allowing is None:
        return Decision(outcome=Outcome.DENIED_BY_IDENTITY)
    if policies.boundary and not _speaks(policies.boundary, Effect.ALLOW, facts):
        return Decision(outcome=Outcome.DENIED_BY_BOUNDARY, policy=policies.boundary.name)
    if policies.session and not _speaks(policies.session, Effect.ALLOW, facts):
        return Decision(outcome=Outcome.DENIED_BY_SESSION, policy=policies.session.name)
    return Decision(outcome=Outcome.ALLOWED, policy=allowing.name)


def applies_to(policy: Policy, principals: frozenset[tuple[str, str]], facts: RequestFacts) -> bool:
    """Whether a resource's policy allows one of `principals` the action on the resource."""
    effects = [
        statement.effect
        for statement in policy.statements
        if _names(statement, principals) and _applies(statement, facts)
    ]
    return Effect.ALLOW in effects and Effect.DENY not in effects


def trusts(policy: Policy, principals: frozenset[tuple[str, str]], facts: RequestFacts) -> bool:
    """Whether a role's trust policy lets one of `principals` take the role.

    `principals` are (type, value) pairs: ("Service", "ec2.amazonaws.com"), ("AWS", an ARN).
    """

    def applies(statement: Statement) -> bool:
        if not _names(statement, principals):
            return False
        anywhere = dataclasses.replace(statement, resources=("*",), not_resources=None)
        return _applies(anywhere, facts)

    effects = [statement.effect for statement in policy.statements if applies(statement)]
    return Effect.ALLOW in effects and Effect.DENY not in effects


def _names(statement: Statement, principals: frozenset[tuple[str, str]]) -> bool:
    if statement.principals is None:
        return False
    everyone = {("*", "*"), ("AWS", "*")}
    return any(named in principals | everyone for named in statement.principals)


def _speaks(policy: Policy, effect: Effect, facts: RequestFacts) -> bool:
    return any(s.effect is effect and _applies(s, facts) for s in policy.statements)


def _applies(statement: Statement, facts: RequestFacts) -> bool:
    return (
        _matches_action(statement, facts.action)
        and _matches_resource(statement, facts)
        and _meets_conditions(statement, facts.context)
    )


def _matches_action(statement: Statement, action: str) -> bool:
    """Action names know no case."""
    patterns = statement.actions if statement.actions is not None else statement.not_actions
    hit = any(matches_wildcard(p.lower(), action.lower()) for p in patterns or ())
    return hit if statement.actions is not None else statement.not_actions is not None and not hit


def _matches_resource(statement: Statement, facts: RequestFacts) -> bool:
    patterns = statement.resources if statement.resources is not None else statement.not_resources
    filled = (substitute(pattern, facts.context) for pattern in patterns or ())
    hit = any(p is not None and matches_wildcard(p, facts.resource) for p in filled)
    if statement.resources is not None:
        return hit
    return statement.not_resources is not None and not hit


def _meets_conditions(statement: Statement, context: Context) -> bool:
    for condition in statement.conditions:
        try:
            if not holds(condition, context):
                return False
        except CannotJudge:
            if statement.effect is Effect.ALLOW:
                return False
    return True
