"""Policies from outside: what is refused, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spawn.core.errors import InputError
from spawn.iam.checks import parse_identity_policy
from spawn.iam.documents import Effect, PolicyDocument, Statement
from spawn.iam.quotas import MOST_INLINE_CHARACTERS

FLAG = "--iam-policy-file"


def policy(**changes: Any) -> str:
    """Return a policy that is right, but for the changed members of its statement."""
    statement = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
        **changes,
    }
    kept = {key: value for key, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def test_single_values_are_lists_of_one() -> None:
    """All that the grammar lets stand alone is read as IAM reads it, numbers as their text."""
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Id": "of no consequence",
            "Statement": {
                "Sid": "One",
                "Effect": "Deny",
                "NotAction": "s3:Get*",
                "NotResource": "arn:aws:s3:::b/*",
                "Condition": {
                    "Bool": {"aws:SecureTransport": False},
                    "NumericLessThan": {"s3:max-keys": 10},
                },
            },
        }
    )
    assert parse_identity_policy(f"\ufeff{text}".encode(), flag=FLAG) == PolicyDocument(
        statements=(
            Statement(
                effect=Effect.DENY,
                sid="One",
                not_actions=("s3:Get*",),
                not_resources=("arn:aws:s3:::b/*",),
                conditions={
                    "Bool": {"aws:SecureTransport": ("false",)},
                    "NumericLessThan": {"s3:max-keys": ("10",)},
                },
            ),
        )
    )


REFUSED: dict[str, tuple[str | bytes, str, str]] = {
    "a comma too many": (
        '{\n "Version": "2012-10-17",\n}',
        "line 2, column 25|line 3, column 1",
        "",
    ),
    "not UTF-8": (b"\xff\xfe", "not a policy", "decode"),
    "nested without end": ("[" * 100_000, "not a policy", "recursion"),
    "not an object": ("[]", "not a policy", "object"),
    "no statement": ('{"Version": "2012-10-17"}', "not a policy", "no Statement"),
    "a member twice": ('{"Statement": [], "Statement": []}', "not a policy", "twice"),
    "not a JSON number": ('{"Version": NaN}', "not a policy", "NaN"),
    "a misspelt member": (policy(Conditon={}), "not a policy", "did you mean Condition"),
    "an unknown effect": (policy(Effect="Permit"), "not a policy", "Permit"),
    "no effect": (policy(Effect=None), "not a policy", "Effect"),
    "no action": (policy(Action=None), "not a policy", "no Action"),
    "both actions": (policy(NotAction="s3:PutObject"), "not a policy", "keep one"),
    "an empty list": (policy(Action=[]), "not a policy", "empty"),
    "an object for an action": (policy(Action={"a": 1}), "not a policy", "statement 1"),
    "a list of conditions": (policy(Condition=[]), "not a policy", "Condition is not an object"),
    "the old version": (policy().replace("2012-10-17", "2008-10-17"), "2008-10-17", "2012-10-17"),
    "a Sid with a space": (policy(Sid="My statement"), "Sid", "letters and digits"),
    "a principal": (policy(Principal="*"), "Principal", "leave Principal out"),
    "no resource": (policy(Resource=None), "no Resource", "ARN"),
    "not an ARN": (policy(Resource="my-bucket"), "not an ARN", "arn:partition"),
    "another partition": (policy(Resource="arn:aws-cn:s3:::b"), "aws-cn", "arn:aws:s3"),
    "not an action": (policy(Action="GetObject"), "not an action", "s3:GetObject"),
    "an unknown service": (policy(Action="dynamdb:GetItem"), "'dynamdb'", "dynamodb"),
    "an unknown action": (policy(Action="s3:GetObjct"), "'GetObjct'", "did you mean GetObject?"),
    "a pattern that means nothing": (policy(Action="s3:Fetch*"), "'Fetch*'", ""),
    "a service pattern": (policy(Action="s*:GetObject"), "'s*'", ""),
    "an unknown operator": (
        policy(Condition={"StringEqual": {"aws:SourceVpc": "v"}}),
        "'StringEqual'",
        "did you mean StringEquals?",
    ),
    "too long for a role": (
        policy(Resource=[f"arn:aws:s3:::b/{n:0200}" for n in range(60)]),
        "characters",
        f"{MOST_INLINE_CHARACTERS}",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_flag_place_and_remedy(case: str) -> None:
    """Each error names the flag, says what is wrong, and what to write instead."""
    text, what, why = REFUSED[case]
    with pytest.raises(InputError) as refusal:
        parse_identity_policy(text, flag=FLAG, partition="aws")
    assert refusal.value.what.startswith(FLAG)
    assert any(alternative in refusal.value.what for alternative in what.split("|"))
    assert why in refusal.value.why


def test_the_statement_is_counted() -> None:
    """In a policy of several statements the error says which one."""
    right = json.loads(policy())["Statement"][0]
    text = json.dumps({"Version": "2012-10-17", "Statement": [right, {**right, "Action": "s3:X"}]})
    with pytest.raises(InputError, match="statement 2"):
        parse_identity_policy(text, flag=FLAG)


def test_a_sid_stands_once() -> None:
    """IAM refuses a policy whose statements share a Sid, so it is refused before."""
    right = json.loads(policy(Sid="Twice"))["Statement"][0]
    text = json.dumps({"Version": "2012-10-17", "Statement": [right, right]})
    with pytest.raises(InputError, match="'Twice'"):
        parse_identity_policy(text, flag=FLAG)


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": "*"},
        {"Action": "s3:*"},
        {"Action": "S3:getobject"},
        {"Resource": "*"},
        {"Resource": "arn:*:s3:::b/${aws:PrincipalTag/team}/*"},
        {"Condition": {"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a*"]}}},
        {"Condition": {"Null": {"aws:TokenIssueTime": "true"}}},
    ],
)
def test_what_iam_accepts_is_accepted(changes: dict[str, Any]) -> None:
    """Wildcards, variables, IAM's indifference to case and its operators' forms all pass."""
    parse_identity_policy(policy(**changes), flag=FLAG, partition="aws")
