"""Which data events a trail takes whole, and what its files hold of a role."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.response import StreamingBody

from spawn.audit.delivered import Window, days, events_in, folder, windows_of
from spawn.audit.trails import data_of
from spawn.aws.cloudtrail import Selectors, Trail, selectors_question
from spawn.aws.s3_objects import gzipped_question

ROLE = "arn:aws:iam::123456789012:role/worker"
NOW = datetime(2026, 1, 27, 23, 50, tzinfo=UTC)
WINDOW = Window(
    role_arn=ROLE,
    account="123456789012",
    region="eu-west-1",
    since=NOW - timedelta(days=1),
    until=NOW,
)
TRAIL = Trail(
    name="mine", trail_arn="arn:aws:cloudtrail:eu-west-1:123456789012:trail/mine", s3_key_prefix="p"
)


def selectors(**answer: Any) -> Selectors:
    """Return selectors as AWS answers them."""
    return selectors_question(TRAIL, "eu-west-1").understand(answer)


def advanced(*fields: dict[str, Any]) -> Selectors:
    return selectors(AdvancedEventSelectors=[{"FieldSelectors": list(fields)}])


def basic(kind: str, *values: str) -> Selectors:
    data = [{"Type": "AWS::S3::Object", "Values": list(values)}]
    return selectors(EventSelectors=[{"ReadWriteType": kind, "DataResources": data}])


DATA = {"Field": "eventCategory", "Equals": ["Data"]}
TABLES = {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (basic("All", "arn:aws:s3:::a/"), {"AWS::S3::Object": ("arn:aws:s3:::a/",)}),
        (basic("WriteOnly", "arn:aws:s3"), {}),
        (advanced(DATA, TABLES), {"AWS::DynamoDB::Table": ("",)}),
        (
            advanced(DATA, TABLES, {"Field": "resources.ARN", "StartsWith": ["arn:x", "arn:y"]}),
            {"AWS::DynamoDB::Table": ("arn:x", "arn:y")},
        ),
        (advanced(DATA, TABLES, {"Field": "resources.ARN", "NotEquals": ["arn:x"]}), {}),
        (advanced(DATA, TABLES, {"Field": "readOnly", "Equals": ["false"]}), {}),
        (advanced({"Field": "eventCategory", "Equals": ["Management"]}, TABLES), {}),
    ],
)
def test_only_what_is_taken_whole_counts(given: Selectors, expected: dict[str, Any]) -> None:
    """Reads and writes of a type, perhaps below prefixes of ARNs; what asks for more is none."""
    assert data_of(given) == expected


def record(role: str = ROLE, at: str = "2026-01-27T12:00:00Z") -> dict[str, Any]:
    return {
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "eventTime": at,
        "awsRegion": "eu-west-1",
        "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": role}}},
        "requestParameters": {"bucketName": ROLE, "key": "x"},
    }


def test_a_files_events_are_the_roles_and_of_the_time() -> None:
    """Another role's events, and those before the window, are left out."""
    records = [
        record(),
        record("arn:aws:iam::123456789012:role/other"),
        record(at="2026-01-01T00:00:00Z"),
    ]
    (found,) = events_in(json.dumps({"Records": records}).encode(), WINDOW) or []
    assert (found.role_arn, found.event_name) == (ROLE, "GetObject")


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"Records":[{"a":1},', b"\xff\xfe", b"[]"])
def test_what_is_no_log_file_is_told_apart(content: bytes | None) -> None:
    """A broken file is no file without events."""
    assert events_in(content, WINDOW) is None


def test_files_are_looked_for_by_day_and_region() -> None:
    """All days of the window, and the one in which its last events are delivered."""
    found = [folder(TRAIL, WINDOW, day) for day in days(WINDOW)]
    assert list(days(WINDOW))[-1] == date(2026, 1, 28)
    assert found[0] == "p/AWSLogs/123456789012/CloudTrail/eu-west-1/2026/01/26/"
    assert len(found) == 3


def test_the_regions_are_those_that_policies_name() -> None:
    """Global services' events, and those of resources elsewhere, are not missed."""
    arns = ["arn:aws:sqs:ap-south-1:123456789012:q", "arn:aws:s3:::b/*", "arn:aws:sqs:*:*:q", "*"]
    found = windows_of(WINDOW, arns)
    assert [each.region for each in found] == ["eu-west-1", "us-east-1", "ap-south-1"]


def unpacked(body: bytes, most_bytes: int) -> bytes | None:
    question = gzipped_question("b", "k", account="1", region="r", most_bytes=most_bytes)
    stream = StreamingBody(io.BytesIO(body), len(body))
    return question.understand({"Body": stream})


def test_files_are_unpacked_within_a_limit() -> None:
    """A file that unpacks to more than it may, or is cut off, or no gzip, is not read."""
    packed = gzip.compress(b"x" * 1_000_000)
    assert unpacked(packed, 1_000_000) == b"x" * 1_000_000
    assert unpacked(packed, 999_999) is None
    assert unpacked(packed[:-9], 1_000_000) is None
    assert unpacked(msgspec.json.encode({}), 100) is None
