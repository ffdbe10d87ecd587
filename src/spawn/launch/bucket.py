"""The bucket in which spawn leaves what instances fetch, one an account and region. Pure.

It is shared, and made when missing: private, for TLS alone, and what is in it goes by itself. One
that is there is completed, never changed: what an administrator has set stays. Who else in the
world may have taken its name is found out by saying, with each call, whose it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spawn.aws import s3
from spawn.aws.operation import Operation
from spawn.aws.questions import Absent, Asker, Fact, Known, Unseen
from spawn.core.errors import AccountError
from spawn.core.steps import Parameters, Retry, Stage, Step
from spawn.core.tags import plain_tag_list
from spawn.iam.documents import Effect, PolicyDocument, Statement, canonical_json

# Where the scripts are. An instance fetches its own once, at its first boot; none lives longer
# than 30 days, and one that is launched again has its script put there anew.
SCRIPTS = "user-data/"
KEPT_DAYS = 35
_CLOSED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
# Amazon S3 User Guide, "Amazon S3 data consistency model": a bucket's own settings are eventually
# consistent, and of two changes at once one is refused.
SETTLING = (
    Retry(code=s3.NO_BUCKET, limit_seconds=20),
    Retry(code="OperationAborted", limit_seconds=20),
)


@dataclass(frozen=True, kw_only=True)
class BucketFacts:
    """What is known of the bucket; `region` is where it is."""

    region: Fact[str]
    public_access: Fact[dict[str, Any]]
    policy: Fact[str]
    lifecycle: Fact[int]


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """The bucket: its name, whose it is, and where."""

    name: str
    account: str
    partition: str
    region: str

    def step(
        self, operation: Operation, sentence: str, *, optional: bool = False, **members: object
    ) -> Step:
        """Return a step on the bucket, which it says must be this account's."""
        parameters: Parameters = {
            "Bucket": self.name,
            "ExpectedBucketOwner": self.account,
            **members,
        }
        return Step(
            operation=operation.key,
            region=self.region,
            parameters=parameters,
            sentence=sentence,
            retries=SETTLING,
            optional=optional,
        )


def bucket_of(*, account: str, partition: str, region: str) -> Bucket:
    """Return the account's bucket of a region."""
    name = f"spawn-binaries-{account}-{region}"
    return Bucket(name=name, account=account, partition=partition, region=region)


def ask_bucket(bucket: Bucket, asker: Asker) -> Callable[[], BucketFacts]:
    """Ask all there is to know, at once."""
    where = {"account": bucket.account, "region": bucket.region}
    region = asker.ask(s3.location_question(bucket.name, **where))
    public_access = asker.ask(s3.public_access_question(bucket.name, **where))
    policy = asker.ask(s3.policy_question(bucket.name, **where))
    lifecycle = asker.ask(s3.lifecycle_question(bucket.name, **where))
    return lambda: BucketFacts(
        region=region(),
        public_access=public_access(),
        policy=policy(),
        lifecycle=lifecycle(),
    )


def plan_bucket(
    bucket: Bucket, facts: BucketFacts, *, tags: Mapping[str, str]
) -> tuple[Stage, Stage]:
    """Return the step that makes it, and those that complete it; none of what is there.

    Raises AccountError for a bucket of that name that is somebody else's, or elsewhere.
    """
    match facts.region:
        case Known(value=region) if region != bucket.region:
            raise AccountError(f"the bucket {bucket.name} is in {region}, not in {bucket.region}")
        case Unseen(operation=operation, why=why):
            raise AccountError(
                f"the bucket {bucket.name} is not shown",
                why=f"it is another account's, or {operation} is denied: {why}",
                next_command=f"aws s3api get-bucket-location --bucket {bucket.name}"
                f" --expected-bucket-owner {bucket.account}",
            )
        case Known():
            return (), tuple(_missing(bucket, facts))
        case Absent():
            tagging = {"TagSet": plain_tag_list(tags)}
            tag = bucket.step(
                s3.PUT_BUCKET_TAGGING, f"tag {bucket.name}", optional=True, Tagging=tagging
            )
            return (_creation(bucket),), (*_missing(bucket, facts), tag)


def _creation(bucket: Bucket) -> Step:
    """CreateBucket takes no owner to expect, and no location in the oldest region."""
    place = {"LocationConstraint": bucket.region}
    where = {} if bucket.region == "us-east-1" else {"CreateBucketConfiguration": place}
    return Step(
        operation=s3.CREATE_BUCKET.key,
        region=bucket.region,
        parameters={"Bucket": bucket.name, **where},
        sentence=f"make the private bucket {bucket.name}, for what instances fetch",
        accepts=("BucketAlreadyOwnedByYou",),
        retries=(Retry(code="OperationAborted", limit_seconds=20),),
    )


def _missing(bucket: Bucket, facts: BucketFacts) -> Stage:
    """Return what completes the bucket. Where it can't be seen what is there, nothing."""
    return tuple(
        step
        for fact, step in (
            (facts.public_access, _closing(bucket)),
            (facts.policy, _protection(bucket)),
            (facts.lifecycle, _forgetting(bucket)),
        )
        if fact == Absent()
    )


def _closing(bucket: Bucket) -> Step:
    return bucket.step(
        s3.PUT_PUBLIC_ACCESS_BLOCK,
        f"keep {bucket.name} from ever being public",
        PublicAccessBlockConfiguration=_CLOSED,
    )


def _protection(bucket: Bucket) -> Step:
    arn = f"arn:{bucket.partition}:s3:::{bucket.name}"
    statement = Statement(
        effect=Effect.DENY,
        principals={"AWS": ("*",)},
        actions=("s3:*",),
        resources=(arn, f"{arn}/*"),
        conditions={"Bool": {"aws:SecureTransport": ("false",)}},
    )
    return bucket.step(
        s3.PUT_BUCKET_POLICY,
        f"have {bucket.name} asked over TLS only",
        Policy=canonical_json(PolicyDocument(statements=(statement,))),
    )


def _forgetting(bucket: Bucket) -> Step:
    rule = {
        "ID": "spawn-user-data",
        "Status": "Enabled",
        "Filter": {"Prefix": SCRIPTS},
        "Expiration": {"Days": KEPT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    return bucket.step(
        s3.PUT_BUCKET_LIFECYCLE,
        f"have {bucket.name} forget scripts after {KEPT_DAYS} days",
        optional=True,
        LifecycleConfiguration={"Rules": [rule]},
    )
