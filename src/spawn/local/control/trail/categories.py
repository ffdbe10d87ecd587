"""What CloudTrail calls a call: its name, its source, its category, and whether it only reads.

Sources: "Logging data events" in CloudTrail's user guide, and in the guides of S3, DynamoDB, SQS,
SNS and CloudWatch Logs the pages on logging with CloudTrail.
"""

from __future__ import annotations

import enum

from spawn.local.control.operations import Call


class Category(enum.StrEnum):
    """The two kinds of events that are recorded here."""

    MANAGEMENT = "Management"
    DATA = "Data"


_DATA: dict[str, frozenset[str]] = {
    "dynamodb": frozenset(
        {
            *("BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteItem"),
            *("ExecuteStatement", "ExecuteTransaction", "GetItem", "PutItem", "Query", "Scan"),
            *("TransactGetItems", "TransactWriteItems", "UpdateItem"),
        }
    ),
    "lambda": frozenset({"Invoke", "InvokeAsync"}),
    "s3": frozenset(
        {
            *("AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject"),
            *("CreateMultipartUpload", "DeleteObject", "DeleteObjects", "DeleteObjectTagging"),
            *("GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold"),
            *("GetObjectRetention", "GetObjectTagging", "GetObjectTorrent", "HeadBucket"),
            *("HeadObject", "ListObjects", "ListObjectsV2", "ListObjectVersions", "ListParts"),
            *("PutObject", "PutObjectAcl", "PutObjectLegalHold", "PutObjectRetention"),
            *("PutObjectTagging", "RestoreObject", "SelectObjectContent", "UploadPart"),
            "UploadPartCopy",
        }
    ),
    "sns": frozenset({"Publish", "PublishBatch"}),
    "sqs": frozenset(
        {
            *("ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage"),
            *("DeleteMessageBatch", "GetQueueAttributes", "GetQueueUrl"),
            *("ListDeadLetterSourceQueues", "ListQueues", "ListQueueTags", "ReceiveMessage"),
            *("SendMessage", "SendMessageBatch"),
        }
    ),
}
_NEVER_LOGGED = frozenset({"logs:PutLogEvents"})
# CloudTrail names S3's calls by an older generation of the API.
_NAMES = {
    "s3:DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "s3:GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "s3:GetBucketNotificationConfiguration": "GetBucketNotification",
    "s3:GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "s3:ListObjectsV2": "ListObjects",
    "s3:PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "s3:PutBucketNotificationConfiguration": "PutBucketNotification",
    "s3:PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
# botocore's service -> the first label of its event source, where they differ.
_SOURCES = {
    "accessanalyzer": "access-analyzer",
    "cloudwatch": "monitoring",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tagging",
    "s3control": "s3",
    "ses": "email",
    "service-quotas": "servicequotas",
    "stepfunctions": "states",
}
_GLOBAL = frozenset({"iam", "organizations", "route53"})
GLOBAL_REGION = "us-east-1"  # where the events of global services are
# Beside the calls whose verb says it: these change nothing either, by CloudTrail's own flag.
_READ_ONLY = frozenset(
    {
        *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
        *("kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt", "kms:Sign", "kms:Verify"),
        *("logs:FilterLogEvents", "sqs:ReceiveMessage", "sts:AssumeRole"),
        *("sts:DecodeAuthorizationMessage", "iam:SimulateCustomPolicy"),
        *("iam:SimulatePrincipalPolicy", "ecr:BatchCheckLayerAvailability"),
        *("dynamodb:TransactGetItems", "iam:GenerateCredentialReport", "route53:TestDNSAnswer"),
    }
)


def is_logged(call: Call) -> bool:
    """Whether CloudTrail knows of the call at all."""
    return call.name not in _NEVER_LOGGED


def category_of(call: Call) -> Category:
    """Data events are what is done on or in a resource; all the others manage something."""
    is_data = call.operation in _DATA.get(call.service, ())
    return Category.DATA if is_data else Category.MANAGEMENT


def name_of(call: Call) -> str:
    """The event's name."""
    return _NAMES.get(call.name, call.operation)


def source_of(call: Call) -> str:
    """The event's source: "ec2.amazonaws.com"."""
    return f"{_SOURCES.get(call.service, call.service)}.amazonaws.com"


def region_of(call: Call) -> str:
    """The region in which the event is found."""
    return GLOBAL_REGION if call.service in _GLOBAL else call.region


def is_global(call: Call) -> bool:
    """Whether the event is of a global service: a trail may leave those out."""
    return call.service in _GLOBAL


def is_read_only(call: Call) -> bool:
    """Whether the event says that nothing was changed."""
    return call.is_read or call.name in _READ_ONLY
