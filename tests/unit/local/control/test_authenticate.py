"""A session's credentials are good until their end, with their own token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from spawn.iam.evaluation import PolicySet
from spawn.local.control.authenticate import authenticate
from spawn.local.control.messages import AwsError
from spawn.local.control.principals import Credentials, Principal
from tests.unit.local.control.signing import ACCESS_KEY_ID, SECRET, signed

TOKEN = "the-session-s-token"


def _session(expiration: datetime) -> Principal:
    return Principal(
        arn="arn:aws:sts::123456789012:assumed-role/r/s",
        user_id="AROAEXAMPLE:s",
        kind="AssumedRole",
        credentials=Credentials(
            access_key_id=ACCESS_KEY_ID, secret=SECRET, token=TOKEN, expiration=expiration
        ),
        policies=PolicySet(),
    )


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("sts", "GetCallerIdentity", "ExpiredToken"),
        ("ec2", "DescribeInstances", "RequestExpired"),
        ("dynamodb", "ListTables", "ExpiredTokenException"),
        ("s3", "ListBuckets", "ExpiredToken"),
    ],
)
def test_an_ended_session_is_refused(service: str, operation: str, code: str) -> None:
    """A second before its end a session is known; from then on each service has its refusal."""
    now = datetime.now(UTC)
    request = signed(service, operation, token=TOKEN)
    alive = _session(now + timedelta(seconds=1))
    assert authenticate(request, lambda _: alive, now)[1] is alive
    with pytest.raises(AwsError) as refused:
        authenticate(request, lambda _: _session(now), now)
    assert refused.value.code == code
