"""Policies read as JSON, strictly, every value with its place.

The standard library's reader tells no places, so here is one: a token at a time by one
expression, in linear time, and no deeper than `MOST_DEPTH`. What can be read over (a trailing or
missing comma) is a finding with an edit; anything else that is not JSON ends the reading.
Source: RFC 8259.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final, NoReturn

import msgspec

from spawn.core.errors import InputError
from spawn.iam.lint.finding import Edit, Spot
from spawn.iam.lint.nodes import Array, Literal, Member, Node, Object, Text

# A policy is six deep at the most: statement, condition, operator, key, values.
MOST_DEPTH: Final = 32
# The largest policy of all is a KMS key's, of 32 KiB without its whitespace.
MOST_BYTES: Final = 1024 * 1024

_BOM = "\ufeff"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![0-9A-Za-z.+-])"
_TOKEN = re.compile(
    rf"[ \t\r\n]*+(?:(?P<mark>[\[\]{{}},:])|(?P<text>{_STRING})"
    rf"|(?P<literal>(?:true|false|null)\b|{_NUMBER})|(?P<end>\Z))"
)
# Most of a policy is lists of plain texts, which are read at one go.
_PLAIN = r'"[^"\\\x00-\x1f]*+"'
_PLAIN_TEXT = re.compile(_PLAIN)
_PLAIN_LIST = re.compile(
    rf"\[[ \t\r\n]*+{_PLAIN}(?:[ \t\r\n]*+,[ \t\r\n]*+{_PLAIN})*+[ \t\r\n]*+\]"
)
_GAP = re.compile(r"[ \t\r\n]*+")
_WORD = re.compile(r"[A-Za-z_][\w.-]{0,40}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
# IAM API Reference, the pattern of PolicyDocument.
_NOT_IAMS = re.compile("[^\t\n\r\x20-\xff]")
_MEANT = {"True": "true", "False": "false", "None": "null", "undefined": "null"}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A text that was read. `root` is None where it could not be; `spots` says what is wrong.

    `characters` are those that AWS counts: all but whitespace between values.
    """

    text: str
    root: Node | None
    characters: int = 0
    spots: tuple[Spot, ...]


class _Unreadable(InputError):
    """Ends the reading; it does not leave this module."""

    def __init__(self, spot: Spot) -> None:
        super().__init__(spot.message)
        self.spot = spot


def read(content: bytes) -> Reading:
    """Read a document; nothing is raised, whatever the bytes are."""
    if len(content) > MOST_BYTES:
        message = f"the text has more than {MOST_BYTES:,} bytes; policies have a few thousand"
        return _refused("too-large", message)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(content, error.start)
    reader = _Reader(text)
    root: Node | None = None
    try:
        root = reader.document()
    except _Unreadable as stop:
        reader.spots.append(stop.spot)
    return Reading(text=text, root=root, characters=reader.characters, spots=tuple(reader.spots))


def _refused(rule: str, message: str, *, text: str = "") -> Reading:
    return Reading(text=text, root=None, spots=(Spot(rule=rule, at=len(text), message=message),))


def _not_utf8(content: bytes, place: int) -> Reading:
    """Say where the first byte is that is no UTF-8; the text ends before it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _refused("not-utf8", "the text is UTF-16, as some editors and shells write it")
    message = f"the byte 0x{content[place]:02x} is not UTF-8"
    return _refused("not-utf8", message, text=content[:place].decode("utf-8"))


class _Reader:
    """Where the reading is: the token at hand is `_kind`, from `_start` to `_end`.

    `_behind` is where the one before it ended.
    """

    def __init__(self, text: str) -> None:
        self.spots: list[Spot] = []
        self.characters = 0
        self._text = text
        self._kind = ""
        self._start = self._end = self._behind = 0

    def document(self) -> Node:
        """Return the one value that the text is."""
        text = self._text
        if text.startswith(_BOM):
            edit = (Edit(0, 1, ""),)
            message = "the text starts with a byte-order mark, which AWS takes for a character"
            self.spots.append(Spot(rule="byte-order-mark", at=0, message=message, edits=edit))
            self._end = 1
        self._advance()
        if self._kind == "end":
            self._stop("there is nothing in it", rule="empty-document")
        root = self._value(1)
        if self._kind != "end":
            self._stop("there is more text behind the end of the policy")
        self.spots.extend(_foreign_characters(text))
        return root

    def _advance(self) -> None:
        text, behind = self._text, self._end
        match = _TOKEN.match(text, behind)
        if match is None or match.lastindex is None:
            self._start = _GAP.match(text, behind).end()  # type: ignore[union-attr]
            self._stop(_why_no_token(text, self._start))
        start, end = match.span(match.lastindex)
        kind = str(match.lastgroup)
        self._kind = text[start] if kind == "mark" else kind
        self._behind, self._start, self._end = behind, start, end
        self.characters += end - start

    def _stop(self, message: str, *, rule: str = "not-json") -> NoReturn:
        raise _Unreadable(Spot(rule=rule, at=self._start, message=message))

    def _value(self, depth: int) -> Node:
        if depth > MOST_DEPTH:
            message = f"values lie more than {MOST_DEPTH} deep in one another"
            self._stop(message, rule="too-deep")
        start, end = self._start, self._end
        match self._kind:
            case "text":
                return self._string()
            case "literal":
                self._advance()
                return Literal(start, end, self._text[start:end])
            case "[":
                return self._plain_list() or self._list(depth)
            case "{":
                return self._object(depth)
            case "end":
                self._stop("the text ends where a value is due")
            case _:
                self._stop(f"{self._kind!r} stands where a value is due")
        raise AssertionError  # _stop raises

    def _plain_list(self) -> Array | None:
        """Read a list of texts without escapes; None where it is another list."""
        text, start = self._text, self._start
        match = _PLAIN_LIST.match(text, start)
        if match is None:
            return None
        spans = [each.span() for each in _PLAIN_TEXT.finditer(text, start, match.end())]
        items = tuple(Text(first, last, text[first + 1 : last - 1]) for first, last in spans)
        # A comma for each text but the last, and the bracket that closes the list.
        self.characters += len(items) + sum(last - first for first, last in spans)
        self._end = match.end()
        self._advance()
        return Array(start, match.end(), items)

    def _list(self, depth: int) -> Array:
        start, items = self._start, list[Node]()
        end = self._series("]", lambda: items.append(self._value(depth + 1)))
        return Array(start, end, tuple(items))

    def _object(self, depth: int) -> Object:
        start, members = self._start, list[Member]()
        end = self._series("}", lambda: members.append(self._member(depth)))
        seen = dict[str, Text]()
        for member in members:
            if seen.setdefault(member.key.value, member.key) is not member.key:
                message = f"{member.key.value!r} is given twice in one object"
                self.spots.append(
                    Spot(rule="duplicate-member", at=member.key.start, message=message)
                )
        return Object(start, end, tuple(members))

    def _member(self, depth: int) -> Member:
        if self._kind != "text":
            self._stop(f"{self._shown()} stands where a name in double quotes is due")
        key = self._string()
        if self._kind != ":":
            self._stop(f"a colon is due behind {key.value!r}")
        self._advance()
        return Member(key, self._value(depth + 1))

    def _series(self, close: str, take: Callable[[], None]) -> int:
        """Read what stands between brackets with commas between; return where it ends."""
        self._advance()
        while self._kind != close:
            take()
            if self._kind == ",":
                comma = Edit(self._start, self._end, "")
                self._advance()
                if self._kind == close:
                    self._trailing(comma, close)
            elif self._kind in {"text", "literal", "{", "["}:
                place = self._behind
                spot = Spot(
                    rule="missing-comma",
                    at=place - 1,
                    message="a comma is due behind this",
                    edits=(Edit(place, place, ","),),
                )
                self.spots.append(spot)
            elif self._kind != close:
                self._stop(f"{self._shown()} stands where a comma or {close!r} is due")
        end = self._end
        self._advance()
        return end

    def _trailing(self, comma: Edit, close: str) -> None:
        message = f"a comma stands before {close!r}"
        spot = Spot(rule="trailing-comma", at=comma.start, message=message, edits=(comma,))
        self.spots.append(spot)

    def _string(self) -> Text:
        start, end = self._start, self._end
        written = self._text[start + 1 : end - 1]
        if "\\" in written:
            written = str(json.loads(self._text[start:end]))
            if _SURROGATE.search(written):
                message = "half of a surrogate pair is no character"
                self.spots.append(Spot(rule="lone-surrogate", at=start, message=message))
        self._advance()
        return Text(start, end, written)

    def _shown(self) -> str:
        return "the end of the text" if self._kind == "end" else f"{self._text[self._start]!r}"


def _foreign_characters(text: str) -> list[Spot]:
    """Return one spot for all characters that IAM takes as escapes only; they lie in strings."""
    found = list(_NOT_IAMS.finditer(text, text.startswith(_BOM)))
    if not found:
        return []
    edits = tuple(Edit(each.start(), each.end(), json.dumps(each[0])[1:-1]) for each in found)
    message = f"IAM refuses the character U+{ord(found[0][0]):04X} unless it is escaped"
    return [Spot(rule="character-to-escape", at=found[0].start(), message=message, edits=edits)]


def _why_no_token(text: str, place: int) -> str:
    """Say what is wrong with a text from a place on, where no token begins."""
    character = text[place]
    word = _WORD.match(text, place)
    if character == '"':
        return _why_no_string(text, place)
    if character == "'":
        return "JSON takes texts in double quotes only"
    if character in "/#":
        return "JSON has no comments"
    if word is not None:
        meant = _MEANT.get(word[0])
        return f"{word[0]!r} is not JSON" + (f": write {meant}" if meant else "")
    if character in "-+.0123456789":
        return "this is not a number as JSON writes them"
    return f"the character U+{ord(character):04X} has no place here"


def _why_no_string(text: str, place: int) -> str:
    string = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*+')
    end = string.match(text, place).end()  # type: ignore[union-attr]
    if end == len(text):
        return "this text has no closing quote"
    if text[end] == "\\":
        return f"{text[end : end + 2]!r} is no escape of JSON's"
    if text[end] in "\r\n":
        return "this text has no closing quote on its line"
    return f"a text holds U+{ord(text[end]):04X}: write it as an escape"
