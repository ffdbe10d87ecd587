"""`spawn key create`."""

from __future__ import annotations

import click

from spawn.cli.key.work import key_work
from spawn.cli.options import AccountWords, account_of, account_options, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.keys import created_text
from spawn.cli.wiring import Wiring
from spawn.lifecycle.keys.create import create_key


@click.command(name="create")
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(wiring: Wiring, /, *, asked: AccountWords, output: Output) -> int:
    """Make your ed25519 key where there is none, and import its public half into the region.

    Launches do the same where they must. What is there already stays as it is.
    """
    created = create_key(key_work(wiring, account_of(wiring, asked)))
    wiring.show(created_text(created) if output is Output.TABLE else document(created, output))
    return 0
