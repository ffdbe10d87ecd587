"""What AWS's refusals become, and what they must not carry along."""

from __future__ import annotations

import pytest
from botocore.parsers import ResponseParserError

from spawn.aws.refusals import translated
from spawn.core.errors import AwsRefusal


def test_an_answer_that_cannot_be_read_is_not_repeated() -> None:
    """Between us and AWS anything may be in it: user-data, a console, credentials."""
    said = "Unable to parse response, invalid XML received:\nb'<value>canary-of-user-data</value>'"
    with pytest.raises(AwsRefusal) as caught, translated("ec2:DescribeInstanceAttribute"):
        raise ResponseParserError(said)
    error = caught.value
    assert "ec2:DescribeInstanceAttribute" in error.what
    assert "canary" not in f"{error.what} {error.why} {error.next_command}"
