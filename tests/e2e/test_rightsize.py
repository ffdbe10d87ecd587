"""What a job on an instance used is what the next one is given: it works, and may do no more."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.boxes import REGION, Box, client, wait_for
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud
from tests.tools.programs import Program

pytestmark = pytest.mark.e2e

ACCOUNT = "123456789012"
DONE = "the job is done"


def _job(source: str, target: str) -> str:
    """User-data that lists and reads one bucket and writes into another."""
    return (
        "#!/bin/sh\nset -e\n"
        f"aws s3api list-objects-v2 --bucket {source} > /dev/null\n"
        f"aws s3api get-object --bucket {source} --key data/x /run/x > /dev/null\n"
        f"aws s3api put-object --bucket {target} --key out --body /run/x > /dev/null\n"
        f"echo {DONE}\n"
    )


@pytest.fixture
def logs(cloud: Cloud) -> Iterator[str]:
    """A bucket into which a trail writes the data events of all objects."""
    s3, trail = client(cloud, "s3"), client(cloud, "cloudtrail")
    name = f"logs-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    bucket = f"arn:aws:s3:::{name}"
    statements = [
        {**service, "Action": "s3:GetBucketAcl", "Resource": bucket},
        {**service, "Action": "s3:PutObject", "Resource": f"{bucket}/AWSLogs/{ACCOUNT}/*"},
    ]
    s3.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )
    trail.create_trail(Name=name, S3BucketName=name, IsMultiRegionTrail=True)
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": data}
    trail.put_event_selectors(TrailName=name, EventSelectors=[selector])
    trail.start_logging(Name=name)
    yield name
    trail.delete_trail(Name=name)


def _is_delivered(s3: Any, logs: str, box: Box) -> bool:
    """Whether the trail's files tell of the last thing that the job did."""
    return any(
        record.get("eventName") == "PutObject" and box.id in record["userIdentity"].get("arn", "")
        for listed in s3.list_objects_v2(Bucket=logs).get("Contents", [])
        for body in [s3.get_object(Bucket=logs, Key=listed["Key"])["Body"].read()]
        for record in json.loads(gzip.decompress(body))["Records"]
    )


def test_a_job_is_given_what_it_used(
    cloud: Cloud, *, spawn: Program, launch: Launch, logs: str, home: Path
) -> None:
    """Three actions on two buckets, made by user-data, are what is left of all that S3 has."""
    s3 = client(cloud, "s3")
    source, target = f"in-{uuid.uuid4()}", f"out-{uuid.uuid4()}"
    for bucket in (source, target):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=source, Key="data/x", Body=b"content")
    job = ("--user-data", _job(source, target))
    wide = launch("--iam-policy", f"s3:FullAccess@{source},s3:FullAccess@{target}", *job)
    wide.await_console(DONE)
    wait_for(lambda: _is_delivered(s3, logs, wide), "the trail's files")

    sized = spawn("policy", "rightsize", wide.id, "--region", REGION, "-o", "json")
    assert sized.code == 0, sized.stderr
    assert sized.document()["Statement"] == [
        {"Effect": "Allow", "Action": [action], "Resource": [f"arn:aws:s3:::{name}"]}
        for action, name in (
            ("s3:GetObject", f"{source}/data/x"),
            ("s3:ListBucket", source),
            ("s3:PutObject", f"{target}/out"),
        )
    ]

    s3.delete_object(Bucket=target, Key="out")
    policy = home / "policy.json"
    policy.write_text(sized.stdout)
    small = launch("--iam-policy-file", str(policy), *job)
    small.await_console(DONE)
    assert s3.get_object(Bucket=target, Key="out")["Body"].read() == b"content"
    refused = small.run("aws", "s3api", "delete-object", "--bucket", target, "--key", "out")
    assert "AccessDenied" in refused.stderr
