"""A listing as a table."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from spawn.cli.rendering.tables import Cell, table, until
from spawn.cli.rendering.terminal import escape
from spawn.lifecycle.heard import Heard, HeardState
from spawn.lifecycle.list import Listing
from spawn.lifecycle.listed import BackstopState, Ending, ListedInstance
from spawn.lifecycle.resolve import name_of
from spawn.prices.money import format_usd

_HEADINGS = (
    *("NAME", "ID", "STATE", "TYPE", "ZONE", "ADDRESS"),
    *("ENDS IN", "BACKSTOP", "AGENT", "COST", "OWNER"),
)
# What tells least about the one question that a listing answers: what runs, and until when.
_EXPENDABLE = ("TYPE", "OWNER", "ZONE", "COST", "ADDRESS", "NAME", "STATE", "AGENT")


def listing_table(listing: Listing, *, now: datetime, columns: int | None, colour: bool) -> str:
    """Return the rows, or one sentence where there are none."""
    if not listing.instances:
        return "no instances"
    rows = [_row(row, name_of(row, listing.instances), now) for row in listing.instances]
    return table(_HEADINGS, rows, columns=columns, colour=colour, expendable=_EXPENDABLE)


def failed_regions_text(listing: Listing) -> str:
    """Name the regions that could not be looked at, "" where all could."""
    return "\n".join(
        f"not seen: {escape(failed.region)}: {escape(failed.why)}"
        for failed in listing.failed_regions
    )


def _row(row: ListedInstance, name: str, now: datetime) -> list[Cell]:
    return [
        Cell(name or "-", "bold" if row.is_mine else ""),
        Cell(row.id),
        Cell(row.state, "" if row.state == "running" else "dim"),
        Cell(row.type),
        Cell(row.zone or row.region),
        Cell(row.public_ip or row.private_ip or "-"),
        _end(row, now),
        Cell(row.backstop.value, _backstop_style(row.backstop)),
        _agent(row.agent),
        Cell("-" if row.usd_so_far is None else format_usd(row.usd_so_far)),
        Cell(row.owner or "-"),
    ]


def _end(row: ListedInstance, now: datetime) -> Cell:
    match row.ending:
        case Ending.DUE:
            return Cell(until(row.expires_at, now))
        case Ending.KEPT:
            return Cell(f"disks {until(row.gone_at, now)}", "yellow")
        case Ending.OVERDUE:
            return Cell(f"OVERDUE {until(row.expires_at, now)}", "bold red")
        case Ending.HELD:
            return Cell("HELD", "yellow")
        case Ending.ENDED:
            return Cell("ended", "dim")
        case Ending.UNKNOWN:
            return Cell("UNKNOWN", "bold red")
        case _:
            assert_never(row.ending)


def _agent(heard: Heard) -> Cell:
    match heard.state:
        case HeardState.HEARD if heard.difference:
            return Cell("DIFFERS", "bold red")
        case HeardState.HEARD:
            return Cell(heard.state.value, "green")
        case HeardState.SILENT:
            return Cell(heard.state.value, "bold red")
        case HeardState.UNKNOWN:
            return Cell(heard.state.value, "yellow")
        case HeardState.NONE:
            return Cell("none", "dim")
        case HeardState.NOT_ASKED:
            return Cell("-", "dim")
        case _:
            assert_never(heard.state)


def _backstop_style(state: BackstopState) -> str:
    match state:
        case BackstopState.MISSING | BackstopState.BROKEN | BackstopState.UNKNOWN:
            return "bold red"
        case BackstopState.ARMED:
            return "green"
        case BackstopState.OFF | BackstopState.NOT_NEEDED:
            return "dim"
        case _:
            assert_never(state)
