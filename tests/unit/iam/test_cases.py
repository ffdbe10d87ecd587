"""Cases a line: each is judged alone, and a bad one stops no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spawn.iam.cases import answers
from tests.unit.iam.evaluation.requests import (
    ACCOUNT,
    ALLOW_ALL,
    DENY_ALL,
    OBJECT,
    OTHER_ACCOUNT,
    USER,
)

ALL = {"Version": "2012-10-17", "Statement": [ALLOW_ALL]}
NONE: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
NO_DELETE = {"Statement": [{**DENY_ALL, "Action": "s3:Delete*", "Sid": "Keep"}, ALLOW_ALL]}


def _case(**members: Any) -> dict[str, Any]:
    return {
        "id": "c",
        "principal": USER,
        "action": "s3:GetObject",
        "resource": OBJECT,
        "identity": [ALL],
        **members,
    }


def _answered(*lines: bytes | dict[str, Any]) -> list[dict[str, Any]]:
    written = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return [json.loads(answer.text) for answer in answers(written)]


@pytest.mark.parametrize(
    ("members", "decision", "kind"),
    [
        ({}, "allowed", "identity"),
        ({"identity": None}, "implicitDeny", "identity"),
        ({"identity": [NONE]}, "implicitDeny", "identity"),
        ({"boundary": NONE}, "implicitDeny", "boundary"),
        ({"session": NONE}, "implicitDeny", "session"),
        ({"scps": [[ALL], [ALL]]}, "allowed", "identity"),
        ({"scps": [[ALL], []]}, "implicitDeny", "scp"),
        ({"scps": None, "boundary": None, "session": None}, "allowed", "identity"),
        ({"resource_account": OTHER_ACCOUNT}, "implicitDeny", "resource"),
        ({"resource_account": ACCOUNT}, "allowed", "identity"),
        (
            {
                "resource_account": OTHER_ACCOUNT,
                "resource_policy": {"Statement": {**ALLOW_ALL, "Principal": {"AWS": ACCOUNT}}},
            },
            "allowed",
            "identity",
        ),
        ({"identity": [NO_DELETE], "action": "s3:deleteObject"}, "explicitDeny", "identity"),
    ],
)
def test_a_case_brings_all_that_bears_on_it(
    members: dict[str, Any], decision: str, kind: str
) -> None:
    """Each member is a kind of policy, or a fact about the request; null is not there."""
    (answer,) = _answered(_case(**members))
    assert (answer["id"], answer["decision"], answer["by"]["kind"]) == ("c", decision, kind)


def test_an_answer_names_the_statement() -> None:
    """Policy, number and Sid are told; null where no statement decided."""
    denied, silent = _answered(
        _case(identity=[ALL, NO_DELETE], action="s3:DeleteObject"), _case(identity=[])
    )
    assert denied["by"] == {
        "kind": "identity",
        "policy": "identity 2",
        "statement": 1,
        "sid": "Keep",
    }
    assert set(silent["by"].values()) == {"identity", None}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (8, {"NumericEquals": {"k": "8"}}),
        (2.5, {"NumericEquals": {"k": "2.5"}}),
        (True, {"Bool": {"k": "true"}}),
        (["a", "b"], {"ForAllValues:StringEquals": {"k": ["a", "b"]}}),
        ([], {"Null": {"k": "true"}}),
        (None, {"Null": {"k": "true"}}),
    ],
)
def test_values_of_every_type_are_understood(given: Any, wanted: dict[str, Any]) -> None:
    """Numbers, booleans and lists of a context are what conditions compare."""
    document = {"Version": "2012-10-17", "Statement": [{**ALLOW_ALL, "Condition": wanted}]}
    (answer,) = _answered(_case(identity=[document], context={"K": given}))
    assert answer["decision"] == "allowed"


BAD: list[bytes | dict[str, Any]] = [
    b"{",
    b"[]",
    b"[" * 100_000,
    b"\xff\xfe",
    b'"text"',
    {"id": "bad"},
    _case(id="bad", identity=ALL),
    _case(id="bad", identity=[{"Statement": 5}]),
    _case(id="bad", identity=[{"Statement": [{**ALLOW_ALL, "Conditions": {}}]}]),
    _case(id="bad", boundary=7),
    _case(id="bad", scps=[ALL]),
    _case(id="bad", context={"k": {"a": 1}}),
    _case(id="bad", action=None),
]


@pytest.mark.parametrize("line", BAD, ids=lambda line: str(line)[:30])
def test_a_bad_line_is_answered_and_the_next_one_read(line: bytes | dict[str, Any]) -> None:
    """Its id or number comes back with an error, and what follows is judged."""
    bad, good = _answered(line, _case())
    assert bad["error"]
    assert bad["line"] == 1
    assert bad["id"] == ("bad" if isinstance(line, dict) else 1)
    assert "decision" not in bad
    assert good["decision"] == "allowed"


def test_a_repeated_member_of_a_policy_is_an_error() -> None:
    """Which of two statements lists counts would be a guess."""
    twice = b'"identity": [{"Statement": [], "Statement": []}]'
    (answer,) = _answered(b'{"action": "s3:GetObject", "resource": "*", ' + twice + b"}")
    assert "given twice" in answer["error"]
