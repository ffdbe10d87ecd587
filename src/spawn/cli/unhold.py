"""`spawn unhold`."""

from __future__ import annotations

import click

from spawn.cli.holding import hold_options, unhold
from spawn.cli.options import AccountWords
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import Wiring


@click.command(name="unhold")
@hold_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    reason: str,
    dry_run: bool,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Release an instance that was held: it ends at its end date again.

    Where that has passed it ends with 15 minutes' notice. Whatever fails on the way leaves it held.
    """
    return unhold(
        wiring, instance, reason=reason, dry_run=dry_run, yes=yes, asked=asked, output=output
    )
