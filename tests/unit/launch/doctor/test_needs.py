"""What a launch writes: each action with a resource that policies can speak of."""

from __future__ import annotations

import pytest

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
    assert sorted(actions) == sorted(each.action for each in operation.permissions if not each.flag)
    for resource, _ in asked:
        assert resource == "*" or (resource.startswith("arn:aws:") and "*" not in resource)
        assert "{" not in resource


@by_operation
def test_the_simulator_is_told_what_each_call_carries(operation: Operation) -> None:
    """A policy that demands what spawn always does, as the printed ones do, is met."""
    keys = context_of(operation, CALLER, region=REGION, boundary=BOUNDARY)
    assert keys["iam:PermissionsBoundary"] == BOUNDARY
    for permission in operation.permissions:
        for condition in permission.conditions:
            assert (condition.key in keys) is (condition.operator != "Null")
    assert not any("{" in value for value in keys.values())
    is_tagged = "aws:RequestTag/spawn" in keys
    assert (keys.get("aws:RequestTag/owner") == "alice") is is_tagged
    assert "iam:PermissionsBoundary" not in context_of(
        operation, CALLER, region=REGION, boundary=""
    )


def test_a_dry_run_is_not_asked_of_the_simulator() -> None:
    """EC2's own word on a whole call is worth more than the simulator's on half of it."""
    for level in Level:
        assert set(REHEARSED) <= set(launch_operations(level))
        assert not set(REHEARSED) & set(simulated_operations(level))
