"""IAM's own simulator: what a user's, a role's or written policies would say of an action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from spawn.aws.operation import Answer, Permission, read
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

# IAM API Reference, SimulatePrincipalPolicy: of a user or a role; a session has its role's ARN.
SIMULATE_PRINCIPAL_POLICY = read(
    "iam",
    "SimulatePrincipalPolicy",
    Permission("iam:SimulatePrincipalPolicy", "arn:{partition}:iam::{account}:user/*"),
    Permission("iam:SimulatePrincipalPolicy", "arn:{partition}:iam::{account}:role/*"),
)
SIMULATE_CUSTOM_POLICY = read("iam", "SimulateCustomPolicy")

OPERATIONS = (SIMULATE_PRINCIPAL_POLICY, SIMULATE_CUSTOM_POLICY)


class ContextEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A condition key of the request; `type` is the simulator's word (ContextKeyTypeEnum)."""

    key: str
    values: tuple[str, ...]
    type: str = "string"


class SimulatedCall(msgspec.Struct, frozen=True, kw_only=True):
    """What the simulator is asked.

    `resource_policy` is the resource's own, `caller_arn` who asks where no user's or role's
    policies are asked about; both may be empty, but the first needs the second there. `boundary`
    counts instead of the user's or role's own.
    """

    actions: tuple[str, ...]
    resource: str
    context: tuple[ContextEntry, ...] = ()
    resource_policy: str = ""
    caller_arn: str = ""
    boundary: str = ""


class Position(Shape, frozen=True, kw_only=True):
    """A place in a policy's text, both from 1."""

    line: int = 0
    column: int = 0


class MatchedStatement(Shape, frozen=True, kw_only=True):
    """A statement that decided, by its policy and where it begins."""

    source_policy_id: str = ""
    source_policy_type: str = ""
    start_position: Position = Position()


class OrganizationsDetail(Shape, frozen=True, kw_only=True):
    """Whether the organisation's policies let the action through."""

    allowed_by_organizations: bool = True


class BoundaryDetail(Shape, frozen=True, kw_only=True):
    """Whether the permissions boundary lets the action through."""

    allowed_by_permissions_boundary: bool = True


class Simulated(Shape, frozen=True, kw_only=True):
    """What the simulator says of one action on one resource.

    `eval_decision` is "allowed", "explicitDeny" or "implicitDeny"; `missing_context_values` are
    the condition keys that policies ask for and the question did not give.
    """

    eval_action_name: str
    eval_decision: str
    eval_resource_name: str = ""
    missing_context_values: tuple[str, ...] = ()
    matched_statements: tuple[MatchedStatement, ...] = ()
    organizations_decision_detail: OrganizationsDetail = OrganizationsDetail()
    permissions_boundary_decision_detail: BoundaryDetail = BoundaryDetail()


def simulated(answer: Answer) -> tuple[Simulated, ...]:
    """Understand SimulatePrincipalPolicy and SimulateCustomPolicy."""
    return many(answer, "EvaluationResults", Simulated)


def strings(context: Mapping[str, str]) -> tuple[ContextEntry, ...]:
    """Return the entries of keys that have one text each."""
    return tuple(ContextEntry(key=key, values=(value,)) for key, value in context.items())


def simulation_question(
    principal_arn: str, call: SimulatedCall, *, region: str
) -> Question[tuple[Simulated, ...]]:
    """Ask what the policies of a user or role say; its boundary and organisation count too."""
    return Question(
        operation=SIMULATE_PRINCIPAL_POLICY,
        parameters={"PolicySourceArn": principal_arn, **_parameters(call)},
        region=region,
        understand=simulated,
        absent_codes=("NoSuchEntity",),
    )


def custom_simulation_question(
    policies: Iterable[str], call: SimulatedCall, *, region: str
) -> Question[tuple[Simulated, ...]]:
    """Ask what identity policies say that are given as JSON text."""
    return Question(
        operation=SIMULATE_CUSTOM_POLICY,
        parameters={"PolicyInputList": list(policies), **_parameters(call)},
        region=region,
        understand=simulated,
    )


def _parameters(call: SimulatedCall) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "ActionNames": list(call.actions),
        "ResourceArns": [call.resource],
        "ContextEntries": [
            {
                "ContextKeyName": entry.key,
                "ContextKeyValues": list(entry.values),
                "ContextKeyType": entry.type,
            }
            for entry in call.context
        ],
    }
    if call.resource_policy:
        parameters["ResourcePolicy"] = call.resource_policy
    if call.boundary:
        parameters["PermissionsBoundaryPolicyInputList"] = [call.boundary]
    if call.caller_arn:
        parameters["CallerArn"] = call.caller_arn
    return parameters
