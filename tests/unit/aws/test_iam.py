"""IAM's operations and what their answers are read into."""

from __future__ import annotations

from typing import Any

import pytest

from spawn.aws import iam
from spawn.aws.operation import Access, Operation
from spawn.aws.questions import Question
from spawn.iam.reference import matching_actions


@pytest.mark.parametrize("operation", iam.OPERATIONS, ids=lambda operation: operation.key)
def test_each_operation_names_real_actions(operation: Operation) -> None:
    """The first permission is the call's own action, all exist, and a read only reads."""
    assert operation.actions[0] == operation.key
    for action in operation.actions:
        (known,) = matching_actions(action)
        if operation.access is Access.READ:
            assert not known.changes_something


def test_a_role_is_read_with_its_boundary() -> None:
    """The boundary is an ARN, or none; the trust policy is left as it came."""
    answer = {"RoleName": "r", "Path": "/", "Arn": "arn:r", "AssumeRolePolicyDocument": {"a": [1]}}
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:b"}
    assert iam.role({"Role": answer}).boundary_arn is None
    bound = iam.role({"Role": {**answer, "PermissionsBoundary": boundary}})
    assert bound.boundary_arn == "arn:b"
    assert bound.assume_role_policy_document == {"a": [1]}


def test_no_such_entity_is_an_absence() -> None:
    """For every question IAM's answer that there is no such thing is a fact, not an error."""
    asked: list[Question[Any]] = [
        iam.role_question("n", "r"),
        iam.inline_names_question("n", "r"),
        iam.inline_policy_question("n", "p", "r"),
        iam.attached_policies_question("n", "r"),
        iam.instance_profile_question("n", "r"),
        iam.profiles_of_role_question("n", "r"),
        iam.managed_policy_question("a", "r"),
    ]
    for question in asked:
        assert question.absent_codes == ("NoSuchEntity",)
        assert question.operation in iam.OPERATIONS
        assert question.region == "r"
    assert asked[2].parameters == {"RoleName": "n", "PolicyName": "p"}
