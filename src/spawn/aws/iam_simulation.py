"""IAM's own simulator: what a user's or a role's policies would say of an action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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

OPERATIONS = (SIMULATE_PRINCIPAL_POLICY,)


class Simulated(Shape, frozen=True, kw_only=True):
    """What the simulator says of one action on one resource.

    `eval_decision` is "allowed", "explicitDeny" or "implicitDeny"; `missing_context_values` are
    the condition keys that policies ask for and the question did not give.
    """

    eval_action_name: str
    eval_decision: str
    eval_resource_name: str = ""
    missing_context_values: tuple[str, ...] = ()


def simulated(answer: Answer) -> tuple[Simulated, ...]:
    """Understand SimulatePrincipalPolicy."""
    return many(answer, "EvaluationResults", Simulated)


def simulation_question(
    principal_arn: str,
    actions: Iterable[str],
    resource: str,
    *,
    context: Mapping[str, str],
    region: str,
) -> Question[tuple[Simulated, ...]]:
    """Ask what the principal's policies say of the actions on a resource, with condition keys."""
    return Question(
        operation=SIMULATE_PRINCIPAL_POLICY,
        parameters={
            "PolicySourceArn": principal_arn,
            "ActionNames": list(actions),
            "ResourceArns": [resource],
            "ContextEntries": [
                {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for key, value in context.items()
            ],
        },
        region=region,
        understand=simulated,
        absent_codes=("NoSuchEntity",),
    )
