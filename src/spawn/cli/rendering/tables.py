"""Tables and lines for a terminal, or for a pipe: the same words, colour only where it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import StringIO

from spawn.cli.rendering.terminal import escape
from spawn.core.durations import format_duration

# A pipe has no width: rows stay on their line, whoever reads them cuts.
UNLIMITED_COLUMNS = 10_000


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[tuple[str, str]]],
    *,
    columns: int | None,
    colour: bool,
) -> str:
    """Return a table. A cell is its text and a rich style ("" for none).

    `columns` is the terminal's width, None for a pipe. All text is escaped here.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for heading in headings:
        drawn.add_column(heading, no_wrap=columns is None, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(escape(text), style=style) for text, style in row))
    out = StringIO()
    console = Console(
        file=out,
        width=columns or UNLIMITED_COLUMNS,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
    )
    console.print(drawn)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def fields(pairs: Iterable[tuple[str, str]]) -> str:
    """Return one line a pair, the names in a column of their own; empty values are left out."""
    shown = [(name, text) for name, text in pairs if text]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name:<{width}}  {_continued(text, width)}" for name, text in shown)


def _continued(text: str, width: int) -> str:
    indent = "\n" + " " * (width + 2)
    return indent.join(escape(line) for line in text.split("\n"))


def until(instant: datetime | None, now: datetime) -> str:
    """Say how long from now a point in time is, in its two largest units; "?" where unknown."""
    if instant is None:
        return "?"
    seconds = int((instant - now).total_seconds())
    coarse = abs(seconds) if abs(seconds) < 600 else abs(seconds) // 60 * 60
    words = format_duration(timedelta(seconds=coarse))
    return words if seconds >= 0 else f"{words} ago"
