"""S3's buckets, where moto does otherwise than AWS: names, owners, defaults, policies.

Sources: S3 user guide, "Bucket naming rules", "Verifying bucket ownership", "Blocking public
access", and the defaults of new buckets since 2023. Bucket policies are kept and shown; they are
not applied, since calls come here without TLS, which the commonest of them denies.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from moto.iam.access_control import PermissionResult

from spawn.iam.evaluation import Statement, readable_document
from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError, Request
from spawn.local.control.needs.model import tag_list
from spawn.local.control.operations import Call

_NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")
_DEFAULT_ENCRYPTION = {
    "Rule": {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": "false",
    }
}
_DEFAULT_BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), "true"
)
# What a stranger who wants others' data lets everybody do with a bucket.
_OPEN_TO_ALL = frozenset(
    {"GetBucketLocation", "GetObject", "HeadBucket", "HeadObject", "PutObject"}
)


def make_foreign(names: Iterable[str]) -> None:
    """Buckets of another account, which lets everybody read and write their objects."""
    backend = account.s3()
    for name in names:
        bucket = backend.buckets.get(name) or backend.create_bucket(name, account.HOME_REGION)
        bucket.account_id = account.STRANGER_ID


def check_owner(request: Request, call: Call) -> None:
    """Refuse where the bucket is not of the account that the caller expects, or allows nothing.

    Raises AwsError.
    """
    if call.service != "s3" or call.operation == "CreateBucket":
        return
    owner = account.bucket_owner(str(call.parameters.get("Bucket"))) or account.ACCOUNT_ID
    is_closed = owner != account.ACCOUNT_ID and call.operation not in _OPEN_TO_ALL
    expected = request.header("x-amz-expected-bucket-owner")
    expected_source = request.header("x-amz-source-expected-bucket-owner")
    if (
        is_closed
        or expected not in {None, owner}
        or expected_source not in {None, account.ACCOUNT_ID}
    ):
        raise AwsError("AccessDenied", "Access Denied", status=403)


def check_new_bucket(duty: Duty) -> None:
    """A name and a place that a bucket can have. moto takes nearly any. Raises AwsError."""
    name = str(duty.call.parameters.get("Bucket"))
    if not _NAME.fullmatch(name) or _is_address(name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.")
    if account.bucket_owner(name) not in {None, account.ACCOUNT_ID}:
        raise AwsError(
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all "
            "users of the system. Please select a different name and try again.",
            status=409,
        )
    place = _configuration(duty).get("LocationConstraint")
    if place is not None and place not in {*account.regions(), "EU"}:
        raise AwsError(
            "InvalidLocationConstraint", "The specified location-constraint is not valid"
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _configuration(duty: Duty) -> Mapping[str, Any]:
    return duty.call.parameters.get("CreateBucketConfiguration") or {}


def complete_new_bucket(duty: Duty) -> None:
    """What a bucket has from the first: encryption, no public access, no ACLs; and its tags."""
    backend, name = account.s3(), str(duty.call.parameters.get("Bucket"))
    bucket: Any = backend.buckets[name]
    if hasattr(bucket, "was_completed"):
        return  # in the oldest region, making one's bucket anew is no error, and changes nothing
    bucket.was_completed = True
    bucket.get_permission = lambda *_: PermissionResult.NEUTRAL
    backend.put_bucket_encryption(name, _DEFAULT_ENCRYPTION)
    backend.put_public_access_block(name, _DEFAULT_BLOCK)
    bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"
    tags = tag_list(_configuration(duty).get("Tags"))
    if tags:
        backend.put_bucket_tagging(name, tags)


def check_policy(duty: Duty) -> None:
    """A policy that S3 would take: readable, about this bucket, not public where that is barred.

    Raises AwsError.
    """
    text, name = str(duty.call.parameters.get("Policy")), str(duty.call.parameters.get("Bucket"))
    try:
        json.loads(text)
    except ValueError as error:
        raise _malformed("Policies must be valid JSON and the first byte must be '{'") from error
    try:
        statements = readable_document(text).statements
    except ValueError as error:
        raise _malformed("Invalid policy syntax.") from error
    for statement in statements:
        _check_statement(statement, name)
    bucket = account.s3().buckets.get(name)
    block = bucket.public_access_block if bucket is not None else None
    if block is not None and block.block_public_policy and any(map(is_public, statements)):
        raise AwsError(
            "AccessDenied",
            f"User: {duty.principal.arn} is not authorized to perform: s3:PutBucketPolicy on "
            f'resource: "arn:{account.PARTITION}:s3:::{name}" because public policies are '
            "prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
            status=403,
        )


def _check_statement(statement: Statement, bucket: str) -> None:
    if not (statement.principals or statement.not_principals):
        raise _malformed("Missing required field Principal")
    resources = statement.resources or statement.not_resources
    if not resources:
        raise _malformed("Missing required field Resource")
    if not (statement.actions or statement.not_actions):
        raise _malformed("Missing required field Action")
    arn = f"arn:{account.PARTITION}:s3:::{bucket}"
    if any(each != arn and not each.startswith(f"{arn}/") for each in resources):
        raise _malformed("Policy has invalid resource")


def is_public(statement: Statement) -> bool:
    """Whether a statement lets everybody in, whoever and wherever they are."""
    is_for_all = "*" in statement.principals.get("AWS", ())
    return statement.effect == "Allow" and is_for_all and not statement.conditions


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicy", message)
