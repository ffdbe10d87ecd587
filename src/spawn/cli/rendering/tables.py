"""Tables and lines for a terminal, or for a pipe: the same words, colour only where it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import StringIO
from typing import NamedTuple

from spawn.cli.rendering.terminal import escape
from spawn.core.durations import format_duration

GAP = 2  # spaces between columns


class Cell(NamedTuple):
    """A text and its style in rich's words, "" for none."""

    text: str
    style: str = ""


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    columns: int | None,
    colour: bool,
    expendable: Sequence[str] = (),
) -> str:
    """Return a table. `columns` is the terminal's width, None for a pipe. Text is escaped here.

    Where a terminal is too narrow, the columns of the headings in `expendable` go, in that order:
    ids that are folded can't be copied.
    """
    cells = [[Cell(heading) for heading in headings], *map(list, rows)]
    safe = [[Cell(escape(cell.text), cell.style) for cell in row] for row in cells]
    if columns is None:
        return _plain(safe)
    for heading in expendable:
        if sum(_widths(safe)) + GAP * (len(safe[0]) - 1) > columns:
            gone = [cell.text for cell in safe[0]].index(heading)
            safe = [[*row[:gone], *row[gone + 1 :]] for row in safe]
    return _drawn(safe, columns=columns, colour=colour)


def _widths(rows: list[list[Cell]]) -> list[int]:
    return [max(len(cell.text) for cell in column) for column in zip(*rows, strict=True)]


def _plain(rows: list[list[Cell]]) -> str:
    """Align columns and nothing more: a pipe has no width, and loading rich takes its time."""
    widths = _widths(rows)
    return "\n".join(
        (" " * GAP)
        .join(f"{cell.text:<{width}}" for cell, width in zip(row, widths, strict=True))
        .rstrip()
        for row in rows
    )


def _drawn(rows: list[list[Cell]], *, columns: int, colour: bool) -> str:
    """Draw it for a terminal: folded to its width, coloured if it may be."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_edge=False, header_style="bold"
    )
    for heading in rows[0]:
        drawn.add_column(heading.text, overflow="fold")
    for row in rows[1:]:
        drawn.add_row(*(Text(cell.text, style=cell.style) for cell in row))
    out = StringIO()
    console = Console(
        file=out,
        width=columns,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
    )
    console.print(drawn)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def fields(pairs: Iterable[tuple[str, str | Sequence[str]]]) -> str:
    """Return the pairs, the names in a column of their own; empty values are left out.

    A text is one line, whatever it holds; a value of several lines is given as such.
    """
    shown = [
        (escape(name), map(escape, [value] if isinstance(value, str) else value))
        for name, value in pairs
        if value
    ]
    width = max((len(name) for name, _ in shown), default=0)
    indent = "\n" + " " * (width + 2)
    return "\n".join(f"{name:<{width}}  {indent.join(lines)}" for name, lines in shown)


def until(instant: datetime | None, now: datetime) -> str:
    """Say how long from now a point in time is, in its two largest units; "?" where unknown."""
    if instant is None:
        return "?"
    seconds = int((instant - now).total_seconds())
    coarse = abs(seconds) if abs(seconds) < 600 else abs(seconds) // 60 * 60
    words = format_duration(timedelta(seconds=coarse))
    return words if seconds >= 0 else f"{words} ago"
