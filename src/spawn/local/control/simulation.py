"""IAM's policy simulator, answered by the evaluator that judges the calls themselves.

Sources: IAM API reference, SimulatePrincipalPolicy, SimulateCustomPolicy, EvaluationResult.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import msgspec

from spawn.iam.evaluation import (
    CompiledPolicy,
    Decision,
    Kind,
    PolicySet,
    Request,
    decide,
    readable_policy,
)
from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.principals import holder_policies

PAGE = 100
# The cloud's administrator is no user of moto's, and no policy says what they may.
_UNRESTRAINED = PolicySet(
    identity=(
        readable_policy(
            '{"Version": "2012-10-17", "Statement": '
            '{"Effect": "Allow", "Action": "*", "Resource": "*"}}',
            name="administrator",
        ),
    )
)


def simulate_principal_policy(duty: Duty) -> dict[str, Any]:
    """What the policies of a user, group or role would decide. Raises AwsError."""
    parameters = duty.call.parameters
    arn = str(parameters.get("PolicySourceArn"))
    is_admin = duty.principal.is_admin and arn == duty.principal.arn
    policies = _UNRESTRAINED if is_admin else holder_policies(arn)
    if policies is None:
        raise AwsError("NoSuchEntity", f"{arn} does not exist.", status=404)
    added = _policies(parameters.get("PolicyInputList") or [], "PolicyInputList")
    own = msgspec.structs.replace(policies, identity=(*policies.identity, *added))
    scps = duty.memory.switches.levels
    return _simulate(duty, msgspec.structs.replace(own, scps=scps), caller=arn)


def simulate_custom_policy(duty: Duty) -> dict[str, Any]:
    """What policies of the request alone would decide. Raises AwsError."""
    given = duty.call.parameters.get("PolicyInputList") or []
    return _simulate(duty, PolicySet(identity=_policies(given, "PolicyInputList")), caller="")


def _simulate(duty: Duty, policies: PolicySet, *, caller: str) -> dict[str, Any]:
    parameters = duty.call.parameters
    limits = _policies(parameters.get("PermissionsBoundaryPolicyInputList") or [], "Boundary")
    if limits:
        policies = msgspec.structs.replace(policies, boundary=limits[0])
    of_resource = parameters.get("ResourcePolicy")
    if of_resource:
        [resource] = _policies([of_resource], "ResourcePolicy")
        policies = msgspec.structs.replace(policies, resource=resource)
    root = f"arn:{account.PARTITION}:iam::{account.ACCOUNT_ID}:user/simulated"
    principal = str(parameters.get("CallerArn") or (caller if ":group/" not in caller else root))
    context = _context(parameters.get("ContextEntries") or [])
    asked = [
        Request(principal=principal or root, action=action, resource=resource, context=context)
        for action, resource in itertools.product(
            parameters.get("ActionNames") or [], parameters.get("ResourceArns") or ["*"]
        )
    ]
    start = int(parameters.get("Marker") or 0)
    size = int(parameters.get("MaxItems") or PAGE)
    page = asked[start : start + size]
    is_cut = start + size < len(asked)
    results = [_result(each, decide(each, policies), policies) for each in page]
    following = {"Marker": str(start + size)} if is_cut else {}
    return {"EvaluationResults": results, "IsTruncated": is_cut, **following}


def _policies(texts: Iterable[Any], name: str) -> tuple[CompiledPolicy, ...]:
    try:
        return tuple(
            readable_policy(str(text), name=f"{name}.{number}")
            for number, text in enumerate(texts, 1)
        )
    except ValueError as error:
        raise AwsError("InvalidInput", f"{name}: {error}") from error


def _context(entries: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    return {
        str(entry.get("ContextKeyName")).lower(): tuple(
            str(value) for value in entry.get("ContextKeyValues") or ()
        )
        for entry in entries
    }


def _result(asked: Request, decision: Decision, policies: PolicySet) -> dict[str, Any]:
    missing = sorted(_keys(asked, policies) - {key.lower() for key in asked.context})
    result: dict[str, Any] = {
        "EvalActionName": asked.action,
        "EvalResourceName": asked.resource,
        "EvalDecision": decision.outcome.value,
        "MatchedStatements": _matched(decision),
        "MissingContextValues": missing,
    }
    if policies.scps is not None:
        by_organisation = decision.is_allowed or decision.kind is not Kind.SCP
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": by_organisation}
    if policies.boundary is not None:
        by_boundary = decision.is_allowed or decision.kind is not Kind.BOUNDARY
        detail = {"AllowedByPermissionsBoundary": by_boundary}
        result["PermissionsBoundaryDecisionDetail"] = detail
    return result


def _matched(decision: Decision) -> list[dict[str, Any]]:
    if decision.policy is None or decision.statement is None:
        return []
    kind = "Resource Policy" if decision.kind is Kind.RESOURCE else "IAM Policy"
    return [{"SourcePolicyId": decision.policy, "SourcePolicyType": kind}]


def _keys(asked: Request, policies: PolicySet) -> set[str]:
    """The condition keys of the statements that speak of the action."""
    single = [policies.resource, policies.boundary, policies.session]
    levels = [policy for level in policies.scps or () for policy in level]
    every = [*policies.identity, *(each for each in single if each is not None), *levels]
    action = asked.action.lower()
    spoken = (
        policy.document.statements[each.number - 1]
        for policy in every
        for is_allow in (True, False)
        for each in policy.speaking_of(action, allow=is_allow)
    )
    return {k.lower() for each in spoken for keys in each.conditions.values() for k in keys}
