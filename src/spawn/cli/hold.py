"""`spawn hold`."""

from __future__ import annotations

import click

from spawn.cli.holding import hold, hold_options
from spawn.cli.options import AccountWords
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import Wiring


@click.command(name="hold")
@click.option(
    "--case", metavar="NAME", help="The case it belongs to; else made of the day and the launch."
)
@hold_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    case: str | None,
    reason: str,
    dry_run: bool,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Keep an instance as evidence: nothing ends it until it is released.

    Five things hold it: a tag that its agent and spawn heed, termination and stop protection, a
    power-off that only stops it, and no backstop.
    """
    return hold(
        wiring,
        instance,
        case=case,
        reason=reason,
        dry_run=dry_run,
        yes=yes,
        asked=asked,
        output=output,
    )
