"""The evaluator: denied by default, explicit deny wins, doubt denies."""

from __future__ import annotations

import fnmatch
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.local.control.authorize import Outcome, PolicySet, RequestFacts, decide, trusts
from spawn.local.control.conditions import matches_wildcard
from spawn.local.control.policies import Policy, UnreadablePolicy, parse_policy

GET = "s3:GetObject"
OBJECT = "arn:aws:s3:::bucket/data/1"


def _policy(*statements: dict[str, Any]) -> Policy:
    return parse_policy("p", json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def _allow(action: str = GET, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _facts(**context: str | list[str]) -> RequestFacts:
    values = {
        key.lower(): tuple([value] if isinstance(value, str) else value)
        for key, value in context.items()
    }
    return RequestFacts(
        principal_arn="arn:aws:sts::123456789012:assumed-role/r/s",
        action=GET,
        resource=OBJECT,
        context=values,
    )


def _outcome(*policies: Policy, facts: RequestFacts | None = None) -> Outcome:
    return decide(facts or _facts(), PolicySet(identity=policies)).outcome


@pytest.mark.parametrize(
    ("statement", "is_allowed"),
    [
        (_allow(), True),
        (_allow("S3:getobject"), True),
        (_allow("s3:Get*", "arn:aws:s3:::bucket/data/*"), True),
        (_allow("s3:Get*", "arn:aws:s3:::bucket"), False),
        (_allow("s3:PutObject"), False),
        (_allow(GET, "arn:aws:s3:::bucket/data/?"), True),
        ({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": GET, "NotResource": "arn:aws:s3:::other/*"}, True),
        ({"Effect": "Allow", "Action": GET, "NotResource": "arn:aws:s3:::bucket/*"}, False),
        ({"Effect": "Allow", "Action": GET}, False),
    ],
)
def test_a_statement_matches_as_aws_says(statement: dict[str, Any], is_allowed: bool) -> None:
    """Actions know no case, resources do; the Not forms turn the match round."""
    assert (_outcome(_policy(statement)) is Outcome.ALLOWED) is is_allowed


def test_nothing_is_allowed_by_default() -> None:
    """Without a policy that speaks, the answer is no."""
    assert _outcome() is Outcome.DENIED_BY_IDENTITY


def test_an_explicit_deny_wins() -> None:
    """One Deny undoes every Allow, in whichever policy it stands."""
    deny = _policy({"Effect": "Deny", "Action": "s3:*", "Resource": OBJECT})
    assert _outcome(_policy(_allow()), deny) is Outcome.DENIED_EXPLICITLY


def test_a_boundary_and_a_session_policy_only_narrow() -> None:
    """Both must allow what the identity policy allows, and give nothing of their own."""
    all_of_s3, other = _policy(_allow("s3:*")), _policy(_allow("ec2:*"))
    for narrowing, outcome in (
        ("boundary", Outcome.DENIED_BY_BOUNDARY),
        ("session", Outcome.DENIED_BY_SESSION),
    ):
        within = PolicySet(identity=(_policy(_allow()),), **{narrowing: all_of_s3})
        beyond = PolicySet(identity=(_policy(_allow()),), **{narrowing: other})
        alone = PolicySet(identity=(), **{narrowing: all_of_s3})
        assert decide(_facts(), within).is_allowed
        assert decide(_facts(), beyond).outcome is outcome
        assert not decide(_facts(), alone).is_allowed


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
    policy = _policy(_allow(Condition=condition))
    assert (_outcome(policy, facts=_facts(**context)) is Outcome.ALLOWED) is is_met


def test_what_cannot_be_judged_denies() -> None:
    """An unknown operator keeps an Allow from applying, and never a Deny."""
    unknown = {"StringResembles": {"aws:A": "x"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": unknown}
    assert _outcome(_policy(_allow()), _policy(deny)) is Outcome.DENIED_EXPLICITLY


def test_a_role_trusts_whom_it_names() -> None:
    """A trust policy admits its own principal under its conditions, and no other."""
    policy = _policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        }
    )
    facts = RequestFacts(
        principal_arn="",
        action="sts:AssumeRole",
        resource="role",
        context={"aws:sourceaccount": ("123456789012",)},
    )
    stranger = RequestFacts(principal_arn="", action="sts:AssumeRole", resource="role", context={})
    scheduler = frozenset({("Service", "scheduler.amazonaws.com")})
    assert trusts(policy, scheduler, facts)
    assert not trusts(policy, scheduler, stranger)
    assert not trusts(policy, frozenset({("Service", "ec2.amazonaws.com")}), facts)


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"Statement": [{"Action": "*"}]}', "null"])
def test_an_unreadable_policy_is_refused(document: str) -> None:
    """What is no policy never becomes one that allows."""
    with pytest.raises(UnreadablePolicy):
        parse_policy("p", document)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards_agree_with_the_shell_s(pattern: str, text: str) -> None:
    """`*` and `?` mean what they mean in file names."""
    assert matches_wildcard(pattern, text) == fnmatch.fnmatchcase(text, pattern)


def test_a_hostile_pattern_takes_no_time() -> None:
    """Many stars on a long text are judged at once, not in exponential time."""
    began = time.perf_counter()
    assert not matches_wildcard("*a" * 40 + "b", "a" * 5000)
    assert time.perf_counter() - began < 5
