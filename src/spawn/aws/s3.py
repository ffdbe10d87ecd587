"""S3: the bucket in which spawn leaves what instances fetch.

Each call but the bucket's making says whose the bucket must be: names are global, and anyone may
have taken one first.
"""

from __future__ import annotations

from typing import Any

import msgspec

from spawn.aws.operation import Answer, Permission, read, write
from spawn.aws.questions import Question

_BUCKET = "arn:{partition}:s3:::spawn-binaries-{account}-{region}"
_SCRIPTS = f"{_BUCKET}/user-data/*"


def _on_bucket(action: str) -> Permission:
    return Permission(f"s3:{action}", _BUCKET)


# Amazon S3 User Guide, "Required permissions for Amazon S3 API operations": not all actions bear
# the operation's name.
GET_BUCKET_LOCATION = read("s3", "GetBucketLocation", _on_bucket("GetBucketLocation"))
GET_BUCKET_POLICY = read("s3", "GetBucketPolicy", _on_bucket("GetBucketPolicy"))
GET_PUBLIC_ACCESS_BLOCK = read(
    "s3", "GetPublicAccessBlock", _on_bucket("GetBucketPublicAccessBlock")
)
GET_BUCKET_LIFECYCLE = read(
    "s3", "GetBucketLifecycleConfiguration", _on_bucket("GetLifecycleConfiguration")
)
GET_BUCKET_ENCRYPTION = read("s3", "GetBucketEncryption", _on_bucket("GetEncryptionConfiguration"))
GET_BUCKET_VERSIONING = read("s3", "GetBucketVersioning", _on_bucket("GetBucketVersioning"))
CREATE_BUCKET = write("s3", "CreateBucket", _on_bucket("CreateBucket"))
PUT_BUCKET_POLICY = write("s3", "PutBucketPolicy", _on_bucket("PutBucketPolicy"))
PUT_BUCKET_TAGGING = write("s3", "PutBucketTagging", _on_bucket("PutBucketTagging"))
PUT_PUBLIC_ACCESS_BLOCK = write(
    "s3", "PutPublicAccessBlock", _on_bucket("PutBucketPublicAccessBlock")
)
PUT_BUCKET_LIFECYCLE = write(
    "s3", "PutBucketLifecycleConfiguration", _on_bucket("PutLifecycleConfiguration")
)
PUT_OBJECT = write("s3", "PutObject", Permission("s3:PutObject", _SCRIPTS))

OPERATIONS = (
    GET_BUCKET_LOCATION,
    GET_BUCKET_POLICY,
    GET_PUBLIC_ACCESS_BLOCK,
    GET_BUCKET_LIFECYCLE,
    GET_BUCKET_ENCRYPTION,
    GET_BUCKET_VERSIONING,
    CREATE_BUCKET,
    PUT_BUCKET_POLICY,
    PUT_BUCKET_TAGGING,
    PUT_PUBLIC_ACCESS_BLOCK,
    PUT_BUCKET_LIFECYCLE,
    PUT_OBJECT,
)

NO_BUCKET = "NoSuchBucket"


def bucket_region(answer: Answer) -> str:
    """Understand GetBucketLocation: S3's oldest regions have a name of their own, or none."""
    place = str(answer.get("LocationConstraint") or "us-east-1")
    return "eu-west-1" if place == "EU" else place


def location_question(bucket: str, *, account: str, region: str) -> Question[str]:
    """Ask in which region a bucket of the account is."""
    return Question(
        operation=GET_BUCKET_LOCATION,
        parameters={"Bucket": bucket, "ExpectedBucketOwner": account},
        region=region,
        understand=bucket_region,
        absent_codes=(NO_BUCKET,),
    )


def public_access_question(bucket: str, *, account: str, region: str) -> Question[dict[str, Any]]:
    """Ask which kinds of public access are blocked."""
    return Question(
        operation=GET_PUBLIC_ACCESS_BLOCK,
        parameters={"Bucket": bucket, "ExpectedBucketOwner": account},
        region=region,
        understand=lambda answer: dict(answer["PublicAccessBlockConfiguration"]),
        absent_codes=(NO_BUCKET, "NoSuchPublicAccessBlockConfiguration"),
    )


def policy_question(bucket: str, *, account: str, region: str) -> Question[str]:
    """Ask for the bucket's policy."""
    return Question(
        operation=GET_BUCKET_POLICY,
        parameters={"Bucket": bucket, "ExpectedBucketOwner": account},
        region=region,
        understand=lambda answer: str(answer["Policy"]),
        absent_codes=(NO_BUCKET, "NoSuchBucketPolicy"),
    )


def lifecycle_question(bucket: str, *, account: str, region: str) -> Question[int]:
    """Ask how many lifecycle rules the bucket has."""
    return Question(
        operation=GET_BUCKET_LIFECYCLE,
        parameters={"Bucket": bucket, "ExpectedBucketOwner": account},
        region=region,
        understand=lambda answer: len(answer.get("Rules") or ()),
        absent_codes=(NO_BUCKET, "NoSuchLifecycleConfiguration"),
    )


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """How new objects are encrypted where nobody says otherwise; `key` is "" for AWS's own."""

    algorithm: str
    bucket_key: bool
    key: str = ""


def encryption(answer: Answer) -> Encryption:
    """Understand GetBucketEncryption: a bucket has one rule."""
    rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    return Encryption(
        algorithm=str(default.get("SSEAlgorithm", "")),
        bucket_key=bool(rule.get("BucketKeyEnabled")),
        key=str(default.get("KMSMasterKeyID") or ""),
    )


def encryption_question(bucket: str, *, account: str, region: str) -> Question[Encryption]:
    """Ask how new objects are encrypted."""
    return Question(
        operation=GET_BUCKET_ENCRYPTION,
        parameters={"Bucket": bucket, "ExpectedBucketOwner": account},
        region=region,
        understand=encryption,
        absent_codes=(NO_BUCKET, "ServerSideEncryptionConfigurationNotFoundError"),
    )


def versioning_question(bucket: str, *, account: str, region: str) -> Question[str]:
    """Ask whether old versions are kept: "Enabled", "Suspended", or "" where it never was."""
    return Question(
        operation=GET_BUCKET_VERSIONING,
        parameters={"Bucket": bucket, "ExpectedBucketOwner": account},
        region=region,
        understand=lambda answer: str(answer.get("Status") or ""),
        absent_codes=(NO_BUCKET,),
    )
