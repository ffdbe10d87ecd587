"""A secret that a script could not read is named with what allows it, and nothing else is."""

from __future__ import annotations

import pytest

from spawn.connect.denied_reads import MOST_BYTES, Overheard

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:myapp/api-key-AbCdEf"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/myapp/token"


def denied(action: str, resource: str, *, kind: str = "identity-based policy") -> str:
    return (
        f"An error occurred (AccessDeniedException) when calling the X operation: User: arn:x is"
        f" not authorized to perform: {action} on resource: {resource} because no {kind} allows"
        f" the {action} action\n"
    )


def advice(*pieces: str) -> tuple[str, ...]:
    heard = Overheard()
    for piece in pieces:
        heard.listen(piece.encode())
    return heard.advice()


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        (
            denied("secretsmanager:GetSecretValue", SECRET),
            ("--iam-policy secretsmanager:ReadOnly@myapp/api-key ", f"secretsmanager:{SECRET} "),
        ),
        (
            denied("secretsmanager:GetSecretValue", "myapp/api-key"),
            ("@myapp/api-key ", "--secret NAME=secretsmanager:myapp/api-key "),
        ),
        (
            denied("ssm:GetParameter", PARAMETER),
            ("--iam-policy ssm:ReadOnly@/myapp/token ", "--secret NAME=ssm:/myapp/token "),
        ),
        ("Unable to locate credentials. You can", ("it has no role",)),
    ],
)
def test_what_would_let_it_read_is_offered(text: str, flags: tuple[str, ...]) -> None:
    """Both ways are offered, by the secret's own name; what is printed twice counts once."""
    half = len(text) // 2
    (words,) = advice("before\n", text[:half], text[half:], text)
    for flag in flags:
        assert flag in words


@pytest.mark.parametrize(
    "text",
    [
        "",
        denied("iam:CreateUser", "arn:aws:iam::123456789012:user/x"),
        denied("secretsmanager:GetSecretValue", "*"),
        denied("secretsmanager:GetSecretValue", "x';rm"),
        # Nothing that a launch could say would help.
        denied("secretsmanager:GetSecretValue", SECRET, kind="permissions boundary"),
    ],
)
def test_a_console_can_not_have_more_recommended(text: str) -> None:
    """Whatever a stranger writes there, no other right and no odd name is repeated."""
    assert advice(text) == ()


def test_what_is_long_past_is_forgotten() -> None:
    """No more is kept than a console keeps."""
    text = denied("ssm:GetParameter", PARAMETER)
    assert advice(text, "x" * MOST_BYTES) == ()
