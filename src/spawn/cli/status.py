"""`spawn status`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import click

from spawn.aws.questions import Asker
from spawn.cli.completing_instances import complete_instances
from spawn.cli.finding import SIDE_BY_SIDE, everything, say_account
from spawn.cli.mending import mend_after
from spawn.cli.options import AccountWords, account_of, account_options, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.status import status_text
from spawn.cli.wiring import Wiring
from spawn.lifecycle.resolve import resolve_one
from spawn.lifecycle.status import status


@click.command(name="status")
@click.argument("instance", metavar="ID|NAME", shell_complete=complete_instances)
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    asked: AccountWords,
    output: Output,
) -> int:
    """Show one instance: its state, how it will end, and what the controls say of it now."""
    account = account_of(wiring, asked)
    caller, listing = everything(wiring, account, region=asked.region)
    row = resolve_one(instance, listing)
    now = wiring.clock.now()
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        found = status(Asker(account.reader, pool), row, caller=caller, now=now)
    wiring.show(status_text(found, now=now) if output is Output.TABLE else document(found, output))
    if output is Output.TABLE:
        say_account(wiring, account, caller)
    mend_after(wiring, account, listing.instances, caller)
    return 0
