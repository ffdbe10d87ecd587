"""The permissions boundary: what roles that spawn makes may do at the most.

A boundary gives nothing. It lets through what programs on instances and the agent need, so that
each template works, and nothing by which a role could become more than it is. What ends instances
is let through only where the role's own tag `owner` is the instance's: whoever may make roles
under the boundary can't make one that ends somebody else's.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from typing import Final

from spawn.iam.documents import Effect, PolicyDocument, Statement
from spawn.iam.guardrails.model import Wishes
from spawn.iam.guardrails.statements import deny

# What programs on an instance do: data, messages, logs, measures, images, secrets that they are
# given; and what Session Manager's and CloudWatch's agents ask for.
_WORK: Final = (
    "athena:*",
    "bedrock:InvokeModel*",
    "cloudwatch:*",
    "dynamodb:*",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "ec2:DescribeTags",
    "ec2:DescribeVolumes",
    "ec2messages:*",
    "ecr:*",
    "elasticfilesystem:Client*",
    "firehose:Put*",
    "glue:BatchGet*",
    "glue:Get*",
    "kinesis:*",
    "logs:*",
    "route53:ChangeResourceRecordSets",
    "route53:GetChange",
    "route53:ListResourceRecordSets",
    "s3:*",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "sns:Publish",
    "sqs:*",
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:Get*",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:*",
    "sts:GetCallerIdentity",
    "xray:Get*",
    "xray:Put*",
)
_KEYS: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
)
# Each of these leads out of the role, or changes who may do what. A denial holds whatever a
# resource's own policy says.
_ESCALATION: Final = (
    "account:*",
    "iam:*",
    "identitystore:*",
    "organizations:*",
    "sso:*",
    "sso-directory:*",
    "sts:AssumeRole*",
    "sts:GetFederationToken",
)


def boundary(wishes: Wishes) -> PolicyDocument:
    """Return the boundary's document for an account."""
    instances = (f"arn:{wishes.partition}:ec2:*:{wishes.account}:instance/*",)
    itself = f"arn:{wishes.partition}:ec2:*:*:instance/${{ec2:InstanceId}}"
    return PolicyDocument(
        statements=(
            Statement(sid="Work", effect=Effect.ALLOW, actions=(*_WORK, *_KEYS), resources=("*",)),
            Statement(
                sid="EndWhatIsTheOwners",
                effect=Effect.ALLOW,
                actions=("ec2:StopInstances", "ec2:TerminateInstances"),
                resources=instances,
                conditions={
                    "StringEquals": {
                        "ec2:ResourceTag/owner": ("${aws:PrincipalTag/owner}",),
                        "ec2:ResourceTag/spawn": ("true",),
                    },
                    "Null": {"ec2:ResourceTag/spawn:hold": ("true",)},
                },
            ),
            Statement(
                sid="StopItself",
                effect=Effect.ALLOW,
                actions=("ec2:StopInstances",),
                resources=instances,
                conditions={"ArnLike": {"ec2:SourceInstanceARN": (itself,)}},
            ),
            deny("BecomeNobodyElse", _ESCALATION),
        )
    )
