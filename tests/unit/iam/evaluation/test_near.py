"""What would have allowed a request, and what it lacks."""

from __future__ import annotations

import pytest

from spawn.iam.evaluation import Request, near_misses
from tests.unit.iam.evaluation.requests import ALLOW_ALL, DENY_ALL, GET, OBJECT, USER, policy

WHERE = {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.1"]}, "Null": {"s3:prefix": "true"}}


@pytest.mark.parametrize(
    ("statement", "lacking"),
    [
        ({**ALLOW_ALL, "Resource": "arn:aws:s3:::other/*"}, "on other resources"),
        (
            {**ALLOW_ALL, "Condition": WHERE},
            "wants IpAddress aws:SourceIp 10.0.0.0/8 or 192.0.2.1, and that is 203.0.113.9",
        ),
        (
            {**ALLOW_ALL, "Condition": {"StringEquals": {"aws:username": "ana"}}},
            "wants StringEquals aws:username ana, and that is absent",
        ),
    ],
)
def test_a_statement_tells_what_it_lacks(statement: dict[str, object], lacking: str) -> None:
    """An Allow of the action says why it does not apply: its resources, or its first condition."""
    request = Request(
        principal=USER, action=GET, resource=OBJECT, context={"aws:sourceip": ("203.0.113.9",)}
    )
    found = near_misses(request, [policy(DENY_ALL, statement)])
    assert found == (f"statement 2 of p allows the action, but {lacking}",)


def test_who_does_not_speak_of_the_action_misses_nothing() -> None:
    """Statements about other actions are not near."""
    request = Request(principal=USER, action=GET, resource=OBJECT)
    assert near_misses(request, [policy({**ALLOW_ALL, "Action": "s3:PutObject"})]) == ()
