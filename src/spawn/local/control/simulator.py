"""IAM's policy simulator, which moto lacks: what a principal's policies say, nothing carried out.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from typing import Any

from spawn.local.control import account
from spawn.local.control.authorize import Outcome, PolicySet, RequestFacts, decide
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.principals import find_role, role_policies, user_policies

_DECISIONS = {Outcome.ALLOWED: "allowed", Outcome.DENIED_EXPLICITLY: "explicitDeny"}


def simulate_principal_policy(duty: Duty) -> dict[str, Any]:
    """Judge each action on each resource. Raises AwsError."""
    parameters = duty.call.parameters
    source = str(parameters.get("PolicySourceArn"))
    policies = _policies(source, duty)
    context = {
        str(entry.get("ContextKeyName", "")).lower(): tuple(entry.get("ContextKeyValues") or ())
        for entry in parameters.get("ContextEntries") or ()
    }
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": _decision(
                RequestFacts(
                    principal_arn=source, action=action, resource=resource, context=context
                ),
                policies,
            ),
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for action in parameters.get("ActionNames") or ()
        for resource in parameters.get("ResourceArns") or ["*"]
    ]
    return {"EvaluationResults": results, "IsTruncated": False}


def _policies(source: str, duty: Duty) -> PolicySet | None:
    """What bears on a user or a role; None for the administrator, whom nothing restrains."""
    if duty.principal.is_admin and source == duty.principal.arn:
        return None
    user = next((one for one in account.iam().users.values() if one.arn == source), None)
    if user is not None:
        return user_policies(user)
    role = find_role(source)
    if role is not None:
        return role_policies(role, None)
    raise AwsError("NoSuchEntity", f"There is no user or role {source}.", status=404)


def _decision(facts: RequestFacts, policies: PolicySet | None) -> str:
    if policies is None:
        return "allowed"
    return _DECISIONS.get(decide(facts, policies).outcome, "implicitDeny")
