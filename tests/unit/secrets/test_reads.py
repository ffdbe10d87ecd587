"""What a script reads by itself is seen, and what to write at the launch is offered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.secrets.offers import is_named_well, policy_flag, secret_flag
from spawn.secrets.reads import Read, reads_in
from spawn.secrets.references import SecretService

SSM, MANAGER = SecretService.SSM, SecretService.SECRETS_MANAGER


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            """KEY=$(aws secretsmanager get-secret-value \\
                --secret-id myapp/api-key \\
                --query SecretString)""",
            Read(service=MANAGER, id="myapp/api-key", name="KEY"),
        ),
        (
            "export T=\"$(aws --region us-east-1 ssm get-parameter --name '/myapp/token')\"",
            Read(service=SSM, id="/myapp/token", name="T"),
        ),
        ("aws ssm get-parameters --names=/a:3 | jq .", Read(service=SSM, id="/a:3")),
        ('aws secretsmanager get-secret-value --secret-id "$ID"', Read(service=MANAGER)),
        ("/usr/bin/aws ssm get-parameter --name plain", Read(service=SSM, id="plain")),
    ],
)
def test_a_read_is_seen(text: str, found: Read) -> None:
    """Service, id and variable are read across continued lines, quotes and options."""
    assert reads_in(text) == (found,)


@pytest.mark.parametrize(
    "text",
    [
        "aws secretsmanager list-secrets",
        "aws ssm put-parameter --name /a --value b",
        "echo get-secret-value --secret-id x",
        "laws ssm get-parameter --name /a",
    ],
)
def test_what_reads_no_value_is_none(text: str) -> None:
    """Other calls, and words that look like one, are passed over."""
    assert reads_in(text) == ()


@given(st.text(alphabet="aws -=\\\n$(ssmget-parr--name/x)\"'", max_size=300))
def test_any_text_is_read_through(text: str) -> None:
    """Whatever is written, reading ends, and knows where values are kept."""
    for one in reads_in(text):
        assert one.service in SecretService


def test_flags_are_offered_whole() -> None:
    """What is known stands in them, and a word to fill in where it is not."""
    assert secret_flag(MANAGER, "a/b", name="KEY") == "--secret KEY=secretsmanager:a/b"
    assert secret_flag(MANAGER, "", name="PATH") == "--secret NAME=secretsmanager:ID"
    assert secret_flag(SSM, "") == "--secret NAME=ssm:/path"
    assert policy_flag(SSM, "/a") == "--iam-policy ssm:ReadOnly@/a"
    assert policy_flag(MANAGER, "") == "--iam-policy secretsmanager:ReadOnly"
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a/b-AbCdEf"
    assert policy_flag(MANAGER, arn) == "--iam-policy secretsmanager:ReadOnly@a/b"
    assert is_named_well(MANAGER, arn)
    assert not is_named_well(MANAGER, "a; reboot")
