"""What the doctor found: a table by area, and below it what to type."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from spawn.cli.rendering.tables import Cell, table
from spawn.cli.rendering.terminal import escape
from spawn.launch.doctor.model import Examination, Row, Verdict

_STYLES = {
    Verdict.OK: "green",
    Verdict.WARN: "yellow",
    Verdict.MISSING: "bold red",
    Verdict.UNKNOWN: "magenta",
}
_INDENT = "  "


def examination_text(found: Examination, *, columns: int | None, colour: bool) -> str:
    """Return the table, then for each row that is not fine why it matters and what to type."""
    rows = [
        (Cell(row.area.value if is_first else ""), *_cells(row))
        for is_first, row in _marked(found.rows)
    ]
    drawn = table(("AREA", "CHECK", "", "FOUND"), rows, columns=columns, colour=colour)
    by_command = groupby(_to_mend(found.rows), key=lambda row: row.command or row.check)
    remedies = [_remedy(tuple(rows), columns) for _, rows in by_command]
    return "\n\n".join((drawn, *remedies, _folded(_summary(found), columns)))


def _marked(rows: Iterable[Row]) -> Iterator[tuple[bool, Row]]:
    for _, members in groupby(rows, key=lambda row: row.area):
        for number, row in enumerate(members):
            yield number == 0, row


def _cells(row: Row) -> tuple[Cell, Cell, Cell]:
    verdict = row.verdict.value if row.verdict is Verdict.OK else row.verdict.value.upper()
    return Cell(row.check), Cell(verdict, _STYLES[row.verdict]), Cell(row.found)


def _to_mend(rows: Iterable[Row]) -> list[Row]:
    """Return what wants doing, the worst first; of what could not be seen what can be mended."""
    order = (Verdict.MISSING, Verdict.UNKNOWN, Verdict.WARN)
    wanting = (
        row
        for row in rows
        if row.verdict in order and (row.command or row.verdict is not Verdict.UNKNOWN)
    )
    return sorted(wanting, key=lambda row: order.index(row.verdict))


def _remedy(rows: Sequence[Row], columns: int | None) -> str:
    """Say why these matter and what mends them: words are folded, a command can be copied."""
    sentences = [escape(f"{row.verdict.value.upper()} {row.check}: {row.why}") for row in rows]
    words = [_folded(each, columns) for each in sentences]
    command = [f"{_INDENT}{escape(line)}" for line in rows[0].command.splitlines()]
    return "\n".join((*words, *command))


def _summary(found: Examination) -> str:
    kind = f"a {'spot ' if found.spot else ''}launch at --security {found.security}"
    lacking = [row.check for row in found.rows if row.verdict is Verdict.MISSING]
    unseen = [row.check for row in found.rows if row.verdict is Verdict.UNKNOWN]
    missing = f"missing for {kind}: {', '.join(lacking)}" if lacking else ""
    unknown = f"could not be looked at: {', '.join(unseen)}" if unseen else ""
    return escape("; ".join(filter(None, (missing, unknown))) or f"nothing is missing for {kind}")


def _folded(sentence: str, columns: int | None) -> str:
    if columns is None:
        return sentence
    return textwrap.fill(sentence, width=columns, subsequent_indent=_INDENT)
