"""Whether a resource can be of a type, against trying all short ARNs."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.iam.evaluation.wildcards import wildcard
from spawn.iam.lint.overlap import can_be

BUCKET = "arn:${Partition}:s3:::${BucketName}"
OBJECT = "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
DOCUMENT = "arn:${Partition}:ssm:${Region}:${Account}:document/${DocumentName}"
QUEUE = "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"
KINDS = (BUCKET, OBJECT, QUEUE, DOCUMENT)


@pytest.mark.parametrize(
    ("resource", "types"),
    [
        ("arn:aws:s3:::b", {BUCKET}),
        ("arn:aws:s3:::b/*", {OBJECT}),
        ("arn:aws:s3:::b*", {BUCKET, OBJECT}),
        ("arn:aws:s3:::*/x", {OBJECT}),
        ("arn:aws:s3:::${aws:username}", {BUCKET, OBJECT}),
        ("arn:aws:s3:::b/${aws:username}", {OBJECT}),
        ("arn:aws:s3:us-east-1::b", set()),
        ("arn:aws:sqs:us-east-1:123456789012:q", {QUEUE}),
        ("arn:aws:sqs:::q", set()),
        ("arn:aws:ssm:us-east-1::document/AWS-StartSSHSession", {DOCUMENT}),
        ("arn:aws:ssm:us-east-1::document/Mine", set()),
        ("arn:aws:sqs:*", set(KINDS)),
        ("arn:aws:*:*:*:q", set(KINDS)),
        ("*", set(KINDS)),
        ("arn:aws:s3:::" + "a*" * 900 + "/b", {OBJECT}),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "types",
)
def test_types(resource: str, types: set[str]) -> None:
    """A resource is of the types that some ARN of it has; what is no whole ARN may be of any."""
    assert {each for each in KINDS if can_be(resource, each)} == types


@given(st.text("ab/*?", max_size=6), st.sampled_from(["${X}", "a${X}b", "${BucketName}/${X}"]))
def test_as_by_trial(pattern: str, kind: str) -> None:
    """The walk finds a common text where trying all short ones does."""
    of_type = re.compile(kind.replace("${BucketName}", "[^/]*").replace("${X}", ".*"))
    matches = wildcard(pattern)
    texts = ("".join(each) for n in range(8) for each in itertools.product("ab/", repeat=n))
    common = any(of_type.fullmatch(text) and matches(text) for text in texts)
    assert can_be(f"arn:aws:x:r:1:{pattern}", f"arn:aws:x:${{R}}:${{A}}:{kind}") == (
        common if pattern else True
    )
