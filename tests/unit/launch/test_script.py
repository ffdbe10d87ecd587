"""A script that user-data has no room for is put where only its instance finds it, and pinned."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import shlex
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from spawn.aws import iam, s3
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.aws.ssm import Parameter
from spawn.core.errors import AccountError, InputError, RefusedByControl
from spawn.core.steps import Step
from spawn.launch.bucket import BucketFacts
from spawn.launch.facts import AccountFacts
from spawn.launch.plan import LaunchPlan
from spawn.launch.spec import LaunchSpec
from spawn.launch.userdata import MOST_BYTES
from tests.unit.launch.accounts import ACCOUNT, NO_BUCKET, REGION, fresh_account, plan_of, spec
from tests.unit.launch.mime import parts_of
from tests.unit.launch.requests import operations_of, own_policy, user_data_of

BUCKET = f"spawn-binaries-{ACCOUNT}-{REGION}"
ALL_THERE = BucketFacts(
    region=Known(REGION), public_access=Known({}), policy=Known("{}"), lifecycle=Known(1)
)
# Words of no dictionary: they compress to about three quarters of their length.
NOISE = random.Random(7)


def text(length: int, head: bytes = b"#!/bin/sh\n") -> bytes:
    """Return a script of so many bytes, whose lines are as random as its commands allow."""
    lines = (f": {NOISE.getrandbits(240):x}\n".encode() for _ in range(length // 60 + 1))
    return (head + b"".join(lines))[: length - 1] + b"\n"


LARGE = text(40_000)


def account_with(asked: LaunchSpec, bucket: BucketFacts) -> AccountFacts:
    """Return a fresh account whose bucket is as told."""
    fresh = fresh_account(asked)
    return replace(fresh, caller=replace(fresh.caller, bucket=bucket))


def large_plan(bucket: BucketFacts = NO_BUCKET, **fields: Any) -> LaunchPlan:
    """Return the plan of a launch with a large script."""
    asked = spec(**{"user_data": LARGE} | fields)
    return plan_of(asked, account_with(asked, bucket))


def steps_on(plan: LaunchPlan) -> dict[str, Step]:
    """Return the plan's steps on S3, by operation."""
    return {step.operation: step for step in plan.steps if step.operation.startswith("s3:")}


def persons_part(plan: LaunchPlan) -> bytes:
    """Return what of user-data is the person's."""
    return parts_of(user_data_of(plan))[1].content


def test_what_fits_is_sent_as_it_is() -> None:
    """A script that there is room for needs no bucket, and no role."""
    plan = plan_of(spec(user_data=text(5_000)))
    assert not steps_on(plan)
    assert iam.CREATE_INSTANCE_PROFILE.key not in operations_of(plan)


def test_whatever_its_length_a_script_is_sent_or_staged() -> None:
    """Around the limit, byte by byte nearly, no launch fails and no user-data is too large."""
    ways = set()
    for length in range(7_500, 16_500, 300):
        plan = plan_of(spec(user_data=text(length)))
        ways.add(bool(steps_on(plan)))
        assert len(user_data_of(plan)) <= MOST_BYTES
    assert ways == {True, False}


@pytest.mark.parametrize(
    ("given", "run"),
    [
        (LARGE, LARGE),
        (gzip.compress(LARGE), LARGE),
        (b"\n" + LARGE, b"#!/bin/bash\n\n" + LARGE),
    ],
)
def test_what_is_put_there_is_what_would_have_run(given: bytes, run: bytes) -> None:
    """Unpacked, and with a first line where it had none; its key is its own digest."""
    step = steps_on(large_plan(user_data=given))[s3.PUT_OBJECT.key]
    digest = hashlib.sha256(run)
    assert step.parameters == {
        "Bucket": BUCKET,
        "Key": f"user-data/{digest.hexdigest()}",
        "Body": run,
        "ChecksumSHA256": base64.b64encode(digest.digest()).decode(),
        "ServerSideEncryption": "AES256",
        "ExpectedBucketOwner": ACCOUNT,
    }


def test_user_data_says_where_it_is_and_pins_it() -> None:
    """In its place stands a line: whose bucket, how many bytes, which SHA-256; nothing of it."""
    head, line = persons_part(large_plan()).decode().splitlines()
    digest = hashlib.sha256(LARGE).hexdigest()
    assert head == "#!/bin/sh"
    assert shlex.split(line) == [
        *("exec", "/usr/local/bin/spored", "fetch"),
        f"{REGION}/s3 https://s3.{REGION}.amazonaws.com",
        ACCOUNT,
        "40000",
        f"/{BUCKET}/user-data/{digest}",
    ]


def test_the_role_may_read_that_object_alone() -> None:
    """One statement in a role that is made for it, or added to the one that was asked for."""
    resource = f"arn:aws:s3:::{BUCKET}/user-data/{hashlib.sha256(LARGE).hexdigest()}"
    own = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [resource]}
    for policies, count in (((), 1), (("logs:WriteOnly@/mine",), 3)):
        plan = large_plan(iam_policies=policies)
        statements = own_policy(plan)["Statement"]
        assert own in statements
        assert len(statements) == count


def test_the_bucket_is_made_closed_and_forgetful() -> None:
    """What is made when missing is private, asked over TLS only, tagged, and empties itself."""
    steps = steps_on(large_plan())
    assert steps[s3.CREATE_BUCKET.key].parameters == {
        "Bucket": BUCKET,
        "CreateBucketConfiguration": {"LocationConstraint": REGION},
    }
    closed = steps[s3.PUT_PUBLIC_ACCESS_BLOCK.key].parameters["PublicAccessBlockConfiguration"]
    assert len(closed) == 4
    assert all(closed.values())
    [denial] = json.loads(steps[s3.PUT_BUCKET_POLICY.key].parameters["Policy"])["Statement"]
    assert denial["Effect"] == "Deny"
    assert denial["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}
    assert denial["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    [rule] = steps[s3.PUT_BUCKET_LIFECYCLE.key].parameters["LifecycleConfiguration"]["Rules"]
    assert rule["Filter"] == {"Prefix": "user-data/"}
    assert rule["Expiration"] == {"Days": 35}
    tags = steps[s3.PUT_BUCKET_TAGGING.key].parameters["Tagging"]["TagSet"]
    assert {"Key": "spawn", "Value": "true"} in tags
    for operation, step in steps.items():
        owner = step.parameters.get("ExpectedBucketOwner")
        assert owner == (None if operation == s3.CREATE_BUCKET.key else ACCOUNT)
        assert step.undo is None


def test_in_the_oldest_region_no_location_is_named() -> None:
    """S3 refuses us-east-1 as a location: it is the one without."""
    step = steps_on(large_plan(region="us-east-1"))[s3.CREATE_BUCKET.key]
    assert step.parameters == {"Bucket": f"spawn-binaries-{ACCOUNT}-us-east-1"}


def test_the_script_is_there_before_the_instance() -> None:
    """The bucket is made first, then filled, and only then the instance is launched."""
    plan = large_plan()
    stages = [[step.operation for step in stage] for stage in plan.prepare]
    assert s3.CREATE_BUCKET.key in stages[0]
    assert s3.PUT_OBJECT.key in stages[1]


@pytest.mark.parametrize(
    ("missing", "operation"),
    [
        ("public_access", s3.PUT_PUBLIC_ACCESS_BLOCK.key),
        ("policy", s3.PUT_BUCKET_POLICY.key),
        ("lifecycle", s3.PUT_BUCKET_LIFECYCLE.key),
    ],
)
def test_a_bucket_is_completed_and_never_changed(missing: str, operation: str) -> None:
    """What a launch did not come to is done by the next; what stands there, or is unseen, stays."""
    put = {s3.PUT_OBJECT.key}
    assert steps_on(large_plan(ALL_THERE)).keys() == put
    lacking = replace(ALL_THERE, **{missing: Absent()})
    assert steps_on(large_plan(lacking)).keys() == put | {operation}
    unseen = replace(ALL_THERE, **{missing: Unseen("s3:Get", "denied")})
    assert steps_on(large_plan(unseen)).keys() == put


@pytest.mark.parametrize(
    ("region", "words"),
    [(Unseen("s3:GetBucketLocation", "Access Denied"), "not shown"), (Known("us-west-2"), "is in")],
)
def test_a_bucket_that_is_not_ours_is_refused(region: Fact[str], words: str) -> None:
    """Who took the name, here or elsewhere, is never handed a script."""
    with pytest.raises(AccountError, match=words):
        large_plan(replace(ALL_THERE, region=region))


def test_what_may_not_be_read_is_refused() -> None:
    """What an own role may do is not known: with one, a large script is not launched."""
    with pytest.raises(InputError, match="--iam-role"):
        large_plan(iam_role="batch-worker")


@pytest.mark.parametrize(
    "head", [b"#cloud-config\n", b"#include\n", b"## template: jinja\n#!/bin/sh\n"]
)
def test_what_is_no_script_is_refused(head: bytes) -> None:
    """What cloud-init has to read itself can't be fetched: it is refused, and why."""
    with pytest.raises(InputError, match="too large") as refused:
        large_plan(user_data=text(40_000, head))
    assert "only a script" in refused.value.why


def test_without_an_agent_there_is_nothing_to_fetch_it() -> None:
    """An image of one's own gets what EC2 takes, and no more."""
    with pytest.raises(InputError, match="too large"):
        large_plan(agent=False)


def test_its_secrets_are_seen_all_the_same() -> None:
    """That it travels by another way makes no secret in it any better."""
    with pytest.raises(RefusedByControl) as refused:
        large_plan(
            user_data=LARGE + b"export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYzzzz\n"
        )
    assert refused.value.controls == ("SECRET-IN-USER-DATA",)


def test_its_text_is_in_no_record() -> None:
    """What is remembered of a launch holds digests, and no line of the script."""
    plan = large_plan()
    line = LARGE.splitlines()[7]
    assert line not in bytes(plan.record)
    assert line not in gzip.decompress(user_data_of(plan))
    assert all(line.decode() not in words for _, words in plan.summary)
    # A saved plan says all that will be asked, and is read back as the same.
    saved = json.loads(msgspec.json.encode(plan))
    assert saved == json.loads(msgspec.json.encode(large_plan()))


def test_an_organisation_bounds_this_role_too() -> None:
    """Where roles must carry a boundary, one that is made for a script alone must as well."""
    asked = spec(user_data=LARGE)
    demand = Parameter(name="/ours", type="String", value='permissions-boundary = "limit"')
    held = replace(account_with(asked, NO_BUCKET), organisation=Known(demand))
    with pytest.raises(RefusedByControl, match="/ours"):
        plan_of(asked, held)
    small = spec(user_data=b"echo\n")
    free = plan_of(small, replace(fresh_account(small), organisation=Known(demand)))
    assert "IamInstanceProfile" not in free.run.parameters
