"""`--fix`: what is mended, what stays, and that mending twice mends no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.iam.lint import Source, mend
from tests.unit.iam.lint.documents import allow, findings, marked, rules, when
from tests.unit.iam.lint.test_rules import CASES, KINDS

FIXABLE = [
    rule
    for rule, (text, _) in CASES.items()
    if any(
        each.is_fixable for each in findings(marked(text)[0], KINDS.get(rule)) if each.rule == rule
    )
]


def mended(text: str) -> str:
    """Return the text with its edits made, and again: the second time nothing may change."""
    source = Source(name="p.json")
    once = mend(text.encode(), source)
    again = mend(once.content, source)
    assert again.content == once.content
    assert again.settled == 0
    return once.content.decode()


@pytest.mark.parametrize("rule", FIXABLE)
def test_a_mended_policy_has_the_finding_no_more(rule: str) -> None:
    """What `--fix` promises to do is done, and makes no error or warning of its own."""
    text, _ = marked(CASES[rule][0])
    before, after = rules(text), rules(mended(text))
    assert rule not in after
    assert after <= before


def test_what_is_mended() -> None:
    """Slips of form and spelling are among what needs no judgement."""
    assert {
        "trailing-comma",
        "missing-comma",
        "byte-order-mark",
        "bad-effect",
        "action-case",
        "missing-version",
        "unknown-version",
        "action-resource-mismatch",
        "literal-wildcard",
        "duplicate-value",
        "redundant-action",
        "operator-case",
        "character-to-escape",
    } <= set(FIXABLE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            allow('["s3:ListBucket"]', '"arn:aws:s3:::b/*"'),
            allow('["s3:ListBucket"]', '["arn:aws:s3:::b/*", "arn:aws:s3:::b"]'),
        ),
        (
            allow('"s3:GetObject"', '[\n    "arn:aws:s3:::a",\n    "arn:aws:s3:::b"\n  ]'),
            allow(
                '"s3:GetObject"',
                '[\n    "arn:aws:s3:::a",\n    "arn:aws:s3:::b",\n    "arn:aws:s3:::a/*",\n'
                '    "arn:aws:s3:::b/*"\n  ]',
            ),
        ),
        (
            allow('["s3:GetObject", "s3:getobject", "s3:GetObject"]', '"arn:aws:s3:::b/*"'),
            allow('["s3:GetObject"]', '"arn:aws:s3:::b/*"'),
        ),
        (
            when('"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/r"}'),
            when('"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r"}'),
        ),
        (
            allow('"s3:GetObject"', '"arn:aws:s3:::b/*"').replace("Resource", "resource"),
            allow('"s3:GetObject"', '"arn:aws:s3:::b/*"'),
        ),
        # StringLike is there already, and a name twice in an object is worse.
        (
            when('"StringEquals": {"aws:userid": "a*"}, "StringLike": {"aws:username": "b"}'),
            when('"StringEquals": {"aws:userid": "a*"}, "StringLike": {"aws:username": "b"}'),
        ),
    ],
)
def test_the_rest_of_the_text_stays(before: str, after: str) -> None:
    """Only what is wrong is changed: layout, order and all other values are as they were."""
    assert mended(before) == after


@pytest.mark.parametrize("rule", CASES)
def test_what_is_right_is_not_touched(rule: str) -> None:
    """A policy without findings comes back byte for byte."""
    text = CASES[rule][1]
    if not findings(text):
        assert mended(text) == text


@given(
    st.lists(st.sampled_from(["s3:GetObject", "S3:getobject", "s3:Get*", "s3:ListBucket", "x"])),
    st.lists(st.sampled_from(["arn:aws:s3:::b", "arn:aws:s3:::b/*", "*", "b"])),
    st.sampled_from([", ", " ", ",\n  ", ",,"]),
)
def test_mending_ends(actions: list[str], resources: list[str], comma: str) -> None:
    """However edits touch one another, in the end none is left that could be made."""
    quoted = [comma.join(f'"{each}"' for each in values) for values in (actions, resources)]
    text = allow(f"[{quoted[0]}]", f"[{quoted[1]}]")
    assert not any(each.is_fixable for each in findings(mended(text)))
