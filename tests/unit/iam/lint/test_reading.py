"""Broken documents: each is a finding at its place, and nothing else happens."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spawn.iam.lint import Source, lint, mend
from spawn.iam.lint.linting import MOST_FINDINGS
from tests.unit.iam.lint.documents import allow, findings

MEMBERS = ("Version", "Statement", "Effect", "Action", "Resource", "Principal", "Condition", "Sid")
WORDS = ("Allow", "2012-10-17", "*", "s3:GetObject", "arn:aws:s3:::b/*", "${aws:username", "AWS")


@pytest.mark.parametrize(
    ("content", "rule", "place"),
    [
        (b"", "empty-document", (1, 1)),
        (b"\xef\xbb\xbf", "empty-document", (1, 2)),
        (b'{"a":\n "\xe9"}', "not-utf8", (2, 3)),
        ("{}".encode("utf-16"), "not-utf8", (1, 1)),
        (b" " * 10_000_000, "too-large", (1, 1)),
        (b"[" * 500_000, "too-deep", (1, 33)),
        (b'{"a":' * 100_000, "too-deep", (1, 161)),
        (b"\x00", "not-json", (1, 1)),
        (b'{"a\x00": 1}', "not-json", (1, 2)),
        (b'{"a": "b\nc"}', "not-json", (1, 7)),
        (b'{"a": "b', "not-json", (1, 7)),
        (b'{"a": "\\x"}', "not-json", (1, 7)),
        (b'{"a": True}', "not-json", (1, 7)),
        (b'{"a": NaN}', "not-json", (1, 7)),
        (b'{"a": 01}', "not-json", (1, 7)),
        (b"{ // why\n}", "not-json", (1, 3)),
        (b"{a: 1}", "not-json", (1, 2)),
        (b'{"a" 1}', "not-json", (1, 6)),
        (b'{"a":', "not-json", (1, 6)),
        (b'{"a": 1', "not-json", (1, 8)),
        (b'{"a": 1]', "not-json", (1, 8)),
        (b"[1,,2]", "not-json", (1, 4)),
        (b"{}\r\n{}", "not-json", (2, 1)),
        (b"[]", "wrong-type", (1, 1)),
        (b'"Statement"', "wrong-type", (1, 1)),
        (b'{"Statement": [1, "a", [[]]]}', "wrong-type", (1, 16)),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_broken(content: bytes, rule: str, place: tuple[int, int]) -> None:
    """What is no JSON, or no policy, is told with line and column."""
    found = [each for each in findings(content) if each.rule == rule]
    assert found
    assert (found[0].place.line, found[0].place.column) == place


def test_what_can_be_read_over_hides_nothing() -> None:
    """Behind a comma too many, and one too few, the rest is judged all the same."""
    text = '{"Version": "2012-10-17" "Statement": [{"Effect": "Allow", "Action": "*",}],}'
    found = [each.rule for each in findings(text)]
    assert found.count("trailing-comma") == 2
    assert {"missing-comma", "missing-resource", "every-action"} <= set(found)


def test_a_policy_that_is_wrong_all_over_is_cut_short() -> None:
    """Thousands of findings are told as some hundreds, and that there are more."""
    actions = json.dumps([f"s3:Frobnicate{n}" for n in range(2_000)])
    found = findings(allow(actions))
    assert len(found) == MOST_FINDINGS + 1
    assert found[-1].rule == "not-examined"


def _never_fails(content: bytes) -> None:
    text = content.decode(errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    source = Source(name="p.json")
    for finding in lint(content, source).findings:
        place = finding.place
        assert 1 <= place.line <= len(lines)
        assert 1 <= place.column <= len(lines[place.line - 1]) + 2  # a break may be two characters
    mend(content, source)


@given(st.binary(max_size=200))
@example(b'{"Statement": [{"Condition": {"StringLike": {"aws:x": [')
def test_any_bytes_are_read(content: bytes) -> None:
    """Whatever the bytes are, what is found has a place in the text."""
    _never_fails(content)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)


@given(_VALUES, st.booleans())
def test_any_json_is_read(value: object, ascii_only: bool) -> None:
    """Whatever JSON says, and in whatever shape, it is judged or refused, never raised at."""
    _never_fails(json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass"))
    statements = json.dumps({"Version": "2012-10-17", "Statement": value})
    _never_fails(statements.encode())


@given(st.text(alphabet='{}[]:,"\\ \nntrue1-.eu0', max_size=60))
def test_json_is_taken_where_python_takes_it(text: str) -> None:
    """The reader and Python's agree on what is JSON, but for what is read over with a finding."""
    try:
        json.loads(text, parse_constant=_refuse)
        is_json = True
    except ValueError:
        is_json = False
    found = {each.rule for each in findings(text)}
    refused = {"not-json", "trailing-comma", "missing-comma", "empty-document", "too-deep"}
    assert is_json == (not found & refused)


def _refuse(name: str) -> object:
    raise ValueError(name)
