"""Reads the commands that a page shows, and what it shows them to say.

    ```console            a transcript: `$ ` begins a command, what follows is its output
    ```bash, ```sh        a script, run as a whole
    ```python             a program
    ```screen, ```screen40  what a terminal of 80, of 40 columns shows, with what is typed on it

In an output `…` stands for anything within its line, and alone on a line for any number of lines.
Runs of spaces count as one: a table is as wide as what is in it. A block of commands alone shows
no output, and none is compared. Above a block that can't be run stands
`<!-- not run: the reason -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

RUN_LANGUAGES = ("console", "bash", "sh", "python")
PROMPT = "$ "
_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)\s*$")
_NOT_RUN = re.compile(r"^<!-- not run: (?P<reason>.*\S) -->$")
_SCREEN = re.compile(r"screen\d*")
_USUAL_COLUMNS = 80
# In an indented block these would be commands that nothing runs. `make` is what runs the tests.
_INDENTED_COMMAND = re.compile(r"^ {4,}(?:\$ |spawn |aws |eval )")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of a transcript; `shown` is its output, None where the block shows none."""

    text: str
    line: int
    shown: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block that shows what to type; `not_run` is the reason, "" where it is run."""

    language: str
    line: int
    lines: tuple[str, ...]
    not_run: str = ""

    @property
    def commands(self) -> tuple[Command, ...]:
        """What is typed: each command of a transcript, or the script as one."""
        if self.language == "python":
            program = "\n".join(self.lines)
            return (Command(text=f"python - <<'END'\n{program}\nEND", line=self.line),)
        if self.language != "console" and not any(text.startswith(PROMPT) for text in self.lines):
            return (Command(text="\n".join(self.lines), line=self.line),)
        return tuple(_commands(self.lines, self.line + 1))

    @property
    def columns(self) -> int:
        """How wide the terminal of a screen is."""
        return int(self.language.removeprefix("screen") or _USUAL_COLUMNS)


class NotATranscript(Exception):
    """A console block that does not begin with a command."""


def blocks(page: str) -> tuple[Block, ...]:
    """Return every block of a page that shows what to type. Raises ValueError for an open fence."""
    return tuple(block for block in _fenced(page.split("\n")) if block.language in RUN_LANGUAGES)


def screens(page: str) -> tuple[Block, ...]:
    """Return every block of a page that shows a terminal."""
    return tuple(block for block in _fenced(page.split("\n")) if _SCREEN.fullmatch(block.language))


def unfenced_commands(page: str) -> tuple[int, ...]:
    """Return the numbers of lines that show a command where no fence makes it run."""
    lines = page.split("\n")
    fenced = {
        number
        for block in _fenced(lines)
        for number in range(block.line, block.line + len(block.lines) + 2)
    }
    return tuple(
        number
        for number, line in enumerate(lines, start=1)
        if number not in fenced and _INDENTED_COMMAND.match(line)
    )


def matches(shown: tuple[str, ...], said: str) -> bool:
    """Say whether an output is what was shown."""
    pattern = "".join(_line_pattern(line) for line in _trimmed(shown))
    lines = _trimmed(tuple(line.rstrip() for line in said.split("\n")))
    text = "".join(f"{_single_spaced(line)}\n" for line in lines)
    return re.fullmatch(pattern, text) is not None


def _fenced(lines: list[str]) -> Iterator[Block]:
    numbered = iter(enumerate(lines, start=1))
    reason = ""
    for number, line in numbered:
        opening = _FENCE.match(line)
        if opening is None:
            marked = _NOT_RUN.match(line)
            reason = marked["reason"] if marked else reason if not line.strip() else ""
            continue
        inside = []
        for _, text in numbered:
            if text.rstrip() == opening["fence"]:
                break
            inside.append(text)
        else:
            raise ValueError(f"the fence of line {number} is never closed")
        yield Block(language=opening["language"], line=number, lines=tuple(inside), not_run=reason)
        reason = ""


def _commands(lines: tuple[str, ...], first_line: int) -> Iterator[Command]:
    if not lines or not lines[0].startswith(PROMPT):
        raise NotATranscript(f"line {first_line} is not a command: they begin with {PROMPT!r}")
    found: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(lines, start=first_line):
        if line.startswith(PROMPT):
            found.append((number, [line.removeprefix(PROMPT)], []))
        elif not found[-1][2] and found[-1][1][-1].endswith("\\"):
            found[-1][1].append(line)
        else:
            found[-1][2].append(line)
    shows_output = any(_trimmed(tuple(output)) for _, _, output in found)
    for number, words, output in found:
        shown = tuple(output) if shows_output else None
        yield Command(text="\n".join(words), line=number, shown=shown)


def _line_pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*"
    return ".*".join(re.escape(part) for part in _single_spaced(line).split("…")) + "\n"


def _single_spaced(line: str) -> str:
    return re.sub(r" +", " ", line.rstrip())


def _trimmed(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Without empty lines at both ends."""
    filled = [index for index, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else ()
