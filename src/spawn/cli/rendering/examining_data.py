"""What was found about data: a table by subject, and below it what to type."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby

from spawn.cli.rendering.tables import Cell, table
from spawn.cli.rendering.terminal import escape
from spawn.launch.doctor.data.model import DataExamination, DataRow, Outcome

_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.UNKNOWN: "magenta",
    Outcome.NOTE: "",
}


def data_text(found: DataExamination, *, columns: int | None, colour: bool) -> str:
    """Return the table, then for each row that fails why it matters and what mends it.

    One command may mend several. A command is never folded: it is there to be copied.
    """
    drawn = table(("OF", "CHECK", "", "FOUND"), _rows(found), columns=columns, colour=colour)
    failing = [row for row in found.rows if row.outcome is Outcome.FAIL]
    remedies = [
        _remedy(tuple(rows), columns)
        for _, rows in groupby(failing, key=lambda row: row.command or row.check)
    ]
    return "\n\n".join((drawn, *remedies, escape(_summary(found))))


def _rows(found: DataExamination) -> list[tuple[Cell, ...]]:
    return [
        (
            Cell(row.subject if number == 0 else ""),
            Cell(row.check),
            Cell(row.outcome, _STYLES[row.outcome]),
            Cell(row.found),
        )
        for _, rows in groupby(found.rows, key=lambda row: row.subject)
        for number, row in enumerate(rows)
    ]


def _remedy(rows: Sequence[DataRow], columns: int | None) -> str:
    sentences = [escape(f"{row.check} of {row.subject}: {row.why}") for row in rows]
    if columns is not None:
        sentences = [textwrap.fill(one, width=columns, subsequent_indent="  ") for one in sentences]
    command = [f"  {escape(rows[0].command)}"] if rows[0].command else []
    return "\n".join((*sentences, *command))


def _summary(found: DataExamination) -> str:
    counted = {
        outcome: sum(row.outcome is outcome for row in found.rows)
        for outcome in (Outcome.FAIL, Outcome.UNKNOWN)
    }
    words = [f"{count} {outcome}" for outcome, count in counted.items() if count]
    return ", ".join(words) or "all that was looked at passes"
