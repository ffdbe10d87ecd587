"""The kinds of values that settings have, read from TOML and from text, and written again."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

from spawn.core.errors import InputError
from spawn.prices.money import parse_usd

Value = str | int | Decimal | tuple[str, ...] | Mapping[str, str]

_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
# TOML 1.0, "Keys".
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
# Digits: longer numbers are nothing that a launch knows, and reading them costs.
_LONGEST_NUMBER = 20


class Kind(enum.Enum):
    """What a setting's value is; the text says what to write in a TOML file."""

    TEXT = 'a text: "…"'
    PATH = 'the path of a file: "…"'
    CONTENT = 'a text, or "@" and the path of a file'
    TEXTS = 'texts: ["…", "…"]'
    INTEGER = "a whole number: 1"
    AMOUNT = "an amount of US dollars: 0.05"
    BOOLEAN = "true or false"
    PAIRS = 'names with their values: { name = "…" }'


def from_toml(kind: Kind, raw: object, *, place: str) -> Value:
    """Return what a TOML value means, `raw` as tomllib reads it (floats as Decimal).

    Raises InputError, beginning with `place`, where it is not of the kind.
    """
    match kind, raw:
        case ((Kind.TEXT | Kind.PATH | Kind.CONTENT), str()):
            return raw
        case Kind.TEXTS, str() | list():
            return _texts([raw] if isinstance(raw, str) else raw, place=place)
        case Kind.BOOLEAN, bool():
            return raw
        case ((Kind.INTEGER | Kind.AMOUNT), bool()):
            pass
        case Kind.INTEGER, int():
            return raw
        case Kind.AMOUNT, int() | Decimal():
            return _amount(Decimal(raw), place=place)
        case Kind.PAIRS, dict():
            return {name: _paired(name, value, place=place) for name, value in raw.items()}
    raise wrong_kind(kind, place=place)


def from_text(kind: Kind, text: str, *, place: str) -> Value:
    """Return what the text of a flag or an environment variable means. Raises as `from_toml`."""
    match kind:
        case Kind.TEXT | Kind.PATH | Kind.CONTENT:
            return text
        case Kind.TEXTS:
            return _texts([text], place=place)
        case Kind.INTEGER:
            if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
                return int(text)
        case Kind.AMOUNT:
            return parse_usd(text, flag=place)
        case Kind.BOOLEAN:
            if text.casefold() in _TRUE | _FALSE:
                return text.casefold() in _TRUE
        case Kind.PAIRS:
            return pairs_of((text,), place=place)
        case _:
            assert_never(kind)
    raise wrong_kind(kind, place=place, of_text=True)


def as_text(value: Value) -> str:
    """Write a value as `from_text` reads it."""
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return ",".join(value)
        case Mapping():
            return ",".join(f"{name}={one}" for name, one in value.items())
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)


def as_toml(value: Value) -> str:
    """Write a value as one line of TOML 1.0. Raises InputError for text that UTF-8 can't hold."""
    match value:
        case str():
            return _quoted(value)
        case tuple():
            return "[" + ", ".join(map(_quoted, value)) + "]"
        case Mapping():
            pairs = (f"{_key(name)} = {_quoted(one)}" for name, one in value.items())
            return "{ " + ", ".join(pairs) + " }" if value else "{}"
        case _:
            return as_text(value)


def pairs_of(texts: tuple[str, ...], *, place: str) -> dict[str, str]:
    """Read `key=value,key=value`, as flags write it. Raises InputError."""
    pairs: dict[str, str] = {}
    for pair in (pair for text in texts for pair in text.split(",")):
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise InputError(
                f"{place} {pair!r} is not a pair",
                why="write key=value, several with commas between",
            )
        if name.strip() in pairs:
            raise InputError(f"{place} gives {name.strip()!r} twice", why="keep one of them")
        pairs[name.strip()] = value
    return pairs


def wrong_kind(kind: Kind, *, place: str, of_text: bool = False) -> InputError:
    """Return the error that says what to write instead."""
    wanted = {Kind.PAIRS: "key=value,key=value", Kind.INTEGER: "a whole number"}
    return InputError(
        f"{place} is not of its kind",
        why=f"write {wanted.get(kind, kind.value) if of_text else kind.value}",
    )


def _texts(raw: list[object], *, place: str) -> tuple[str, ...]:
    """Return the words; a text may hold several, with commas between, as flags may."""
    if not all(isinstance(text, str) for text in raw):
        raise wrong_kind(Kind.TEXTS, place=place)
    words = (word.strip() for text in raw for word in str(text).split(","))
    return tuple(word for word in words if word)


def _paired(name: str, value: object, *, place: str) -> str:
    """Return a pair's value; a number stands for its digits, as in a hop limit.

    Flags keep pairs apart by commas and their halves by "=": what they can't say is refused.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(f"{place}: the value of {name!r} is no text", why='write "…"')
    if not name or name != name.strip() or "=" in name or "," in f"{name}{value}":
        raise InputError(
            f"{place}: {name!r} can't be used", why="a name is needed, and commas keep pairs apart"
        )
    return str(value)


def _amount(number: Decimal, *, place: str) -> Decimal:
    """Return an amount that can be meant. Others are not written out: digits may be a billion."""
    if not number.is_finite() or not -_LONGEST_NUMBER < number.adjusted() < _LONGEST_NUMBER:
        raise wrong_kind(Kind.AMOUNT, place=place)
    return parse_usd(f"{number:f}", flag=place)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    r"""Write a basic string (TOML 1.0, "String"): controls and DEL as \uXXXX."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError("the value is not UTF-8, and TOML is") from error
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escaped(character) for character in escaped) + '"'


def _escaped(character: str) -> str:
    is_control = ord(character) < 0x20 or ord(character) == 0x7F
    return f"\\u{ord(character):04x}" if is_control else character
