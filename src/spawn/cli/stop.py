"""`spawn stop`."""

from __future__ import annotations

import click

from spawn.cli.options import AccountWords
from spawn.cli.powering import carry_out, power_options
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import Wiring
from spawn.lifecycle.power import Deed


@click.command(name="stop")
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
    """Stop instances: their disks and their end dates stay.

    What runs on them is ended, a public address that AWS gave them goes back, and their disks go on
    costing. At its end date an instance is gone, stopped or not, unless it was launched with
    --on-expiry stop. One that cannot be stopped does not stop the others.
    """
    return carry_out(wiring, Deed.STOP, instances, yes=yes, asked=asked, output=output)
