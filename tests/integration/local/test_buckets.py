"""S3: where a bucket can be made, what it has from the first, and whose it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import ADMIN_TRUST, Account, document, refusal

ACCOUNT_ID = "123456789012"
BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


def _in(place: str) -> dict[str, Any]:
    return {"CreateBucketConfiguration": {"LocationConstraint": place}}


def _tls_only(bucket: str, **changes: Any) -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **changes,
    }
    return document({name: value for name, value in statement.items() if value is not None})


@pytest.mark.parametrize(
    ("region", "parameters", "code"),
    [
        ("us-east-1", {}, None),
        ("us-east-1", _in("us-east-1"), "InvalidLocationConstraint"),
        ("us-east-1", _in("eu-west-1"), None),
        ("us-east-1", _in("mars-1"), "InvalidLocationConstraint"),
        ("eu-west-1", {}, "IllegalLocationConstraintException"),
        ("eu-west-1", _in("us-west-2"), "IllegalLocationConstraintException"),
        ("eu-west-1", _in("eu-west-1"), None),
        ("us-east-1", {"Bucket": "Upper"}, "InvalidBucketName"),
        ("us-east-1", {"Bucket": "a..b"}, "InvalidBucketName"),
        ("us-east-1", {"Bucket": "192.0.2.1"}, "InvalidBucketName"),
    ],
)
def test_a_bucket_is_made_where_it_can_be(
    account: Account, region: str, parameters: dict[str, Any], code: str | None
) -> None:
    """us-east-1 takes no constraint of its own name, every other region wants its own."""
    s3 = account.client("s3", region=region)
    asked = {"Bucket": "spawn-binaries", **parameters}
    if code is not None:
        assert refusal(s3.create_bucket, **asked)[0] == code
        assert s3.list_buckets()["Buckets"] == []
        return
    s3.create_bucket(**asked)
    place = parameters.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    assert s3.get_bucket_location(Bucket="spawn-binaries")["LocationConstraint"] == place


def test_a_bucket_of_one_s_own_is_not_made_twice(account: Account) -> None:
    """But in the oldest region, where that is no error and changes nothing."""
    s3, europe = account.client("s3"), account.client("s3", region="eu-west-1")
    europe.create_bucket(Bucket="europe", **_in("eu-west-1"))
    again = refusal(europe.create_bucket, Bucket="europe", **_in("eu-west-1"))[0]
    assert again == "BucketAlreadyOwnedByYou"
    s3.create_bucket(Bucket="america")
    s3.delete_public_access_block(Bucket="america")
    s3.create_bucket(Bucket="america")
    missing = refusal(s3.get_public_access_block, Bucket="america")[0]
    assert missing == "NoSuchPublicAccessBlockConfiguration"


def test_a_new_bucket_is_closed_and_encrypted(account: Account) -> None:
    """No public access, no ACLs, S3's own encryption of every object; tags as asked for."""
    s3 = account.client("s3")
    tags = [{"Key": "spawn", "Value": "true"}]
    s3.create_bucket(Bucket="b-1", CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket="b-1")["TagSet"] == tags
    assert s3.get_public_access_block(Bucket="b-1")["PublicAccessBlockConfiguration"] == BLOCK
    [rule] = s3.get_bucket_encryption(Bucket="b-1")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    [owner] = s3.get_bucket_ownership_controls(Bucket="b-1")["OwnershipControls"]["Rules"]
    assert owner == {"ObjectOwnership": "BucketOwnerEnforced"}
    assert s3.put_object(Bucket="b-1", Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


def test_what_is_configured_is_shown(account: Account) -> None:
    """Block of public access, policy, lifecycle and tags; none of them is in an owner's way."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="b-1")
    policy = _tls_only("b-1")
    expiry = {
        "ID": "expire",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    tags = [{"Key": "spawn", "Value": "true"}, {"Key": "spawn:created-at", "Value": "now"}]
    s3.put_public_access_block(Bucket="b-1", PublicAccessBlockConfiguration=BLOCK)
    s3.put_bucket_policy(Bucket="b-1", Policy=policy)
    s3.put_bucket_lifecycle_configuration(Bucket="b-1", LifecycleConfiguration={"Rules": [expiry]})
    s3.put_bucket_tagging(Bucket="b-1", Tagging={"TagSet": tags})
    assert s3.get_public_access_block(Bucket="b-1")["PublicAccessBlockConfiguration"] == BLOCK
    assert json.loads(s3.get_bucket_policy(Bucket="b-1")["Policy"]) == json.loads(policy)
    assert s3.get_bucket_lifecycle_configuration(Bucket="b-1")["Rules"] == [expiry]
    assert s3.get_bucket_tagging(Bucket="b-1")["TagSet"] == tags
    owner = {"ExpectedBucketOwner": ACCOUNT_ID}
    s3.put_object(Bucket="b-1", Key="k", Body=b"x", ServerSideEncryption="AES256", **owner)
    assert s3.get_object(Bucket="b-1", Key="k", **owner)["Body"].read() == b"x"
    s3.head_bucket(Bucket="b-1", **owner)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("{", "MalformedPolicy"),
        (_tls_only("b-1", Principal=None), "MalformedPolicy"),
        (_tls_only("b-1", Action=None), "MalformedPolicy"),
        (_tls_only("other"), "MalformedPolicy"),
        (_tls_only("b-1", Effect="Allow", Condition=None), "AccessDenied"),
    ],
)
def test_a_policy_that_s3_would_not_take_is_refused(
    account: Account, policy: str, code: str
) -> None:
    """One that can't be read, is about another bucket, or opens a closed bucket to everybody."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="b-1")
    assert refusal(s3.put_bucket_policy, Bucket="b-1", Policy=policy)[0] == code
    assert refusal(s3.get_bucket_policy, Bucket="b-1")[0] == "NoSuchBucketPolicy"


def test_a_stranger_s_bucket_takes_what_is_not_guarded(account: Account) -> None:
    """Somebody else has the name: only who says whose bucket it must be keeps data from them."""
    s3 = account.client("s3")
    account.set_switches(foreign_buckets=["spawn-binaries"])
    name, owner = {"Bucket": "spawn-binaries"}, {"ExpectedBucketOwner": ACCOUNT_ID}
    assert refusal(s3.create_bucket, **name)[0] == "BucketAlreadyExists"
    s3.put_object(**name, Key="k", Body=b"x")
    assert refusal(s3.put_object, **name, Key="k", Body=b"x", **owner)[0] == "AccessDenied"
    assert refusal(s3.get_object, **name, Key="k", **owner)[0] == "AccessDenied"
    assert refusal(s3.head_bucket, **name, **owner)[0] == "403"
    for order, parameters in (
        (s3.put_bucket_policy, {"Policy": _tls_only("spawn-binaries")}),
        (s3.put_bucket_tagging, {"Tagging": {"TagSet": []}}),
        (s3.delete_bucket, {}),
    ):
        assert refusal(order, **name, **parameters)[0] == "AccessDenied"


def test_each_step_of_staging_is_a_permission(account: Account) -> None:
    """On the bucket, or on the object, by S3's names of actions."""
    account.client("s3").create_bucket(Bucket="b-1")
    role = account.role("r", trusts=ADMIN_TRUST, allows=[])
    s3, bucket = account.client("s3", account.assume(role)), {"Bucket": "b-1"}
    rules = {"Rules": [{"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
    steps: list[tuple[Any, dict[str, Any], str, str]] = [
        (s3.create_bucket, {"Bucket": "b-2"}, "CreateBucket", "b-2"),
        (
            s3.put_public_access_block,
            {**bucket, "PublicAccessBlockConfiguration": BLOCK},
            "PutBucketPublicAccessBlock",
            "b-1",
        ),
        (s3.put_bucket_policy, {**bucket, "Policy": "{}"}, "PutBucketPolicy", "b-1"),
        (
            s3.put_bucket_lifecycle_configuration,
            {**bucket, "LifecycleConfiguration": rules},
            "PutLifecycleConfiguration",
            "b-1",
        ),
        (s3.put_bucket_tagging, {**bucket, "Tagging": {"TagSet": []}}, "PutBucketTagging", "b-1"),
        (s3.put_object, {**bucket, "Key": "a/k", "Body": b""}, "PutObject", "b-1/a/k"),
        (s3.get_object, {**bucket, "Key": "a/k"}, "GetObject", "b-1/a/k"),
    ]
    for order, parameters, action, resource in steps:
        with pytest.raises(ClientError) as refused:
            order(**parameters)
        message = refused.value.response["Error"]["Message"]
        assert f's3:{action} on resource: "arn:aws:s3:::{resource}"' in message
    assert refusal(s3.head_bucket, **bucket)[0] == "403"
