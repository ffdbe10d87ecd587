"""CloudTrail's names of calls in IAM's words, and which it shows only where it is asked to. Pure.

Sources: Amazon S3 user guide, "Required permissions for Amazon S3 API operations"; CloudTrail user
guide, "Logging data events"; the services' own guides on logging with CloudTrail.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Final

from spawn.iam import reference
from spawn.iam.evaluation.wildcards import wildcard

# The first label of an event source -> the prefix of IAM's actions, where they differ.
_PREFIXES: Mapping[str, str] = {
    "email": "ses",
    "monitoring": "cloudwatch",
    "tagging": "tag",
}
# Lambda's events bear the date of the API's version: Invoke20150331, GetFunction20150331v2.
_DATED = re.compile(r"\d{8}(v\d+)?$", re.ASCII)

_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "kms:ReEncrypt": ("kms:ReEncryptFrom", "kms:ReEncryptTo"),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "lambda:InvokeAsync": ("lambda:InvokeFunction",),
    "dynamodb:ExecuteStatement": (
        "dynamodb:PartiQLSelect",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate",
        "dynamodb:PartiQLDelete",
    ),
    "sns:PublishBatch": ("sns:Publish",),
    "sqs:ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:DeleteBucketCors": ("s3:PutBucketCORS",),
    "s3:DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:DeleteBucketPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:DeleteBucketReplication": ("s3:PutReplicationConfiguration",),
    "s3:DeleteBucketTagging": ("s3:PutBucketTagging",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:GetBucketCors": ("s3:GetBucketCORS",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycle": ("s3:GetLifecycleConfiguration",),
    "s3:GetBucketReplication": ("s3:GetReplicationConfiguration",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListParts": ("s3:ListMultipartUploadParts",),
    "s3:PutBucketCors": ("s3:PutBucketCORS",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:PutBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:PutBucketReplication": ("s3:PutReplicationConfiguration",),
    "s3:SelectObjectContent": ("s3:GetObject",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:UploadPartCopy": ("s3:GetObject", "s3:PutObject"),
}

# Actions whose calls are data events: they are in no history, and in a trail only where it
# selects them. Service -> the type of resource that is selected, the actions' names as patterns.
DATA_EVENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "s3": (
        "AWS::S3::Object",
        (
            *("*Object", "*ObjectAcl", "*ObjectAttributes", "*ObjectLegalHold"),
            *("*ObjectRetention", "*ObjectTagging", "*ObjectTorrent", "*ObjectVersion"),
            *("*ObjectVersion*", "ListBucket", "ListBucketVersions", "AbortMultipartUpload"),
            *("ListMultipartUploadParts", "BypassGovernanceRetention", "*ObjectAnnotation*"),
        ),
    ),
    "lambda": ("AWS::Lambda::Function", ("InvokeFunction",)),
    "dynamodb": (
        "AWS::DynamoDB::Table",
        (
            *("BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem"),
            *("PartiQL*", "PutItem", "Query", "Scan", "UpdateItem", "GetRecords"),
            "GetShardIterator",
        ),
    ),
    "sqs": (
        "AWS::SQS::Queue",
        (
            *("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"),
            *("ListDeadLetterSourceQueues", "ListQueues", "ListQueueTags", "ReceiveMessage"),
            "SendMessage",
        ),
    ),
    "sns": ("AWS::SNS::Topic", ("Publish",)),
    "kinesis": (
        "AWS::Kinesis::Stream",
        ("GetRecords", "GetShardIterator", "PutRecord", "PutRecords", "SubscribeToShard"),
    ),
    "cloudwatch": ("AWS::CloudWatch::Metric", ("PutMetricData", "GetMetric*")),
}
# What no event of any kind ever shows: permissions that are no calls, and calls not recorded.
UNRECORDED: Final = (
    "iam:PassRole",
    "logs:PutLogEvents",
    "ssmmessages:*",
    "ec2messages:*",
    "xray:Put*",
)


def actions_of_event(source: str, name: str) -> tuple[str, ...]:
    """Return IAM's actions behind an event; none where its tables know no such action."""
    label = source.partition(".")[0]
    service = _PREFIXES.get(label, label)
    called = f"{service}:{_DATED.sub('', name)}"
    return tuple(
        f"{service}:{known.name}"
        for action in _ACTIONS.get(called, (called,))
        for known in reference.matching_actions(action)
    )


@functools.cache
def data_type(action: str) -> str | None:
    """Return which type of resource a trail must select to show the action, None for any trail."""
    service, _, name = action.partition(":")
    kind, patterns = DATA_EVENTS.get(service, ("", ()))
    is_data = any(wildcard(pattern)(name) for pattern in patterns)
    return kind if is_data else None


@functools.cache
def is_unrecorded(action: str) -> bool:
    """Say whether CloudTrail shows no use of the action, whatever is selected."""
    return any(wildcard(pattern)(action) for pattern in UNRECORDED)
