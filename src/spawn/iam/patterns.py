"""Patterns with `*` and `?` compared with each other: is one within the other, do they meet?

What IAM's wildcards mean is one text at a time the evaluator's matter; here it is all texts at
once. Policy variables such as `${aws:username}` are unknown text: only `*` and the same variable
are sure to take in what one turns out to be.

    covers("a/*", "a/b?")       every text that the second takes, the first takes as well
    meets("a/*", "*/b")         at least one text is taken by both

A pattern is an automaton whose states are the places in it: which of them a text can have reached
is one number, a bit a place. For `covers` only one kind of text need be tried: where the narrower
pattern leaves a character open, one that stands in neither pattern is hardest for the wider one,
and so each `*` is tried as any number of those.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

_TOKEN = re.compile(r"\$\{[^}]*\}|.", re.DOTALL)
_OPEN = re.compile(r"[*?]|\$\{")
# IAM user guide, "Policy variables": how the three special characters are written as themselves.
_ESCAPES = {"${*}": "\0*", "${?}": "\0?", "${$}": "$"}
_STAR, _ONE = "*", "?"
# A character that stands in no pattern, and a variable's value of unknown length.
_FRESH, _UNKNOWN = "\0fresh", "${"
# More sets of places than this come of no pattern that a person writes: "not shown to cover".
_MOST_SETS = 500


@functools.lru_cache(maxsize=100_000)
def covers(wider: str, narrower: str) -> bool:
    """Say whether every text that `narrower` takes is taken by `wider`.

    A pattern that is made to be hard is answered with False: not shown to be covered.
    """
    if wider in {narrower, _STAR}:
        return True
    pattern = _tokens(wider)
    reached = {_closed(pattern, 1)}
    for token in _tokens(narrower):
        if token == _STAR:
            reached = {each for places in reached for each in _repeated(pattern, places)}
        else:
            symbol = _FRESH if token == _ONE else token
            reached = {_step(pattern, places, symbol) for places in reached}
        reached = _smallest(reached)
        if 0 in reached or len(reached) > _MOST_SETS:
            return False
    return all(places >> len(pattern) & 1 for places in reached)


@functools.lru_cache(maxsize=100_000)
def meets(one: str, other: str) -> bool:
    """Say whether some text is taken by both; with variables, whether it may be."""
    if one == other or _STAR in {one, other}:
        return True
    if not _OPEN.search(one) and not _OPEN.search(other):
        return False
    left, right = _tokens(one), _tokens(other)
    # A row for each place in `left`: the places in `right` that a common text can have reached.
    places = _loose(right, 1)
    for token in left:
        if token == _STAR or token.startswith(_UNKNOWN):
            lowest = places & -places
            places = _loose(right, -lowest & (1 << len(right) + 1) - 1)
        else:
            places = _loose(right, _common_step(right, places, token))
    return bool(places >> len(right) & 1)


def _tokens(pattern: str) -> tuple[str, ...]:
    """Return characters, wildcards and variables; runs of wildcards in one order, with one star."""
    found = [_ESCAPES.get(token, token) for token in _TOKEN.findall(pattern)]
    ordered: list[str] = []
    for token in found:
        if token == _STAR and ordered[-1:] == [_STAR]:
            continue
        if token == _ONE and ordered[-1:] == [_STAR]:
            ordered.insert(-1, token)
        else:
            ordered.append(token)
    return tuple(ordered)


def _closed(pattern: tuple[str, ...], places: int) -> int:
    """Add the places that need no further character: those behind a star."""
    for index, token in enumerate(pattern):
        if token == _STAR and places >> index & 1:
            places |= 1 << index + 1
    return places


def _step(pattern: tuple[str, ...], places: int, symbol: str) -> int:
    """Return the places after one more symbol."""
    after = 0
    for index, token in enumerate(pattern):
        if not places >> index & 1:
            continue
        if token == _STAR:
            after |= 1 << index
        elif token == symbol or (token == _ONE and not symbol.startswith(_UNKNOWN)):
            after |= 1 << index + 1
    return _closed(pattern, after)


def _repeated(pattern: tuple[str, ...], places: int) -> Iterable[int]:
    """Return what is reached after no, one, two … fresh characters, until nothing changes."""
    seen = {places}
    while True:
        yield places
        places = _step(pattern, places, _FRESH)
        if places in seen:
            return
        seen.add(places)


def _smallest(sets: set[int]) -> set[int]:
    """Keep the sets that hold no other: whoever gets through from those, does from all."""
    kept: list[int] = []
    for places in sorted(sets, key=int.bit_count):
        if not any(other & places == other for other in kept):
            kept.append(places)
    return set(kept)


def _loose(pattern: tuple[str, ...], places: int) -> int:
    """Add the places behind stars and variables: either may stand for no text."""
    for index, token in enumerate(pattern):
        if places >> index & 1 and (token == _STAR or token.startswith(_UNKNOWN)):
            places |= 1 << index + 1
    return places


def _common_step(pattern: tuple[str, ...], places: int, symbol: str) -> int:
    """Return the places after a symbol that may be open in either pattern."""
    after = 0
    for index, token in enumerate(pattern):
        if not places >> index & 1:
            continue
        if token == _STAR or token.startswith(_UNKNOWN):
            after |= 1 << index
        elif _ONE in (token, symbol) or token == symbol:
            after |= 1 << index + 1
    return after
