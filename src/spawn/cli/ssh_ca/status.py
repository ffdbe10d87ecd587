"""`spawn ssh-ca status`."""

from __future__ import annotations

import click

from spawn.cli.finding import everything
from spawn.cli.options import AccountWords, account_flags, account_of, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.ssh_ca import status_document, status_text
from spawn.cli.wiring import Wiring
from spawn.connect.ssh_ca.authority import require_authority
from spawn.connect.ssh_ca.revocations import read_revocations
from spawn.lifecycle.trusting import trusting


@click.command(name="status")
@account_flags(region="Look into this region only.")
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(wiring: Wiring, /, *, asked: AccountWords, output: Output) -> int:
    """Show this machine's authority: its key, what it revoked, and which instances trust it.

    What an instance admits is told by its tag, which says what was last brought there; the
    instance itself is not asked.
    """
    state, now = wiring.paths.state, wiring.clock.now()
    authority = require_authority(state, why="there is nothing to show")
    revocations = read_revocations(state)
    account = account_of(wiring, asked)
    _, listing = everything(wiring, account, region=asked.region)
    found = trusting(listing.instances, authority, revocations)
    shown = status_document(authority, revocations, found, listing.failed_regions, now=now)
    wiring.show(status_text(shown, wiring) if output is Output.TABLE else document(shown, output))
    return 0
