"""JSON in which each value knows its place: Access Analyzer answers with lines and columns."""

from __future__ import annotations

import dataclasses
import re
from json import JSONDecodeError, JSONDecoder
from typing import Any

# IAM's documents are six deep at the most.
_MOST_DEPTH = 64
_TEXTS = JSONDecoder()
_GAP = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


@dataclasses.dataclass(frozen=True)
class Placed:
    """A value, from `start` to before `end`. Lists hold placed values, objects `Member`s."""

    value: Any
    start: int
    end: int

    def member(self, name: str) -> Placed | None:
        """The value of an object's first member of that name; None where there is none."""
        members = self.value if isinstance(self.value, tuple) else ()
        return next((each.value for each in members if each.name == name), None)

    @property
    def items(self) -> list[Placed]:
        """The items of a list; anything else is one by itself, as IAM reads it."""
        return self.value if isinstance(self.value, list) else [self]

    @property
    def is_object(self) -> bool:
        """Whether it has members."""
        return isinstance(self.value, tuple)


@dataclasses.dataclass(frozen=True)
class Member:
    """A member of an object, and where its name begins."""

    name: str
    start: int
    value: Placed


def read(text: str) -> Placed:
    """The whole document. Raises JSONDecodeError, with the place, for what is not JSON."""
    found = _value(text, _skip(text, 0), 0)
    end = _skip(text, found.end)
    if end != len(text):
        raise JSONDecodeError("Extra data", text, end)
    return found


def _skip(text: str, at: int) -> int:
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def _value(text: str, at: int, depth: int) -> Placed:
    if depth > _MOST_DEPTH:
        raise JSONDecodeError("Too deep", text, at)
    match text[at : at + 1]:
        case '"':
            value, end = _TEXTS.raw_decode(text, at)
            return Placed(value, at, end)
        case "[":
            items, end = _list(text, at, depth)
            return Placed(items, at, end)
        case "{":
            members, end = _object(text, at, depth)
            return Placed(members, at, end)
    word = _WORD.match(text, at)
    if word is None:
        raise JSONDecodeError("Expecting value", text, at)
    named: dict[str, bool | None] = {"true": True, "false": False, "null": None}
    return Placed(named[word[0]] if word[0] in named else float(word[0]), at, word.end())


def _list(text: str, at: int, depth: int) -> tuple[list[Placed], int]:
    items: list[Placed] = []
    place = _skip(text, at + 1)
    if text[place : place + 1] == "]":
        return items, place + 1
    while True:
        items.append(_value(text, place, depth + 1))
        place, is_last = _next(text, items[-1].end, "]")
        if is_last:
            return items, place


def _object(text: str, at: int, depth: int) -> tuple[tuple[Member, ...], int]:
    members: list[Member] = []
    place = _skip(text, at + 1)
    if text[place : place + 1] == "}":
        return (), place + 1
    while True:
        if text[place : place + 1] != '"':
            raise JSONDecodeError("Expecting a name in quotes", text, place)
        name, end = _TEXTS.raw_decode(text, place)
        colon = _skip(text, end)
        if text[colon : colon + 1] != ":":
            raise JSONDecodeError("Expecting ':'", text, colon)
        value = _value(text, _skip(text, colon + 1), depth + 1)
        members.append(Member(name, place, value))
        place, is_last = _next(text, value.end, "}")
        if is_last:
            return tuple(members), place


def _next(text: str, at: int, closing: str) -> tuple[int, bool]:
    """Where it goes on behind a comma, or where it ends."""
    place = _skip(text, at)
    mark = text[place : place + 1]
    if mark == closing:
        return place + 1, True
    if mark != ",":
        raise JSONDecodeError(f"Expecting ',' or '{closing}'", text, place)
    return _skip(text, place + 1), False
