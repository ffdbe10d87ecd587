"""Patterns compared with each other say the same as all texts tried one by one."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spawn.iam.evaluation.wildcards import wildcard
from spawn.iam.patterns import covers, meets

# Two letters that patterns are made of, and one that none of them has.
TEXTS = tuple("".join(each) for n in range(8) for each in itertools.product("ab-", repeat=n))
patterns = st.text(alphabet="ab*?", max_size=5)


def taken(pattern: str) -> set[str]:
    """Return those of the texts that the pattern takes."""
    matches = wildcard(pattern)
    return {text for text in TEXTS if matches(text)}


@given(patterns, patterns)
@example("*?", "?*")
@example("?*", "*a")
@example("a?*", "a*")
@example("*a*b*", "a*ab")
def test_covering_is_that_of_the_texts(wider: str, narrower: str) -> None:
    """One pattern covers another just when it takes every text that the other takes."""
    assert covers(wider, narrower) == (taken(narrower) <= taken(wider))


@given(patterns, patterns)
def test_meeting_is_that_of_the_texts(one: str, other: str) -> None:
    """Two patterns meet just when there is a text that both take."""
    # Of two patterns of five, the shortest common text has ten characters at the most: of those
    # with more than seven, both have a star.
    common = bool(taken(one) & taken(other))
    assert common <= meets(one, other)
    assert meets(one, other) == common or ("*" in one and "*" in other)
    assert meets(one, other) == meets(other, one)


@pytest.mark.parametrize(
    ("wider", "narrower", "expected"),
    [
        ("home/*", "home/${aws:username}/*", True),
        ("home/${aws:username}/*", "home/${aws:username}/a", True),
        ("home/${aws:username}/*", "home/ada/*", False),
        ("home/ada/*", "home/${aws:username}/*", False),
        ("home/????", "home/${aws:username}", False),
        ("a${*}", "a*", False),
        ("a*", "a${*}", True),
        ("a${$}", "a$", True),
    ],
)
def test_variables_are_unknown_text(wider: str, narrower: str, expected: bool) -> None:
    """Only a star, or the same variable, is sure to take in what a variable becomes."""
    assert covers(wider, narrower) is expected


def test_variables_may_be_anything() -> None:
    """Whether a variable's text meets a pattern can't be ruled out."""
    assert meets("home/${aws:username}/*", "home/ada/x")
    assert not meets("home/${aws:username}/*", "away/ada/x")


def test_hard_patterns_end() -> None:
    """Patterns with many stars and open characters are answered, at worst with "not shown"."""
    stars = "*a?" * 40
    assert not covers(stars + "b", stars)
    assert covers(stars, stars + "x?") in {True, False}
    assert meets(stars, "*b?" * 40 + "a*")
