"""The templates that --iam-policy takes, listed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from spawn.cli.rendering.tables import Cell, table
from spawn.iam.scopes import EXAMPLES
from spawn.iam.templates import PHRASES, TEMPLATES


class TemplateRow(msgspec.Struct, frozen=True, kw_only=True):
    """One template of `spawn policy list`.

    `unscoped` is what it is about without a scope, `example` shows one; `actions` are IAM's.
    """

    template: str
    allows: str
    unscoped: str
    example: str
    actions: tuple[str, ...]


def template_rows() -> tuple[TemplateRow, ...]:
    """Return all templates in the order of their table."""
    return tuple(
        TemplateRow(
            template=name,
            allows=PHRASES[name].allows,
            unscoped=PHRASES[name].unscoped,
            example=f"{name}@{EXAMPLES[name.partition(':')[0]]}",
            actions=tuple(dict.fromkeys(action for grant in grants for action in grant.actions)),
        )
        for name, grants in TEMPLATES.items()
    )


def templates_table(rows: Iterable[TemplateRow], *, columns: int | None, colour: bool) -> str:
    """Return the templates as a table."""
    return table(
        ("TEMPLATE", "ALLOWS", "WITHOUT @", "NARROWED"),
        (
            (Cell(row.template), Cell(row.allows), Cell(row.unscoped), Cell(row.example))
            for row in rows
        ),
        columns=columns,
        colour=colour,
        expendable=("NARROWED",),
    )
