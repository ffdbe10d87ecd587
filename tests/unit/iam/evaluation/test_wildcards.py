"""Wildcards: what they match, and that no pattern takes long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.iam.evaluation.wildcards import Literal, joined, wildcard


def _plainly(pattern: str, text: str) -> bool:
    """Say what IAM's guide says, with no thought for time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_plainly(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and _plainly(pattern[1:], text[1:])


def _spelled(text: str) -> str:
    """Return the text with letters for its stars and question marks."""
    return text.replace("*", "S").replace("?", "Q")


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=9))
def test_wildcards_agree_with_their_description(pattern: str, text: str) -> None:
    """`*` is any text, also none; `?` is exactly one character."""
    assert wildcard(pattern)(text) == _plainly(pattern, text)


@given(
    st.lists(st.tuples(st.booleans(), st.text("a*?", max_size=3)), max_size=4),
    st.text("a*?", max_size=8),
)
def test_literal_text_has_no_wildcards(parts: list[tuple[bool, str]], text: str) -> None:
    """What is put in a variable's place matches itself alone."""
    made = joined([Literal(part) if is_literal else part for is_literal, part in parts])
    pattern = "".join(_spelled(part) if is_literal else part for is_literal, part in parts)
    assert made(text) == _plainly(pattern, _spelled(text))


@pytest.mark.parametrize("pattern", ["*a" * 25 + "b", "a*" * 25 + "b", "*" + "a?" * 25 + "b*"])
def test_a_hostile_pattern_ends(pattern: str) -> None:
    """25 stars against 100,000 characters: tried out one by one, this test would never end."""
    assert not wildcard(pattern)("a" * 100_000)
