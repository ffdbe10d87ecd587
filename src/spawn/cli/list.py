"""`spawn list`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, assert_never

import click
import msgspec

from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.cli.finding import SIDE_BY_SIDE, everything, say_account
from spawn.cli.options import Account, AccountWords, account_flags, account_of, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.listing import failed_regions_text, listing_table
from spawn.cli.wiring import Wiring
from spawn.core.errors import PartlyDone
from spawn.core.tags import parse_tags
from spawn.lifecycle.filter_parser import parse_filter
from spawn.lifecycle.list import Listing, Selection, parse_states, select
from spawn.lifecycle.listed import ListedInstance

if TYPE_CHECKING:
    from spawn.lifecycle.closely import Closely


@click.command(name="list")
@click.option("--state", multiple=True, metavar="STATE,…", help="Only these states.")
@click.option("--tag", multiple=True, metavar="KEY=VALUE,…", help="Only those with these tags.")
@click.option("--mine", is_flag=True, help="Only your own.")
@click.option(
    "--filter",
    "condition",
    metavar="CONDITION",
    help='Only those it holds for: "launch_time > 2026-01-27T00:00 and owner = me".',
)
@account_flags(region="Only this region; else all that are enabled.")
@output_option(Output.TABLE, Output.JSON, Output.YAML, Output.IDS)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    state: tuple[str, ...],
    tag: tuple[str, ...],
    mine: bool,
    condition: str | None,
    asked: AccountWords,
    output: Output,
) -> int:
    """List spawn's instances, your own first."""
    selection = Selection(
        states=parse_states(state),
        tags=tuple(parse_tags(tag, flag="--tag").items()),
        mine_only=mine,
        filter=None if condition is None else parse_filter(condition),
    )
    account = account_of(wiring, asked)
    caller, everything_seen = everything(wiring, account, region=asked.region)
    rows, seen = _closely(wiring, account, everything_seen.instances, caller)
    listing = msgspec.structs.replace(
        everything_seen, instances=select(rows, selection, now=wiring.clock.now())
    )
    _show(wiring, listing, output)
    if output is Output.TABLE:
        say_account(wiring, account, caller)
    # Loading what puts things right takes longer than a listing does: it is not done for nothing.
    if seen is not None or any(wiring.paths.journal.glob("*")):
        from spawn.cli.mending import mend_after

        mend_after(wiring, account, rows, caller, seen=seen)
    if listing.failed_regions:
        raise PartlyDone(
            f"{len(listing.failed_regions)} regions could not be seen",
            why=failed_regions_text(listing),
            next_command=f"spawn list --region {listing.failed_regions[0].region}",
        )
    return 0


def _closely(
    wiring: Wiring, account: Account, rows: tuple[ListedInstance, ...], caller: Identity
) -> tuple[tuple[ListedInstance, ...], Closely | None]:
    """Look at the caller's own more closely; None where there are none."""
    if not any(row.is_mine for row in rows):
        return rows, None
    from spawn.lifecycle.closely import look_closely

    now = wiring.clock.now()
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        seen = look_closely(Asker(account.reader, pool), rows, caller=caller, now=now)
    return seen.added_to(rows, now=now), seen


def _show(wiring: Wiring, listing: Listing, output: Output) -> None:
    match output:
        case Output.TABLE:
            wiring.show(
                listing_table(
                    listing,
                    now=wiring.clock.now(),
                    columns=wiring.columns,
                    colour=wiring.in_colour,
                )
            )
        case Output.JSON | Output.YAML:
            wiring.show(document(listing, output))
        case Output.IDS:
            wiring.show_ids(row.id for row in listing.instances)
        case _:
            assert_never(output)
