"""The little language of `--filter`: `launch_time > 2026-01-27T00:00 and owner = me`.

    filter      = term { "or" term }
    term        = factor { "and" factor }
    factor      = "not" factor | "(" filter ")" | comparison
    comparison  = field operator value
    field       = a field of time or text | "tag:" KEY     (a KEY with spaces in quotes)
    operator    = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~"     ("~" is a glob: web-*)
    value       = a word | a text in quotes
    a time      = 2026-01-27 | 2026-01-27T18:00 | …Z | now | now-2h | now+30m   (UTC if no zone)

`me` stands for the caller where an owner is compared. Keywords are written small.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from spawn.core.durations import parse_duration
from spawn.core.errors import InputError
from spawn.core.instants import parse_instant
from spawn.lifecycle.filters import (
    TAG_PREFIX,
    TEXT_FIELDS,
    TEXT_OPERATORS,
    TIME_FIELDS,
    TIME_OPERATORS,
    All,
    AnyOf,
    Filter,
    FromNow,
    Not,
    Operator,
    TextComparison,
    TimeComparison,
)
from spawn.lifecycle.listed import STATES, BackstopState, Ending

LONGEST_FILTER = 2000
# The parser calls itself for each parenthesis and each "not".
DEEPEST_NESTING = 50
FIELDS = (*TIME_FIELDS, *TEXT_FIELDS)
_KEYWORDS = frozenset({"and", "or", "not"})
# A value of these that there is not would find nothing, without a word why.
_VALUES: dict[str, tuple[str, ...]] = {
    "state": STATES,
    "ending": tuple(Ending),
    "backstop": tuple(BackstopState),
}
_TOKEN = re.compile(
    r"""(?P<operator> != | >= | <= | [=><~] )
      | (?P<paren> [()] )
      | (?P<tag> tag: (?: "[^"]*" | '[^']*' | [^\s()=!<>~"']+ ) )
      | (?P<quoted> "[^"]*" | '[^']*' )
      | (?P<word> [^\s()=!<>~"']+ )""",
    re.VERBOSE,
)
# Within it, any time from now can be computed with.
_FARTHEST = timedelta(days=36_500)
_SPACE = re.compile(r"\s*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class _Token:
    """A piece of the text. `kind` is a group of _TOKEN, or "keyword", "end", "unreadable"."""

    kind: str
    text: str
    position: int


def parse_filter(text: str, *, flag: str = "--filter") -> Filter:
    """Read a filter. Raises InputError with the position of what can't be understood."""
    if len(text) > LONGEST_FILTER:
        raise InputError(f"{flag} is longer than {LONGEST_FILTER} characters")
    return _Parser(_tokens(text), flag).whole()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = _skip_space(text, 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return [*tokens, _Token("unreadable", text[position], position)]
        word = match[0]
        kind = "keyword" if word in _KEYWORDS else str(match.lastgroup)
        tokens.append(_Token(kind, word, position))
        position = _skip_space(text, match.end())
    return [*tokens, _Token("end", "", position)]


def _skip_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


class _Parser:
    """Recursive descent: a method for each rule of the grammar above."""

    def __init__(self, tokens: list[_Token], flag: str) -> None:
        self._tokens = tokens
        self._flag = flag
        self._index = 0
        self._depth = 0

    def whole(self) -> Filter:
        found = self._filter()
        if self._next.kind != "end":
            raise self._error("join comparisons with `and` or `or`")
        return found

    def _filter(self) -> Filter:
        terms = [self._term()]
        while self._takes("or"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def _term(self) -> Filter:
        factors = [self._factor()]
        while self._takes("and"):
            factors.append(self._factor())
        return factors[0] if len(factors) == 1 else All(tuple(factors))

    def _factor(self) -> Filter:
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise self._error(f"it is nested deeper than {DEEPEST_NESTING}")
        found = self._negation_or_group()
        self._depth -= 1
        return found

    def _negation_or_group(self) -> Filter:
        if self._takes("not"):
            return Not(self._factor())
        if not self._takes("("):
            return self._comparison()
        found = self._filter()
        if not self._takes(")"):
            raise self._error("a parenthesis is not closed")
        return found

    def _comparison(self) -> Filter:
        field = self._field()
        if field in TIME_FIELDS:
            operator = self._operator(field, TIME_OPERATORS)
            return TimeComparison(field, operator, self._time())
        operator = self._operator(field, TEXT_OPERATORS)
        return TextComparison(field, operator, self._text(field, operator))

    def _field(self) -> str:
        token = self._next
        if token.kind == "tag":
            self._index += 1
            return TAG_PREFIX + _unquoted(token.text.removeprefix(TAG_PREFIX))
        if token.kind != "word":
            raise self._error(f"write a field here: {', '.join(FIELDS)} or tag:KEY")
        if token.text not in FIELDS:
            raise self._error(f"{token.text!r} is not a field: {_nearest(token.text, FIELDS)}")
        self._index += 1
        return token.text

    def _operator(self, field: str, fitting: Iterable[Operator]) -> Operator:
        token = self._next
        if token.kind != "operator" or Operator(token.text) not in fitting:
            raise self._error(f"after {field} write one of {' '.join(fitting)}")
        self._index += 1
        return Operator(token.text)

    def _text(self, field: str, operator: Operator) -> str:
        text = _unquoted(self._value().text)
        allowed = _VALUES.get(field)
        if allowed is None or operator is Operator.GLOB or text in allowed:
            return text
        self._index -= 1
        raise self._error(f"{field} is never {text!r}: {_nearest(text, allowed)}")

    def _time(self) -> datetime | FromNow:
        text = _unquoted(self._value().text)
        try:
            return _read_time(text)
        except (ValueError, InputError, OverflowError) as error:
            self._index -= 1
            raise self._error(
                f"{text!r} is not a time: write 2026-01-27, 2026-01-27T18:00 or now-2h"
            ) from error

    def _value(self) -> _Token:
        token = self._next
        if token.kind not in {"word", "quoted", "tag"}:
            raise self._error("a value is missing here; spaces and signs in it need quotes")
        self._index += 1
        return token

    @property
    def _next(self) -> _Token:
        return self._tokens[self._index]

    def _takes(self, text: str) -> bool:
        if self._next.kind not in {"keyword", "paren"} or self._next.text != text:
            return False
        self._index += 1
        return True

    def _error(self, why: str) -> InputError:
        token = self._next
        if token.kind == "unreadable":
            why = "a quote is not closed" if token.text in "\"'" else "write != for not equal"
        place = "at its end" if token.kind == "end" else f"at character {token.position + 1}"
        return InputError(f"{self._flag} can't be understood {place}", why=why)


def _nearest(text: str, known: Iterable[str]) -> str:
    names = tuple(known)
    near = difflib.get_close_matches(text, names, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"


def _unquoted(text: str) -> str:
    return text[1:-1] if text[:1] in {'"', "'"} else text


def _read_time(text: str) -> datetime | FromNow:
    if _DAY.fullmatch(text):
        return parse_instant(f"{text}T00:00")
    if text == "now":
        return FromNow(timedelta())
    if text.startswith(("now-", "now+")):
        length = parse_duration(text[4:], flag="now")
        if length > _FARTHEST:
            raise ValueError("farther from now than any launch")
        return FromNow(-length if text[3] == "-" else length)
    return parse_instant(text)
