"""The checks of one bucket: pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from spawn.aws.questions import Fact, Known
from spawn.aws.s3 import Encryption
from spawn.iam.documents import VERSION, PolicyDocument
from spawn.iam.evaluation import readable_document
from spawn.launch.doctor.data.model import (
    DataRow,
    JsonObject,
    Judged,
    Outcome,
    aws_command,
    json_word,
    judged,
    with_statements,
)
from spawn.launch.doctor.data.transit import (
    Passing,
    lets_old_tls_through,
    lets_plain_through,
    tls_statements,
)

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_WHY = {
    "bucket": "what is not there can't be judged",
    "tls-only": "over plain HTTP whoever is on the way reads and changes what passes",
    "tls-version": "TLS before 1.2 can be broken; RFC 8996 retired it",
    "encryption": "with a key of KMS each reading is authorised and recorded; the bucket key keeps"
    " the price down",
    "public-access": "a policy or an ACL that somebody adds later can't make it public",
    "versioning": "with it what is overwritten or deleted can be had back",
}


@dataclass(frozen=True, kw_only=True)
class BucketState:
    """What is known of a bucket.

    region   where it is; Absent for no bucket of that name
    is_own   whether spawn made it, for what instances fetch
    key_arn  the customer key that data is to be encrypted with, "" for AWS's own
    """

    name: str
    arn: str
    account: str
    region: Fact[str]
    policy: Fact[str]
    public_access: Fact[dict[str, Any]]
    encryption: Fact[Encryption]
    versioning: Fact[str]
    is_own: bool = False
    key_arn: str = ""

    @property
    def subject(self) -> str:
        """How it is called in a row."""
        return f"s3://{self.name}"


def bucket_rows(bucket: BucketState) -> Iterator[DataRow]:
    """Judge a bucket; one that is not there, or is somebody else's, has one row that says so."""
    for check, judgement in _judgements(bucket):
        yield DataRow(
            subject=bucket.subject,
            check=check,
            outcome=judgement.outcome,
            found=judgement.found,
            why=_WHY[check],
            command=judgement.command,
        )


def _judgements(bucket: BucketState) -> Iterator[tuple[str, Judged]]:
    if not isinstance(bucket.region, Known):
        yield "bucket", judged(bucket.region, _no_bucket)
        return
    for check, passing in (("tls-only", lets_plain_through), ("tls-version", lets_old_tls_through)):
        yield check, judged(bucket.policy, partial(_transit, bucket, check, passing))
    yield "encryption", judged(bucket.encryption, partial(_encryption, bucket))
    yield "public-access", judged(bucket.public_access, partial(_public_access, bucket))
    yield "versioning", judged(bucket.versioning, partial(_versioning, bucket))


def _no_bucket(_: str | None) -> Judged:
    return Judged(Outcome.FAIL, "there is no such bucket of this account")


def _transit(bucket: BucketState, check: str, passing: Passing, text: str | None) -> Judged:
    try:
        raw, document = _policy(text)
    except ValueError as error:
        return Judged(Outcome.UNKNOWN, f"its policy can't be understood: {error}")
    way = "without TLS" if check == "tls-only" else "with TLS before 1.2"
    action = passing(document, arn=bucket.arn, account=bucket.account)
    if not action:
        return Judged(Outcome.PASS, f"its policy denies every request {way}")
    policy = json_word(with_statements(raw, tls_statements(bucket.arn)))
    command = _on_bucket(bucket, "put-bucket-policy", "--policy", policy)
    return Judged(Outcome.FAIL, f"its policy lets {action} through {way}", command)


def _policy(text: str | None) -> tuple[JsonObject, PolicyDocument]:
    """Return a policy as it stands and as it is judged. Raises ValueError."""
    if text is None:
        return {"Version": VERSION, "Statement": []}, PolicyDocument(statements=())
    return json.loads(text), readable_document(text)


def _encryption(bucket: BucketState, default: Encryption | None) -> Judged:
    algorithm = default.algorithm if default else "no default"
    has_key = default is not None and default.bucket_key
    found = f"new objects: {algorithm}, {'a' if has_key else 'no'} bucket key"
    # Two layers of KMS know no bucket keys.
    if algorithm == "aws:kms:dsse" or (algorithm == "aws:kms" and has_key):
        return Judged(Outcome.PASS, found)
    wanted = {"SSEAlgorithm": "aws:kms"}
    # Instances fetch from spawn's own bucket with roles that a customer key knows nothing of.
    key = (default.key if default else "") or ("" if bucket.is_own else bucket.key_arn)
    if key:
        wanted["KMSMasterKeyID"] = key
    rule = {"ApplyServerSideEncryptionByDefault": wanted, "BucketKeyEnabled": True}
    command = _on_bucket(
        bucket,
        "put-bucket-encryption",
        "--server-side-encryption-configuration",
        json_word({"Rules": [rule]}),
    )
    return Judged(Outcome.FAIL, found, command)


def _public_access(bucket: BucketState, blocks: dict[str, Any] | None) -> Judged:
    off = [name for name in _BLOCKS if (blocks or {}).get(name) is not True]
    if not off:
        return Judged(Outcome.PASS, "all four blocks are on")
    command = _on_bucket(
        bucket,
        "put-public-access-block",
        "--public-access-block-configuration",
        ",".join(f"{name}=true" for name in _BLOCKS),
    )
    return Judged(Outcome.FAIL, f"not blocked: {', '.join(off)}", command)


def _versioning(bucket: BucketState, status: str | None) -> Judged:
    if status == "Enabled":
        return Judged(Outcome.NOTE, "on")
    words = ("--versioning-configuration", "Status=Enabled")
    command = _on_bucket(bucket, "put-bucket-versioning", *words)
    return Judged(Outcome.NOTE, "off: what is overwritten or deleted is gone", command)


def _on_bucket(bucket: BucketState, operation: str, *words: str) -> str:
    region = bucket.region.value if isinstance(bucket.region, Known) else ""
    place = ("--region", region, "--bucket", bucket.name, "--expected-bucket-owner", bucket.account)
    return aws_command("s3api", operation, *place, *words)
