"""Lines of a shell as commands and their words: enough to see what a program is handed. Pure.

It follows quotes, continued lines, pipes, here-strings and here-documents, and looks into quoted
text that is a command itself (`bash -c "…"`). It expands nothing. A line that is no shell's comes
out as words all the same: the tables of programs decide what they mean.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from spawn.secrets.reading import NAME, Text

# A script continues lines for readability; a thousand of them are no script.
_MOST_LINES_JOINED = 60
# A secret is what a here-document begins with; more of it is a file.
_MOST_DOCUMENT_LINES = 20
_DEEPEST_QUOTE = 3
_TOKEN = re.compile(
    r"(?P<blank>(?:[ \t\r]|\\\r?\n)++)"
    r"|(?P<operator><<<|<<-?|\|\||&&|[|&;()<>\n]++)"
    r"|(?P<single>'[^']{0,4000}+')"
    r"|(?P<double>\"(?:[^\"\\]|\\.){0,4000}+\")"
    r"|(?P<escape>\\.)"
    r"|(?P<plain>[^\s'\"\\|&;()<>]++)"
    r"|(?P<other>.)",
    re.ASCII | re.DOTALL,
)
_QUOTED = re.compile(r"'[^']{0,4000}+'|\"(?:[^\"\\]|\\.){0,4000}+\"", re.ASCII | re.DOTALL)
_HERE_STRING = "<<<"
_REDIRECTIONS = frozenset({"<<", "<<-", "<", ">", ">>"})
_DYNAMIC = re.compile(r"\$[A-Za-z_0-9{(@*!#?]|`", re.ASCII)
_DELIMITER = re.compile(r"(?<!<)<<(?!<)-?[ \t]{0,9}+[\"'\\]?(?P<word>\w{1,60}+)", re.ASCII)


@dataclass
class Word:
    """One word of a command, without its quotes.

    start       where it begins in the text
    is_dynamic  a part of it is expanded when the command runs
    is_quoted   it had quotes: an operator within it is text
    """

    text: str
    start: int
    is_dynamic: bool = False
    is_quoted: bool = False


@dataclass
class Command:
    """A simple command: its words, and what it reads.

    feeder      the command whose output it reads, through a pipe
    here        a here-string's word
    documents   the here-documents of its line, as (text, start) of each line
    """

    words: list[Word] = field(default_factory=list)
    feeder: Command | None = None
    here: Word | None = None
    documents: list[tuple[str, int]] = field(default_factory=list)


# What programs are called, and texts one of which stands in each line that hands them something.
Signs = Mapping[str, tuple[str, ...]]


def commands(text: Text, signs: Signs) -> Iterator[Command]:
    """Yield the commands of those lines in which a program is handed something."""
    lines = text.text.split("\n")
    done = -1
    for number in _lines_of(text, signs):
        first = number
        while first > max(done + 1, number - _MOST_LINES_JOINED) and _goes_on(lines[first - 1]):
            first -= 1
        last = number
        while last < len(lines) - 1 and last - first < _MOST_LINES_JOINED and _goes_on(lines[last]):
            last += 1
        if number <= done:
            continue
        done = last
        start = text.line_starts[first]
        logical = text.text[start : text.line_starts[last] + len(lines[last])]
        if _is_worth_it(logical.lower(), signs):
            document = _document(lines, text.line_starts, last, opened_by=logical)
            for command in _parsed(logical, start, signs, depth=0):
                command.documents = document
                yield command


def _lines_of(text: Text, signs: Signs) -> list[int]:
    """Return the numbers of the lines that name a program, from 0."""
    found: set[int] = set()
    lowered, starts = text.lowered, text.line_starts
    for program in signs.keys() & text.names:
        marks = signs[program]
        if not any(mark in lowered for mark in marks):
            continue
        at = lowered.find(program)
        while at >= 0:
            number = bisect_right(starts, at) - 1
            end = starts[number + 1] - 1 if number + 1 < len(starts) else len(lowered)
            line = lowered[starts[number] : end]
            is_piece = _goes_on(line) or lowered.startswith("\\", starts[number] - 2)
            if is_piece or any(mark in line for mark in marks):
                found.add(number)
            at = lowered.find(program, end)
    return sorted(found)


def _goes_on(line: str) -> bool:
    return line.rstrip("\r").endswith("\\")


def _is_worth_it(lowered: str, signs: Signs) -> bool:
    return any(
        word in signs and any(sign in lowered for sign in signs[word])
        for word in NAME.findall(lowered)
    )


def _document(
    lines: list[str], starts: list[int], last: int, *, opened_by: str
) -> list[tuple[str, int]]:
    """Return the first lines of a here-document that the line opens, empty without one."""
    opened = _DELIMITER.search(opened_by)
    if opened is None:
        return []
    document: list[tuple[str, int]] = []
    for number in range(last + 1, min(len(lines), last + 1 + _MOST_DOCUMENT_LINES)):
        if lines[number].strip() == opened["word"]:
            return document
        document.append((lines[number], starts[number]))
    return document


def _parsed(text: str, offset: int, signs: Signs, *, depth: int) -> Iterator[Command]:
    """Yield the commands of one logical line, those within its quotes included."""
    command, expects_here = Command(), False
    for piece in _pieces(text, offset):
        if isinstance(piece, Word):
            if expects_here:
                command.here = piece
            else:
                command.words.append(piece)
            expects_here = False
        elif piece == _HERE_STRING:
            expects_here = True
        elif piece not in _REDIRECTIONS:
            yield command
            command = Command(feeder=command if piece.rstrip("&") == "|" else None)
    yield command
    if depth < _DEEPEST_QUOTE:
        for match in _QUOTED.finditer(text):
            quoted = match[0][1:-1]
            if " " in quoted and _is_worth_it(quoted.lower(), signs):
                start = offset + match.start() + 1
                yield from _parsed(quoted, start, signs, depth=depth + 1)


def _pieces(text: str, offset: int) -> Iterator[Word | str]:
    """Yield the words of a line, and the operators between them."""
    word = None
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind not in {"blank", "operator"}:
            word = word or Word("", offset + match.start())
            _extend(word, str(kind), match[0])
            continue
        if word is not None:
            yield word
            word = None
        if kind == "operator":
            yield match[0]
    if word is not None:
        yield word


def _extend(word: Word, kind: str, piece: str) -> None:
    match kind:
        case "single":
            word.text += piece[1:-1]
            word.is_quoted = True
        case "double":
            word.text += piece[1:-1]
            word.is_quoted = True
            word.is_dynamic |= _DYNAMIC.search(piece) is not None
        case "escape":
            word.text += piece[1:]
        case _:
            word.text += piece
            word.is_dynamic |= _DYNAMIC.search(piece) is not None or piece == "$"
