"""A TOML text taken apart into its statements, each with its lines as they stand.

The standard library reads TOML and forgets where things stood. A statement is the shortest run of
whole lines that is TOML by itself: a key with its value, a table's heading, or an empty line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

# Reading costs, and every line that may end a statement is tried: some are written to cost much.
MOST_TRIES = 20
_LINE_END = re.compile(r"(?<=\n)")
_HEADING = re.compile(r"\s*\[")
_PLAIN_KEY = re.compile(r"""\s*(?:([A-Za-z0-9_-]+)|"([^"\\]*)"|'([^']*)')\s*=""")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. `line` counts from 1; `values` is what it says when read by itself.

    `is_in_table` tells that it stands below a heading, or is one: it sets no key of the top.
    """

    line: int
    text: str
    values: dict[str, Any]
    is_in_table: bool

    @property
    def plain_key(self) -> str | None:
        """The key, where it is a single one: no heading, no dotted key, no comment."""
        match = _PLAIN_KEY.match(self.text)
        return None if match is None else next(key for key in match.groups() if key is not None)


def read_toml(text: str) -> dict[str, Any]:
    """Read TOML, numbers with a point as Decimal.

    Raises ValueError, whose text says the line and the column, for what is no TOML.
    """
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends. TOML knows no other line end than a line feed."""
    return [line for line in _LINE_END.split(text) if line]


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements of a TOML text; it ends early at one whose end it does not find."""
    lines = lines_of(text)
    first, is_in_table = 0, False
    while first < len(lines):
        last, values = _shortest(lines, first)
        if values is None:
            return
        run = "".join(lines[first:last])
        is_in_table = is_in_table or bool(_HEADING.match(run))
        yield Statement(line=first + 1, text=run, values=values, is_in_table=is_in_table)
        first = last


def _shortest(lines: list[str], first: int) -> tuple[int, dict[str, Any] | None]:
    """Return where the statement ends, and its values; None where no end was found.

    A value that spans lines is a text, which its own quotes end, or an array, which a bracket ends.
    """
    quotes = [each for each in ('"""', "'''") if each in lines[first]]
    ends = (
        last + 1
        for last in range(first, len(lines))
        if last == first or any(end in lines[last] for end in quotes or "]")
    )
    for last in islice(ends, MOST_TRIES):
        try:
            return last, read_toml("".join(lines[first:last]))
        except ValueError:
            continue
    return first, None


def key_lines(text: str) -> dict[str, int]:
    """Return for each key of the top the line at which it stands first."""
    found: dict[str, int] = {}
    is_in_table = False
    for statement in statements(text):
        is_heading = bool(_HEADING.match(statement.text))
        if is_heading or not is_in_table:
            for key in statement.values:
                found.setdefault(key, statement.line)
        is_in_table = is_in_table or is_heading
    return found
