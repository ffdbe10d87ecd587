"""Condition operators, as the IAM user guide's pages on them tell."""

from __future__ import annotations

from typing import Any

import pytest

from spawn.iam.evaluation import Outcome
from tests.unit.iam.evaluation.requests import ALLOW_ALL, DENY_ALL, ask, policy

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
    # AND over operators and keys, OR over values, NOR where negated.
    ({"StringEquals": {"aws:A": "x", "aws:B": "y"}}, {"aws:a": "x", "aws:b": "z"}, False),
    ({"StringEquals": {"aws:A": "x"}, "Bool": {"aws:B": "true"}}, {"aws:a": "x"}, False),
    ({"StringNotEquals": {"aws:A": ["x", "y"]}}, {"aws:a": "z"}, True),
    # Several values without a set operator: like any, unlike all.
    ({"StringEquals": {"aws:A": "x"}}, {"aws:a": ["y", "x"]}, True),
    ({"StringNotEquals": {"aws:A": "x"}}, {"aws:a": ["y", "x"]}, False),
    ({"ForAnyValue:StringNotEquals": {"aws:A": "x"}}, {"aws:a": ["y", "x"]}, True),
    ({"ForAnyValue:StringNotEquals": {"aws:A": "x"}}, {"aws:a": "x"}, False),
    ({"ForAnyValue:StringNotEquals": {"aws:A": "x"}}, {}, False),
    ({"ForAllValues:StringNotEquals": {"aws:A": "x"}}, {}, True),
    ({"ForAnyValue:StringEqualsIfExists": {"aws:A": "x"}}, {}, True),
    ({"ForAllValues:StringEquals": {"aws:A": "x"}}, {"aws:a": ""}, True),
    ({"ForAnyValue:StringLike": {"aws:A": "*"}}, {"aws:a": ""}, False),
    ({"StringLike": {"aws:A": "*"}}, {"aws:a": ""}, True),
    ({"StringEquals": {"aws:A": ""}}, {"aws:a": ""}, True),
    # The case of texts, of keys and of operators.
    ({"StringNotEqualsIgnoreCase": {"aws:A": "X"}}, {"aws:a": "x"}, False),
    ({"StringLike": {"aws:A": "A*"}}, {"aws:a": "abc"}, False),
    ({"stringequals": {"AWS:PrincipalTag/Team": "x"}}, {"aws:principaltag/team": "x"}, True),
    # Wildcards and variables.
    ({"StringEquals": {"aws:A": "a*"}}, {"aws:a": "abc"}, False),
    ({"StringLike": {"aws:A": "${*}"}}, {"aws:a": "abc"}, False),
    ({"StringLike": {"aws:A": "${*}${$}{x}"}}, {"aws:a": "*${x}"}, True),
    ({"StringLike": {"aws:A": "${aws:b}*"}}, {"aws:a": "x/y", "aws:b": "x/"}, True),
    ({"StringLike": {"aws:A": "${aws:b}"}}, {"aws:a": "x/y", "aws:b": "x*"}, False),
    ({"StringEqualsIgnoreCase": {"aws:A": "${aws:b}"}}, {"aws:a": "x", "aws:b": "X"}, True),
    ({"StringEquals": {"aws:A": ["${aws:b}", "x"]}}, {"aws:a": "x"}, True),
    ({"StringNotEquals": {"aws:A": "${aws:b}"}}, {"aws:a": "x"}, False),
    ({"StringNotEquals": {"aws:A": "${aws:b}"}}, {"aws:a": "x", "aws:b": "y"}, True),
    ({"StringEquals": {"aws:A": "${aws:b}"}}, {"aws:a": "x", "aws:b": ["x", "y"]}, False),
    ({"StringEquals": {"aws:A": "${aws:b, 'x'}"}}, {"aws:a": "x", "aws:b": ["y", "z"]}, False),
    # ARNs, part by part.
    (
        {"ArnEquals": {"aws:A": "arn:aws:sns:*:1:t?pic:*"}},
        {"aws:a": "arn:aws:sns:r:1:topic:a:b"},
        True,
    ),
    ({"ArnLike": {"aws:A": "arn:aws:s3:::*"}}, {"aws:a": "arn:aws:s3:r:1:b"}, False),
    ({"ArnNotLike": {"aws:A": "arn:aws:iam::*:role/a"}}, {"aws:a": "arn:aws:iam::1:role/b"}, True),
    (
        {"ArnNotEquals": {"aws:A": "arn:aws:iam::1:role/*"}},
        {"aws:a": "arn:aws:iam::1:role/b"},
        False,
    ),
    (
        {"ArnLike": {"aws:A": "arn:aws:iam::1:role/${aws:b}"}},
        {"aws:a": "arn:aws:iam::1:role/x", "aws:b": "x"},
        True,
    ),
    ({"ArnNotEquals": {"aws:A": "arn:aws:iam::1:role/x"}}, {}, True),
    # Numbers.
    ({"NumericEquals": {"aws:A": "1.50"}}, {"aws:a": "1.5"}, True),
    ({"NumericNotEquals": {"aws:A": 1}}, {"aws:a": "1.0"}, False),
    ({"NumericNotEquals": {"aws:A": 1}}, {}, True),
    ({"NumericGreaterThan": {"aws:A": "9"}}, {"aws:a": "10"}, True),
    ({"NumericGreaterThanEquals": {"aws:A": "-1"}}, {"aws:a": "-1"}, True),
    ({"NumericLessThan": {"aws:A": "9007199254740993"}}, {"aws:a": "9007199254740992"}, True),
    ({"NumericLessThan": {"aws:A": ["1", "5"]}}, {"aws:a": "3"}, True),
    ({"NumericEquals": {"aws:A": "nan"}}, {"aws:a": "nan"}, False),
    ({"NumericNotEquals": {"aws:A": "1"}}, {"aws:a": "one"}, False),
    ({"NumericEquals": {"aws:A": "${aws:b}"}}, {"aws:a": "1", "aws:b": "1"}, False),
    # Dates of ISO 8601, and seconds.
    ({"DateEquals": {"aws:A": "2026-01-01T00:00:00Z"}}, {"aws:a": "1767225600"}, True),
    ({"DateEquals": {"aws:A": "2026-01-01T01:00:00+01:00"}}, {"aws:a": "2026"}, True),
    ({"DateNotEquals": {"aws:A": "2026-01"}}, {"aws:a": "2026-01-01"}, False),
    ({"DateLessThanEquals": {"aws:A": "2026-01-01T00:00"}}, {"aws:a": "2026-01-01"}, True),
    (
        {"DateGreaterThanEquals": {"aws:A": "2026-01-01T00:00:00.5Z"}},
        {"aws:a": "2026-01-01T00:00:00.25Z"},
        False,
    ),
    ({"DateGreaterThan": {"aws:A": "yesterday"}}, {"aws:a": "2026-01-01"}, False),
    ({"DateLessThan": {"aws:A": "2026-01-01"}}, {"aws:a": "1" * 30}, False),
    # Addresses.
    ({"IpAddress": {"aws:A": ["10.0.0.0/8", "2001:db8::/32"]}}, {"aws:a": "2001:DB8::1"}, True),
    ({"IpAddress": {"aws:A": "203.0.113.9"}}, {"aws:a": "203.0.113.9"}, True),
    ({"IpAddress": {"aws:A": "0.0.0.0/0"}}, {"aws:a": "::1"}, False),
    ({"NotIpAddress": {"aws:A": "203.0.113.0/24"}}, {"aws:a": "198.51.100.1"}, True),
    ({"NotIpAddress": {"aws:A": "203.0.113.0/24"}}, {}, True),
    ({"NotIpAddress": {"aws:A": "203.0.113.0/24"}}, {"aws:a": "nowhere"}, False),
    # The rest.
    ({"Bool": {"aws:A": "TRUE"}}, {"aws:a": "true"}, True),
    ({"Bool": {"aws:A": "false"}}, {"aws:a": "perhaps"}, False),
    ({"BoolIfExists": {"aws:A": "true"}}, {}, True),
    ({"BinaryEquals": {"aws:A": "aGk="}}, {"aws:a": "aGk="}, True),
    ({"BinaryEquals": {"aws:A": "!"}}, {"aws:a": "!"}, False),
    ({"Null": {"aws:A": "false"}}, {}, False),
    ({"Null": {"aws:A": True}}, {"aws:a": []}, True),
    ({"Null": {"aws:A": "perhaps"}}, {}, False),
    ({}, {}, True),
]


@pytest.mark.parametrize(("condition", "context", "is_met"), CONDITIONS)
def test_conditions_hold_as_documented(
    condition: dict[str, Any], context: dict[str, str | list[str]], is_met: bool
) -> None:
    """Each operator, with its absent-key rule, its multivalued forms and its variables."""
    allowing = policy({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition})
    assert ask(allowing, context=context).is_allowed is is_met


@pytest.mark.parametrize(
    "condition",
    [
        {"StringResembles": {"aws:A": "x"}},
        {"NumericEquals": {"aws:A": "x"}},
        {"NumericEquals": {"aws:A": "7"}},
        {"DateLessThan": {"aws:A": "2026"}},
        {"IpAddress": {"aws:A": "10.0.0.0/8"}},
        {"ArnLike": {"aws:A": "arn:aws:s3:::*"}},
        {"Null": {"aws:A": "perhaps"}},
        {"StringNotEquals": {"aws:A": "${aws:nothing}"}},
    ],
    ids=str,
)
def test_what_cannot_be_judged_helps_nobody(condition: dict[str, Any]) -> None:
    """What can't be read keeps an Allow from applying, and never a Deny."""
    context: dict[str, str | list[str]] = {"aws:a": "text"}
    assert not ask(policy({**ALLOW_ALL, "Condition": condition}), context=context).is_allowed
    denying = policy({**DENY_ALL, "Condition": condition})
    assert ask(policy(ALLOW_ALL), denying, context=context).outcome is Outcome.EXPLICIT_DENY


def test_a_readable_value_decides_beside_an_unreadable_one() -> None:
    """One address of two is enough for an Allow, and the other can't take it back."""
    condition = {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "elsewhere"]}}
    allowing = policy({**ALLOW_ALL, "Condition": condition})
    assert ask(allowing, context={"aws:sourceip": "10.1.2.3"}).is_allowed
