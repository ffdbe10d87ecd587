"""`spawn connect`."""

from __future__ import annotations

import click

from spawn.cli.assembly import way_to
from spawn.cli.finding import everything
from spawn.cli.options import Account, account_of, account_options
from spawn.cli.rendering.terminal import escape
from spawn.cli.wiring import Wiring
from spawn.connect.connect import connect
from spawn.core.ids import is_resource_id
from spawn.lifecycle.resolve import resolve_one


@click.command(name="connect", context_settings={"ignore_unknown_options": True})
@click.argument("instance", metavar="ID|NAME")
@click.argument("words", metavar="[-- COMMAND…]", nargs=-1, type=click.UNPROCESSED)
@click.option("--user", metavar="NAME", help="Who logs in; else the image's own user.")
@account_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    words: tuple[str, ...],
    user: str | None,
    region: str | None,
    profile: str | None,
    local: bool,
) -> int:
    """Open a shell on an instance, or run a command there and pass on its exit code.

    The words after -- reach the instance exactly as they are; for the shell's own syntax say
    -- sh -c '…'. The instance must show the host key that its first boot wrote on its console.
    """

    def progress(sentence: str) -> None:
        wiring.say(escape(sentence))

    account = account_of(wiring, region=region, profile=profile, local=local)
    instance_id, where = _named(wiring, account, instance, region=region)
    way, patience = way_to(wiring, account, instance_id, region=where, user=user, progress=progress)
    return connect(way, words, terminal=wiring.is_terminal, patience=patience, progress=progress)


def _named(wiring: Wiring, account: Account, word: str, *, region: str | None) -> tuple[str, str]:
    """Return id and region; an id with its region needs no looking around."""
    if region is not None and is_resource_id(word, "i"):
        return word, region
    _, listing = everything(wiring, account, region=region)
    row = resolve_one(word, listing)
    return row.id, row.region
