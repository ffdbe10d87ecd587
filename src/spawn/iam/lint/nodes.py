"""JSON with its places: each value and each key knows where in the text it stands.

Offsets count characters from 0; `end` is the one behind the last.
"""

from __future__ import annotations

import msgspec


class Text(msgspec.Struct, frozen=True, gc=False):
    """A string. `value` is what it says; a number or boolean that IAM takes as one, as written."""

    start: int
    end: int
    value: str
    is_quoted: bool = True


class Literal(msgspec.Struct, frozen=True, gc=False):
    """A number, true, false or null, as it is written."""

    start: int
    end: int
    value: str


class Array(msgspec.Struct, frozen=True, gc=False):
    """A list."""

    start: int
    end: int
    items: tuple[Node, ...]


class Member(msgspec.Struct, frozen=True, gc=False):
    """A key of an object, and its value."""

    key: Text
    value: Node


class Object(msgspec.Struct, frozen=True, gc=False):
    """An object. A key that is written twice stands here twice."""

    start: int
    end: int
    members: tuple[Member, ...]


Node = Text | Literal | Array | Object


def words(node: Node) -> str:
    """Say what kind of value it is."""
    match node:
        case Text():
            return "a text"
        case Literal(value="null"):
            return "null"
        case Literal():
            return "a number" if node.value[0] in "-0123456789" else "true or false"
        case Array():
            return "a list"
        case Object():
            return "an object"
