"""`*` and `?` in linear time: a text between stars is searched once, leftmost, and never again.

The leftmost place leaves the most room for what follows, so that no search has to be taken back:
the time grows with the text, whatever the pattern.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Final

Matcher = Callable[[str], bool]

_STARS = re.compile(r"\*+")


class Literal(str):
    """Text in which `*` and `?` are characters like any other."""

    __slots__ = ()


def everything(_: str) -> bool:
    """Match any text."""
    return True


@functools.lru_cache(maxsize=2048)
def wildcard(pattern: str) -> Matcher:
    """Return what matches whole texts: `*` is any text, also none, `?` is one character."""
    return joined((pattern,))


def joined(parts: Iterable[str]) -> Matcher:
    """Return what matches the parts one after the other; wildcards count outside of `Literal`."""
    parts = tuple(parts)
    if not any(isinstance(part, Literal) for part in parts):
        text = "".join(parts)
        head, star, tail = text.partition("*")
        if star and "?" not in text and "*" not in tail:  # as nearly all patterns are
            return _between(head, tail)
    segments = _segments(parts)
    if len(segments) == 1:
        return segments[0].is_all_of
    first, *middle, last = segments
    middle = [segment for segment in middle if segment.length]
    if middle or first.holes or last.holes:
        return _Glob(first, tuple(middle), last).matches
    return _between(first.text, last.text)


def _between(head: str, tail: str) -> Matcher:
    if not head and not tail:
        return everything
    length = len(head) + len(tail)
    if not tail:
        return lambda text: text.startswith(head)
    return lambda text: len(text) >= length and text.startswith(head) and text.endswith(tail)


class _Segment:
    """What stands between two stars. `holes` are the places of its `?`."""

    __slots__ = ("_anything", "_masks", "_pieces", "holes", "length", "text")

    def __init__(self, text: str, holes: tuple[int, ...]) -> None:
        self.text: Final = text
        self.holes: Final = holes
        self.length: Final = len(text)
        self._pieces = tuple(_pieces(text, holes))
        self._anything = sum(1 << hole for hole in holes)
        self._masks: dict[str, int] = {}
        if holes:
            gaps = set(holes)
            for at, character in enumerate(text):
                if at not in gaps:
                    known = self._masks.get(character, self._anything)
                    self._masks[character] = known | 1 << at

    def is_all_of(self, text: str) -> bool:
        """Say whether this is the whole text."""
        return len(text) == self.length and self.is_at(text, 0)

    def is_at(self, text: str, at: int) -> bool:
        """Say whether the text goes on like this at a place; it must be long enough."""
        return all(text.startswith(piece, at + offset) for offset, piece in self._pieces)

    def find(self, text: str, start: int, end: int) -> int:
        """Return the leftmost place between two others, -1 where there is none."""
        if not self.holes:
            return text.find(self.text, start, end)
        # Bit n says that the last n + 1 characters are the segment's first ones: all places are
        # tried at once, each character is looked at once (Baeza-Yates and Gonnet, 1992).
        state, complete = 0, 1 << self.length - 1
        for at in range(start, end):
            state = (state << 1 | 1) & self._masks.get(text[at], self._anything)
            if state & complete:
                return at - self.length + 1
        return -1


class _Glob:
    """Segments with a star between any two."""

    __slots__ = ("_first", "_last", "_least", "_middle")

    def __init__(self, first: _Segment, middle: tuple[_Segment, ...], last: _Segment) -> None:
        self._first, self._middle, self._last = first, middle, last
        self._least = sum(each.length for each in (first, *middle, last))

    def matches(self, text: str) -> bool:
        """Say whether the whole text is so."""
        end = len(text) - self._last.length
        if len(text) < self._least:
            return False
        if not (self._first.is_at(text, 0) and self._last.is_at(text, end)):
            return False
        at = self._first.length
        for segment in self._middle:
            found = segment.find(text, at, end)
            if found < 0:
                return False
            at = found + segment.length
        return True


def _pieces(text: str, holes: tuple[int, ...]) -> Iterable[tuple[int, str]]:
    """Yield what stands between the holes, with its place."""
    start = 0
    for hole in (*holes, len(text)):
        if hole > start:
            yield start, text[start:hole]
        start = hole + 1


def _segments(parts: Iterable[str]) -> list[_Segment]:
    texts: list[list[str]] = [[]]
    for part in parts:
        between = [part] if isinstance(part, Literal) else _STARS.split(part)
        texts[-1].append(_kept(part, between[0]))
        texts.extend([text] for text in between[1:])
    return [_segment(pieces) for pieces in texts]


def _kept(part: str, text: str) -> str:
    return Literal(text) if isinstance(part, Literal) else text


def _segment(pieces: list[str]) -> _Segment:
    holes, length = [], 0
    for piece in pieces:
        if not isinstance(piece, Literal):
            holes += [length + at for at, character in enumerate(piece) if character == "?"]
        length += len(piece)
    return _Segment("".join(pieces), tuple(holes))
