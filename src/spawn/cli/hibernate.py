"""`spawn hibernate`."""

from __future__ import annotations

import click

from spawn.cli.options import AccountWords
from spawn.cli.powering import carry_out, power_options
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import Wiring
from spawn.lifecycle.power import Deed


@click.command(name="hibernate")
@power_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instances: tuple[str, ...],
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Stop instances, and keep what is in their memory on their disks.

    Only those that were launched for it can: --hibernation. Their end dates stay.
    """
    return carry_out(wiring, Deed.HIBERNATE, instances, yes=yes, asked=asked, output=output)
