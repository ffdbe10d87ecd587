"""Condition operators, as the IAM user guide's pages on them tell."""

from __future__ import annotations

from typing import Any

import pytest

from spawn.iam.evaluation import Outcome
from tests.unit.iam.evaluation.requests import ALLOW_ALL, ask, policy

CONDITIONS: list[tuple[dict[str, Any], dict[str, str | list[str]], bool]] = [
    ({"StringEquals": {"aws:A": "x"}}, {"aws:a": "x"}, True),
    ({"StringEquals": {"aws:A": ["w", "x"]}}, {"aws:a": "x"}, True),
    ({"StringEquals": {"aws:A": "x"}}, {"aws:a": "X"}, False),
    ({"StringEquals": {"aws:A": "x"}}, {}, False),
    ({"StringNotEquals": {"aws:A": "x"}}, {}, True),
    ({"StringNotEquals": {"aws:A": ["x", "y"]}}, {"aws:a": "y"}, False),
    ({"StringEqualsIfExists": {"aws:A": "x"}}, {}, True),
    ({"StringEqualsIfExists": {"aws:A": "x"}}, {"aws:a": "y"}, False),
    ({"StringEqualsIgnoreCase": {"aws:A": "x"}}, {"aws:a": "X"}, True),
    ({"StringLike": {"aws:A": "a*z"}}, {"aws:a": "abcz"}, True),
    ({"StringNotLike": {"aws:A": "a*"}}, {"aws:a": "abcz"}, False),
    (
        {"ArnLike": {"aws:A": "arn:aws:ec2:*:*:instance/*"}},
        {"aws:a": "arn:aws:ec2:r:1:instance/i"},
        True,
    ),
    (
        {"ArnLike": {"aws:A": "arn:aws:*:instance/i"}},
        {"aws:a": "arn:aws:ec2:r:1:instance/i"},
        False,
    ),
    ({"Bool": {"aws:A": "true"}}, {"aws:a": "true"}, True),
    ({"Bool": {"aws:A": True}}, {"aws:a": "false"}, False),
    ({"Null": {"aws:A": "true"}}, {}, True),
    ({"Null": {"aws:A": "true"}}, {"aws:a": "x"}, False),
    ({"Null": {"aws:A": "false"}}, {"aws:a": "x"}, True),
    ({"IpAddress": {"aws:A": "203.0.113.0/24"}}, {"aws:a": "203.0.113.9"}, True),
    ({"NotIpAddress": {"aws:A": "203.0.113.0/24"}}, {"aws:a": "203.0.113.9"}, False),
    ({"IpAddress": {"aws:A": "not a network"}}, {"aws:a": "203.0.113.9"}, False),
    ({"NumericLessThanEquals": {"aws:A": "8"}}, {"aws:a": "8"}, True),
    ({"NumericLessThan": {"aws:A": 8}}, {"aws:a": "nine"}, False),
    ({"DateLessThan": {"aws:A": "2026-01-01T00:00:00Z"}}, {"aws:a": "2025-12-31T23:59:59Z"}, True),
    ({"DateGreaterThan": {"aws:A": "2026-01-01T00:00:00Z"}}, {"aws:a": "1767225599"}, False),
    ({"ForAllValues:StringEquals": {"aws:A": ["x", "y"]}}, {"aws:a": ["x", "y"]}, True),
    ({"ForAllValues:StringEquals": {"aws:A": ["x"]}}, {"aws:a": ["x", "y"]}, False),
    ({"ForAllValues:StringEquals": {"aws:A": ["x"]}}, {}, True),
    (
        {"ForAllValues:StringEquals": {"aws:A": ["x"]}, "Null": {"aws:A": "false"}},
        {},
        False,
    ),
    (
        {"ForAllValues:StringLike": {"aws:A": ["x*"]}, "Null": {"aws:A": "false"}},
        {"aws:a": ["xy", "xz"]},
        True,
    ),
    ({"ForAllValues:StringNotEquals": {"aws:A": ["x"]}}, {"aws:a": ["y", "x"]}, False),
    ({"ForAnyValue:StringEquals": {"aws:A": ["x"]}}, {"aws:a": ["x", "y"]}, True),
    ({"ForAnyValue:StringEquals": {"aws:A": ["x"]}}, {}, False),
    ({"StringEquals": {"aws:A": "${aws:b}"}}, {"aws:a": "x", "aws:b": "x"}, True),
    ({"StringEquals": {"aws:A": "${aws:b}"}}, {"aws:a": ""}, False),
    ({"StringEquals": {"aws:A": "${aws:b, 'x'}"}}, {"aws:a": "x"}, True),
    ({"StringResembles": {"aws:A": "x"}}, {"aws:a": "x"}, False),
]


@pytest.mark.parametrize(("condition", "context", "is_met"), CONDITIONS)
def test_conditions_hold_as_documented(
    condition: dict[str, Any], context: dict[str, str | list[str]], is_met: bool
) -> None:
    """Each operator, with its absent-key rule, its multivalued forms and its variables."""
    allowing = policy({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition})
    assert ask(allowing, context=context).is_allowed is is_met


def test_what_cannot_be_judged_denies() -> None:
    """An unknown operator keeps an Allow from applying, and never a Deny."""
    unknown = {"StringResembles": {"aws:A": "x"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": unknown}
    assert ask(policy(ALLOW_ALL), policy(deny)).outcome is Outcome.EXPLICIT_DENY
