"""IAM Access Analyzer: AWS's own judgement of whether a policy is right.

Source: Access Analyzer API Reference, ValidatePolicy; IAM user guide, "IAM policy validation check
reference".
"""

from __future__ import annotations

import enum

import msgspec

from spawn.aws.operation import Answer, Permission, read
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

VALIDATE_POLICY = read(
    "accessanalyzer", "ValidatePolicy", Permission("access-analyzer:ValidatePolicy")
)

OPERATIONS = (VALIDATE_POLICY,)

# How it refuses to look at a policy at all.
NOT_VALIDATED = "ValidationException"


class PolicyType(enum.StrEnum):
    """What a policy is, in Access Analyzer's words."""

    IDENTITY = "IDENTITY_POLICY"
    RESOURCE = "RESOURCE_POLICY"
    SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"


ROLE_TRUST = "AWS::IAM::AssumeRolePolicyDocument"


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be validated. `resource_type` is what the policy of a resource is of, or ""."""

    text: str
    type: PolicyType
    resource_type: str = ""


class Element(Shape, frozen=True, kw_only=True, rename="camel"):
    """A step of the way into a policy: a member by its name, or an item from 0."""

    index: int | None = None
    value: str = ""


class Position(Shape, frozen=True, kw_only=True, rename="camel"):
    """A place in the text: lines from 1, columns from 0."""

    line: int
    column: int


class Span(Shape, frozen=True, kw_only=True, rename="camel"):
    """A piece of the text; `end` is behind it."""

    start: Position
    end: Position


class Location(Shape, frozen=True, kw_only=True, rename="camel"):
    """What a finding is about, by its way and by its place."""

    path: tuple[Element, ...] = ()
    span: Span


class PolicyFinding(Shape, frozen=True, kw_only=True, rename="camel"):
    """A finding. Its type is ERROR, SECURITY_WARNING, WARNING or SUGGESTION."""

    finding_type: str
    issue_code: str
    finding_details: str = ""
    learn_more_link: str = ""
    locations: tuple[Location, ...] = ()


def validation_question(
    validation: Validation, *, region: str
) -> Question[tuple[PolicyFinding, ...]]:
    """Ask what is wrong with a policy; nothing is kept of it."""
    of_resource = (
        {"validatePolicyResourceType": validation.resource_type} if validation.resource_type else {}
    )
    return Question(
        operation=VALIDATE_POLICY,
        parameters={
            "policyDocument": validation.text,
            "policyType": validation.type.value,
            **of_resource,
        },
        region=region,
        understand=_findings,
    )


def _findings(answer: Answer) -> tuple[PolicyFinding, ...]:
    return many(answer, "findings", PolicyFinding)
