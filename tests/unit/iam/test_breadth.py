"""What is too wide, and what is not."""

from __future__ import annotations

import pytest

from spawn.iam.breadth import broad_managed_policy, broad_statements
from spawn.iam.documents import Conditions, Effect, PolicyDocument, Statement, allow

OWN = {"StringEquals": {"aws:ResourceAccount": ("123456789012",)}}
TAGGED = {"StringEquals": {"ec2:ResourceTag/owner": ("ana",)}}
ANY_TAG = {"StringLike": {"ec2:ResourceTag/owner": ("*",)}}


def reasons(action: str, resource: str, conditions: Conditions | None = None) -> str:
    """Return why an allowed action on a resource is broad, "" where it is not."""
    document = PolicyDocument(statements=(allow((action,), (resource,), conditions),))
    return "; ".join(found.reason for found in broad_statements(document))


@pytest.mark.parametrize(
    ("action", "resource", "conditions", "reason"),
    [
        ("*", "*", None, "every action"),
        ("*:*", "arn:aws:s3:::b", None, "every action"),
        ("s3:*", "*", None, "every action of s3 on *"),
        ("s3:*", "arn:aws:s3:::*", OWN, "every action of s3"),
        ("s3:**", "arn:aws:s3:::*/*", OWN, "every action of s3"),
        ("dynamodb:*", "arn:aws:dynamodb:us-east-1:1:table/*", None, "every action of dynamodb"),
        ("sqs:*", "arn:aws:sqs:us-east-1:1:*", None, "every action of sqs"),
        ("iam:PassRole", "*", None, "hands out every role"),
        ("iam:PassRole", "arn:aws:iam::1:role/*", None, "hands out every role"),
        ("iam:Pass*", "*", OWN, "hands out every role"),
        ("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/*", None, ""),
        ("ec2:RunInstances", "arn:aws:ec2:us-east-1::*/*", None, "changes things"),
        ("ec2:TerminateInstances", "*", None, "changes things"),
        ("ec2:Terminate*", "*", ANY_TAG, "such as Terminate"),
        ("S3:putobject", "arn:aws:s3:::*/*", None, "changes things"),
        ("s3:PutObject", "arn:aws:s3:::*/data/*", None, "changes things"),
        ("s3:PutObject", "arn:aws:s3:*:*:*", None, "changes things"),
        ("secretsmanager:GetSecretValue", "*", None, "reads secrets"),
        ("ssm:GetParam*", "*", None, "reads secrets"),
    ],
)
def test_broad(action: str, resource: str, conditions: Conditions | None, reason: str) -> None:
    """Each of these is found, with a reason that says what it reaches."""
    assert reason in reasons(action, resource, conditions)


@pytest.mark.parametrize(
    ("action", "resource", "conditions"),
    [
        ("ec2:DescribeInstances", "*", None),
        ("ecr:GetAuthorizationToken", "*", None),
        ("s3:*", "arn:aws:s3:::b/*", None),
        ("s3:PutObject", "arn:aws:s3:::b/*", None),
        ("s3:PutObject", "arn:aws:s3:::b-*/*", None),
        ("s3:PutObject", "arn:aws:s3:::*/*", OWN),
        ("s3:GetObject", "*", None),
        ("ec2:TerminateInstances", "*", TAGGED),
        ("dynamodb:*", "arn:aws:dynamodb:us-east-1:1:table/t", None),
        ("dynamodb:*", "arn:aws:dynamodb:us-east-1:1:table/t/*", None),
        ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:1:table/*", None),
        ("iam:PassRole", "arn:aws:iam::1:role/spawn/*", None),
        ("apigateway:POST", "arn:aws:apigateway:us-east-1::/restapis/*", None),
    ],
)
def test_not_broad(action: str, resource: str, conditions: Conditions | None) -> None:
    """What is named, tied to the account or to a tag, or can't be narrower, is no finding."""
    assert reasons(action, resource, conditions) == ""


def test_all_but_is_broad_and_a_denial_never() -> None:
    """What NotAction and NotResource allow grows by itself; denials may be as wide as they like."""
    document = PolicyDocument(
        statements=(
            Statement(effect=Effect.DENY, actions=("*",), not_resources=("arn:aws:s3:::b",)),
            Statement(effect=Effect.ALLOW, sid="A", not_actions=("iam:*",), resources=("*",)),
            Statement(effect=Effect.ALLOW, actions=("s3:GetObject",), not_resources=("*",)),
        )
    )
    found = broad_statements(document)
    assert [(each.number, each.sid, each.reason.split()[0]) for each in found] == [
        (2, "A", "NotAction"),
        (3, "", "NotResource"),
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("AdministratorAccess", "everything"),
        ("PowerUserAccess", "everything"),
        ("ReadOnlyAccess", "everything"),
        ("AmazonS3FullAccess", "every action"),
        ("AmazonDynamoDBFullAccess_v2", "every action"),
        ("AmazonSSMManagedInstanceCore", "every parameter"),
        ("service-role/AmazonEC2RoleforSSM", "every parameter"),
    ],
)
def test_awss_broad_policies(name: str, reason: str) -> None:
    """Policies of AWS's that are known to be wide are found in every partition."""
    for partition in ("aws", "aws-cn"):
        why = broad_managed_policy(f"arn:{partition}:iam::aws:policy/{name}")
        assert why is not None
        assert reason in why


def test_policies_that_are_not_known_to_be_broad() -> None:
    """A narrow one of AWS's passes, and so does the account's own of whatever name."""
    assert broad_managed_policy("arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy") is None
    assert broad_managed_policy("arn:aws:iam::123456789012:policy/AdministratorAccess") is None
