"""The time of a scan grows with the text, whatever the text is: shown without a clock.

Two things take time. What the program does is counted: twice the text is twice the calls. What
`re` does within a call can't be counted, so each pattern is looked at itself: from each place in
a text it goes on for no more than so many steps, whatever stands there.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawn.secrets
from spawn.secrets.configuration import PLACES
from spawn.secrets.scan import scan_text
from spawn.secrets.shapes import SHAPES

# In how many ways a pattern may try to match from one place; possessive repetition has one.
MOST_WAYS = 2_000
PIECES = (
    *("a", "A", "sk-", "eyJ-", "password=", "http://", "_key", "a.key:", "-", " ", "AKIA", "\n"),
    *("a:b:c:d:", "--password ", "mysql -p", "'", '"', "\\", "$(", "<<<", "<<EOF\n", "echo x|"),
    *("://a:", "/", "IDENTIFIED BY ", "alter user password ", "_auth=", "A1b2", "\\\n", "{", "}"),
    *("aGVsbG8gd29ybGQ=", "chpasswd:\n  list:\n", "machine login password ", "?sig=A", 'send "'),
    *("ConvertTo-SecureString ", "x" * 13 + " ", "sudo -S <<< ", "${A:-", "<password>", "(("),
    *("printf '%s:%s' ", "password: a ", '"a","b",', "-----BEGIN PRIVATE KEY-----", "M" * 24 + "."),
)


def calls_of(text: str) -> int:
    """How many functions, Python's and C's, a scan of the text calls."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        scan_text(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_text_is_twice_the_work(piece: str) -> None:
    """Nothing is gone over again for each of what is found."""
    short, long = (calls_of((piece * size)[:size]) for size in (2_000, 4_000))
    assert long <= 2.3 * short + 200


@settings(max_examples=25)
@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=6))
def test_mixed_pieces_are_no_more_work(pieces: list[str]) -> None:
    """What is harmless alone does no harm together."""
    # Long enough for what is looked at only from some length on: a key's body, for one.
    text = ("".join(pieces) * 400)[:4_000]
    assert calls_of(text + text) <= 2.3 * calls_of(text) + 400


def patterns() -> dict[str, re.Pattern[str]]:
    """Every pattern that the scanner has, by where it is."""
    found = {f"shape {shape.kind}": shape.pattern for shape in SHAPES}
    found |= {f"place {number}": place.pattern for number, place in enumerate(PLACES)}
    for module in pkgutil.iter_modules(spawn.secrets.__path__, "spawn.secrets."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                found[f"{module.name}.{name}"] = value
    return found


def ways(items: Any) -> int:
    """In how many ways a parsed pattern can go on from one place, at the most."""
    total = 1
    for kind, argument in items:
        total *= _ways_of(kind, argument)
    return total


def _ways_of(kind: Any, argument: Any) -> int:
    match kind:
        case op.POSSESSIVE_REPEAT | op.ATOMIC_GROUP:
            inner = argument[2] if kind is op.POSSESSIVE_REPEAT else argument
            assert ways(inner) <= MOST_WAYS
            return 1
        case op.MAX_REPEAT | op.MIN_REPEAT:
            least, most, inner = argument
            assert most is not op.MAXREPEAT, "without a bound"
            variants = ways(inner)
            assert variants == 1 or most <= 3, "choices in a repetition"
            bound = int(most)
            return (bound - int(least) + 1) * int(variants**bound)
        case op.SUBPATTERN:
            return ways(argument[3])
        case op.BRANCH:
            return sum(ways(branch) for branch in argument[1])
        case op.ASSERT | op.ASSERT_NOT:
            assert ways(argument[1]) <= MOST_WAYS
            return 1
        case _:
            return 1


@pytest.mark.parametrize("name", sorted(patterns()))
def test_patterns_are_bounded(name: str) -> None:
    """No pattern repeats without a bound and gives back, nor chooses within a repetition."""
    pattern = patterns()[name]
    try:
        assert ways(_parser.parse(pattern.pattern, pattern.flags)) <= MOST_WAYS
    except AssertionError as error:
        pytest.fail(f"{name}: {error}: {pattern.pattern}")


def _hostile() -> Iterator[str]:
    yield r"(?:a+)+b"
    yield r"\w*\d"
    yield r"(?:a|ab){0,40}c"


@pytest.mark.parametrize("pattern", list(_hostile()))
def test_what_is_not_bounded_is_seen(pattern: str) -> None:
    """The look at patterns knows those that hang."""
    with pytest.raises(AssertionError):
        assert ways(_parser.parse(pattern)) <= MOST_WAYS
