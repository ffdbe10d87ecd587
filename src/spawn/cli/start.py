"""`spawn start`."""

from __future__ import annotations

import click

from spawn.cli.options import AccountWords
from spawn.cli.powering import carry_out, power_options
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import Wiring
from spawn.lifecycle.power import Deed


@click.command(name="start")
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
    """Start instances that are stopped, until their end dates.

    One whose end date has passed is refused: extend it first. Each gets another public address,
    unless it has an elastic one.
    """
    return carry_out(wiring, Deed.START, instances, yes=yes, asked=asked, output=output)
