"""S3: buckets and objects are different resources, and action names are not operation names.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    request_tags,
    resource_types,
    tag_list,
)

_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
}
_VERSIONED = {"GetObject", "HeadObject", "DeleteObject", "GetObjectTagging", "PutObjectTagging"}


def needs(question: Question) -> list[Need]:
    """The needs of an S3 call."""
    operation = question.call.operation
    if operation in {"CopyObject", "UploadPartCopy"}:
        return [_copy_source(question), _on_object(question, "PutObject", question.text("Key"))]
    if operation == "DeleteObjects":
        return [_deletion(question, item) for item in _objects_to_delete(question)]
    action = _ACTIONS.get(operation, operation)
    if operation in _VERSIONED and question.text("VersionId"):
        action = action.replace("Object", "ObjectVersion", 1)
    if "object" in resource_types("s3", action):
        return [_on_object(question, action, question.text("Key"))]
    if operation == "CreateBucket":
        return _creation(question)
    return [_on_bucket(question, action)]


def _creation(question: Question) -> list[Need]:
    """A new bucket with tags needs a second action: S3 user guide, "Using tags with S3"."""
    configuration = question.call.parameters.get("CreateBucketConfiguration")
    asked = configuration if isinstance(configuration, dict) else {}
    tags = request_tags(tag_list(asked.get("Tags")))
    place = asked.get("LocationConstraint")
    own = (question.lookup.account_id,)  # whoever else has a bucket of that name
    keys = {**tags, "aws:resourceaccount": own, "s3:resourceaccount": own}
    if place:
        keys["s3:locationconstraint"] = (str(place),)
    needs = [_on_bucket(question, "CreateBucket", keys)]
    return [*needs, _on_bucket(question, "TagResource", tags)] if tags else needs


def _on_object(question: Question, action: str, key: str | None) -> Need:
    bucket = question.text("Bucket")
    if bucket is None or key is None:
        return Need(action=f"s3:{action}", resource=NO_RESOURCE)
    resource = f"arn:{question.lookup.partition}:s3:::{bucket}/{key}"
    return Need(action=f"s3:{action}", resource=resource, context=_context(question, bucket))


def _on_bucket(
    question: Question, action: str, keys: Mapping[str, tuple[str, ...]] | None = None
) -> Need:
    bucket = question.text("Bucket")
    if bucket is None:
        return Need(action=f"s3:{action}", resource=NO_RESOURCE)
    resource = f"arn:{question.lookup.partition}:s3:::{bucket}"
    context = {**_context(question, bucket), **(keys or {})}
    for parameter, key in (
        ("Prefix", "s3:prefix"),
        ("Delimiter", "s3:delimiter"),
        ("MaxKeys", "s3:max-keys"),
        ("VersionId", "s3:versionid"),
    ):
        if parameter in question.call.parameters:
            context[key] = (str(question.call.parameters[parameter]),)
    return Need(action=f"s3:{action}", resource=resource, context=context)


def _context(question: Question, bucket: str) -> dict[str, tuple[str, ...]]:
    """A bucket that is not there has no account that a policy could name."""
    owner = question.lookup.owner_of_bucket(bucket)
    values = (owner,) if owner is not None else ()
    return {"aws:resourceaccount": values, "s3:resourceaccount": values}


def _copy_source(question: Question) -> Need:
    # "bucket/key?versionId=...", percent-encoded, perhaps with a slash in front.
    source, _, version = (question.text("CopySource") or "").partition("?versionId=")
    bucket, _, key = unquote(source).lstrip("/").partition("/")
    resource = f"arn:{question.lookup.partition}:s3:::{bucket}/{key}" if key else NO_RESOURCE
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    return Need(action=action, resource=resource, context=_context(question, bucket))


def _objects_to_delete(question: Question) -> list[dict[str, object]]:
    """An empty list would need nothing; S3 refuses it as malformed, so it is asked for as "*"."""
    wanted = question.call.parameters.get("Delete")
    objects = wanted.get("Objects") if isinstance(wanted, dict) else None
    return list(objects or [{}])


def _deletion(question: Question, item: dict[str, object]) -> Need:
    action = "DeleteObjectVersion" if item.get("VersionId") else "DeleteObject"
    key = item.get("Key")
    return _on_object(question, action, key if isinstance(key, str) else None)
