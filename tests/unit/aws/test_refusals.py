"""What AWS's refusals become, and what they must not carry along."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, SSOTokenLoadError
from botocore.parsers import ResponseParserError

from spawn.aws.refusals import translated
from spawn.core.errors import AwsRefusal, CredentialsRefused


def test_an_answer_that_cannot_be_read_is_not_repeated() -> None:
    """Between us and AWS anything may be in it: user-data, a console, credentials."""
    said = "Unable to parse response, invalid XML received:\nb'<value>canary-of-user-data</value>'"
    with pytest.raises(AwsRefusal) as caught, translated("ec2:DescribeInstanceAttribute"):
        raise ResponseParserError(said)
    error = caught.value
    assert "ec2:DescribeInstanceAttribute" in error.what
    assert "canary" not in f"{error.what} {error.why} {error.next_command}"


@pytest.mark.parametrize("giver", ["AssumeRole", "GetRoleCredentials"])
def test_a_denial_on_the_way_to_credentials_is_no_denial_of_the_call(giver: str) -> None:
    """What may not be seen is passed over at times; without credentials nothing was asked."""
    answer = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
    with pytest.raises(CredentialsRefused, match=f"{giver} was refused"), translated("ec2:Look"):
        raise ClientError(answer, giver)


@pytest.mark.parametrize(
    ("profile", "command"),
    [(None, "aws sso login"), ("two words", "aws sso login --profile 'two words'")],
)
def test_the_way_to_sign_in_names_the_profile(profile: str | None, command: str) -> None:
    """The command can be typed as it stands."""
    with pytest.raises(CredentialsRefused) as caught, translated("ec2:Look", profile=profile):
        raise SSOTokenLoadError(error_msg="there is no token")
    assert caught.value.next_command == command
