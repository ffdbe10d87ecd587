"""AWS Organizations: service control policies, and what they are attached to.

Shapes follow the Organizations API Reference. Only the management account and whom it has
delegated may ask for policies; it is one service for all regions.
"""

from __future__ import annotations

import msgspec

from spawn.aws.operation import Answer, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

SCP = "SERVICE_CONTROL_POLICY"
# The ARNs hold the organisation's id, and the account that manages it.
_POLICY = "arn:{partition}:organizations::*:policy/o-*/service_control_policy/*"
_NOT_IN_USE = ("AWSOrganizationsNotInUseException",)

LIST_POLICIES = read("organizations", "ListPolicies")
DESCRIBE_POLICY = read(
    "organizations", "DescribePolicy", Permission("organizations:DescribePolicy", _POLICY)
)
LIST_TARGETS_FOR_POLICY = read(
    "organizations",
    "ListTargetsForPolicy",
    Permission("organizations:ListTargetsForPolicy", _POLICY),
)
CREATE_POLICY = write(
    "organizations",
    "CreatePolicy",
    Permission("organizations:CreatePolicy"),
    Permission("organizations:TagResource", _POLICY),
)
UPDATE_POLICY = write(
    "organizations", "UpdatePolicy", Permission("organizations:UpdatePolicy", _POLICY)
)
# It acts on the policy, and on a root, a unit or an account.
ATTACH_POLICY = write("organizations", "AttachPolicy")

OPERATIONS = (
    LIST_POLICIES,
    DESCRIBE_POLICY,
    LIST_TARGETS_FOR_POLICY,
    CREATE_POLICY,
    UPDATE_POLICY,
    ATTACH_POLICY,
)


class PolicySummary(Shape, frozen=True, kw_only=True):
    """A policy of the organisation, without its content."""

    id: str
    name: str


class Policy(Shape, frozen=True, kw_only=True):
    """A policy with its content: JSON as it was written."""

    content: str


class Target(Shape, frozen=True, kw_only=True):
    """What a policy is attached to: a root, a unit or an account."""

    target_id: str


def policies(answer: Answer) -> dict[str, str]:
    """Understand ListPolicies: ids by name, which is unique in an organisation."""
    return {one.name: one.id for one in many(answer, "Policies", PolicySummary)}


def content(answer: Answer) -> str:
    """Understand DescribePolicy."""
    return msgspec.convert(answer["Policy"], Policy).content


def targets(answer: Answer) -> tuple[str, ...]:
    """Understand ListTargetsForPolicy."""
    return tuple(one.target_id for one in many(answer, "Targets", Target))


def policies_question(region: str) -> Question[dict[str, str]]:
    """Ask for the ids of the service control policies; absent where there is no organisation."""
    return Question(
        operation=LIST_POLICIES,
        parameters={"Filter": SCP},
        region=region,
        understand=policies,
        absent_codes=_NOT_IN_USE,
    )


def content_question(policy_id: str, region: str) -> Question[str]:
    """Ask for a policy's content."""
    return Question(
        operation=DESCRIBE_POLICY,
        parameters={"PolicyId": policy_id},
        region=region,
        understand=content,
        absent_codes=("PolicyNotFoundException",),
    )


def targets_question(policy_id: str, region: str) -> Question[tuple[str, ...]]:
    """Ask what a policy is attached to."""
    return Question(
        operation=LIST_TARGETS_FOR_POLICY,
        parameters={"PolicyId": policy_id},
        region=region,
        understand=targets,
        absent_codes=("PolicyNotFoundException",),
    )
