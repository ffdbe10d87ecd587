"""What a statement covers: actions, resources, and what its variables stand for."""

from __future__ import annotations

from typing import Any

import pytest

from spawn.iam.evaluation import Outcome, readable_document
from tests.unit.iam.evaluation.requests import ALLOW_ALL, GET, OBJECT, ask, policy


def _allow(action: str = GET, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statement", "is_allowed"),
    [
        (_allow(), True),
        (_allow("S3:getobject"), True),
        (_allow("s3:Get*", "arn:aws:s3:::bucket/data/*"), True),
        (_allow("s3:Get*", "arn:aws:s3:::Bucket/data/*"), False),
        (_allow("s3:Get*", "arn:aws:s3:::bucket"), False),
        (_allow("s3:PutObject"), False),
        (_allow(GET, "arn:aws:s3:::bucket/data/?"), True),
        (_allow(GET, "arn:aws:s3:*"), True),
        ({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": GET, "NotResource": "arn:aws:s3:::other/*"}, True),
        ({"Effect": "Allow", "Action": GET, "NotResource": "arn:aws:s3:::bucket/*"}, False),
        ({"Effect": "Allow", "Action": GET}, False),
        ({"Effect": "Allow", "Action": GET, "Resource": "*", "Principal": "*"}, False),
    ],
)
def test_a_statement_covers_as_aws_says(statement: dict[str, Any], is_allowed: bool) -> None:
    """Actions know no case, resources do; the Not forms turn the match round."""
    assert ask(policy(statement)).is_allowed is is_allowed


USERNAME: dict[str, str | list[str]] = {"aws:username": "data"}
VARIABLES: list[tuple[str, dict[str, str | list[str]], bool]] = [
    ("arn:aws:s3:::bucket/${aws:username}/*", USERNAME, True),
    ("arn:aws:s3:::bucket/${AWS:UserName}/*", USERNAME, True),
    ("arn:aws:s3:::bucket/${aws:username}/*", {"aws:username": "other"}, False),
    ("arn:aws:s3:::bucket/${aws:username}/*", {"aws:username": "*"}, False),
    ("arn:aws:s3:::bucket/${aws:username}/*", {}, False),
    ("arn:aws:s3:::bucket/${aws:username}/*", {"aws:username": ["data", "x"]}, False),
    ("arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'data'}/*", {}, True),
    (
        "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'data'}/*",
        {"aws:principaltag/team": "b"},
        False,
    ),
    ("arn:aws:s3:::bucket/${aws:PrincipalTag/team, '*'}/*", {}, False),
    ("arn:aws:s3:::bucket/data/${*}", {}, False),
    ("arn:aws:s3:::bucket/data/${?}", {}, False),
    # Before the fifth colon nothing is filled in.
    ("arn:aws:${x:y}:::bucket/data/*", {"x:y": "s3"}, False),
]


@pytest.mark.parametrize(("resource", "context", "is_allowed"), VARIABLES)
def test_variables_stand_for_one_literal_value(
    resource: str, context: dict[str, str | list[str]], is_allowed: bool
) -> None:
    """A value is text, whatever is in it; without one value and a default nothing matches."""
    assert ask(policy(_allow(GET, resource)), context=context).is_allowed is is_allowed


def test_a_policy_of_2008_has_no_variables() -> None:
    """Before 2012-10-17, and without a version, `${aws:username}` is those characters."""
    statement = _allow(GET, "arn:aws:s3:::bucket/${aws:username}/*")
    assert not ask(policy(statement, version="2008-10-17"), context=USERNAME).is_allowed
    literal = {"StringEquals": {"aws:username": "${aws:username}"}}
    old = policy(_allow(Condition=literal), version="2008-10-17")
    assert ask(old, context={"aws:username": "${aws:username}"}).is_allowed


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_an_exception_without_a_value_helps_nobody(effect: str) -> None:
    """NotResource with a variable that has no value: an Allow gives nothing, a Deny denies all."""
    resource = "arn:aws:s3:::other/${aws:username}/*"
    statement = {"Effect": effect, "Action": "*", "NotResource": resource}
    assert not ask(policy(ALLOW_ALL if effect == "Deny" else statement, statement)).is_allowed
    assert ask(policy(statement), context=USERNAME).is_allowed is (effect == "Allow")


def test_the_deciding_statement_is_named() -> None:
    """An answer names policy, statement and Sid, counted from one."""
    spoken = ask(policy(_allow("s3:PutObject"), _allow(Sid="Read")))
    assert (spoken.policy, spoken.statement, spoken.sid) == ("p", 2, "Read")
    assert spoken.why == "statement 2 of the identity policy p allows it"
    denied = ask(policy(ALLOW_ALL, {"Effect": "Deny", "Action": "s3:*", "Resource": OBJECT}))
    assert (denied.outcome, denied.statement) == (Outcome.EXPLICIT_DENY, 2)


@pytest.mark.parametrize(
    "document", ["", "[]", "{}", '{"Statement": [{"Action": "*"}]}', "null", "[" * 100_000]
)
def test_an_unreadable_policy_is_refused(document: str) -> None:
    """What is no policy never becomes one that allows."""
    with pytest.raises(ValueError, match=r"\S"):
        readable_document(document)


def test_a_policy_without_statements_allows_nothing() -> None:
    """Nothing said is nothing allowed."""
    assert ask(policy()).outcome is Outcome.IMPLICIT_DENY
    assert ask().outcome is Outcome.IMPLICIT_DENY
