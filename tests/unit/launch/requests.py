"""What a plan asks of AWS, without what merely names or labels it."""

from __future__ import annotations

import base64
import json
from typing import Any

from spawn.aws import dynamodb, iam
from spawn.core.steps import Parameters, Step
from spawn.launch.plan import LaunchPlan

# Of a launch only memory: it holds the spec's own words and the plan's digest.
_RECORD = dynamodb.TRANSACT_WRITE_ITEMS.key
_LABELS = frozenset({"Tags", "TagSpecifications", "ClientToken"})


def requests_of(plan: LaunchPlan) -> list[tuple[str, str, Any]]:
    """Return operation, region and parameters of every request, tags and tokens apart."""
    return [
        (step.operation, step.region, _without_labels(parameters))
        for step in plan.steps
        if step.operation != _RECORD
        for parameters in (step.parameters, *(each.parameters for each in step.alternatives))
    ]


def _without_labels(value: Any) -> Any:
    match value:
        case dict():
            return {
                key: _without_labels(inner) for key, inner in value.items() if key not in _LABELS
            }
        case list() | tuple():
            return [_without_labels(inner) for inner in value]
        case _:
            return value


def launches_of(plan: LaunchPlan) -> tuple[Parameters, ...]:
    """Return the parameters of RunInstances, for every place that may be tried."""
    return (plan.run.parameters, *(each.parameters for each in plan.run.alternatives))


def tags_of(parameters: Parameters, kind: str = "instance") -> dict[str, str]:
    """Return the tags that a request of RunInstances puts on what it makes of a kind."""
    found = next(one for one in parameters["TagSpecifications"] if one["ResourceType"] == kind)
    return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


def user_data_of(plan: LaunchPlan) -> bytes:
    """Return the bytes that the instance starts with."""
    return base64.b64decode(plan.run.parameters["UserData"], validate=True)


def the(plan: LaunchPlan, operation: str) -> Step:
    """Return the one step of an operation."""
    (found,) = [step for step in plan.steps if step.operation == operation]
    return found


def own_policy(plan: LaunchPlan) -> Any:
    """Return the policy that the plan gives the instance's own role."""
    role = plan.run.parameters["IamInstanceProfile"]["Name"]
    puts = [step.parameters for step in plan.steps if step.operation == iam.PUT_ROLE_POLICY.key]
    return json.loads(next(one["PolicyDocument"] for one in puts if one["RoleName"] == role))


def operations_of(plan: LaunchPlan) -> set[str]:
    """Return which operations the plan has."""
    return {step.operation for step in plan.steps}
