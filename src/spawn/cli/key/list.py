"""`spawn key list`."""

from __future__ import annotations

import click

from spawn.cli.finding import say_account
from spawn.cli.options import AccountWords, account_flags, account_of, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.keys import ring_text
from spawn.cli.wiring import Wiring
from spawn.connect.kept_keys import held_keys
from spawn.lifecycle.keys.facts import read_key_facts
from spawn.lifecycle.keys.ring import key_ring


@click.command(name="list")
@account_flags(region=None)
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(wiring: Wiring, /, *, asked: AccountWords, output: Output) -> int:
    """Show your keys: where AWS knows them, how old they are, which instances trust them.

    Looks in every region. A key in use for more than 90 days is to be rotated.
    """
    account = account_of(wiring, asked)
    facts = read_key_facts(account.reader, home_region=account.region)
    ring = key_ring(held_keys(wiring.paths.state), facts, now=wiring.clock.now())
    if output is not Output.TABLE:
        wiring.show(document(ring, output))
        return 0
    say_account(wiring, account, facts.caller)
    wiring.show(ring_text(ring, columns=wiring.columns, colour=wiring.in_colour))
    return 0
