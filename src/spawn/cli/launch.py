"""`spawn launch`: words into a spec, one workflow, its result rendered."""

from __future__ import annotations

from typing import Any

import click

from spawn.cli.asking import asked_launch
from spawn.cli.first_launch import maybe_ask, take_as_typed
from spawn.cli.launch_options import launch_options
from spawn.cli.launching import carry_out, show_plan
from spawn.cli.options import account_options, output_option
from spawn.cli.rendering.documents import Output
from spawn.cli.waiting import wait_option
from spawn.cli.wiring import Wiring

SHOWN = ("plan", "requests", "user-data")


@click.command(name="launch")
@launch_options
@wait_option
@click.option("--dry-run", is_flag=True, help="Show the plan and do nothing.")
@click.option(
    "--show",
    "shown",
    type=click.Choice(SHOWN),
    help="Show this of the plan, exactly, and do nothing.",
)
@click.option("--yes", is_flag=True, help="Accepted for scripts: a launch asks nothing.")
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML, Output.IDS)
@click.pass_context
def command(context: click.Context, /, **_asked: Any) -> int:
    """Launch an instance that is safe by default and ends by itself.

    Prints the plan in short, makes it, and says how to connect. Nothing is asked, but for
    four questions where somebody who never launched before types `spawn launch` and no more.
    """
    wiring: Wiring = context.obj
    take_as_typed(context, maybe_ask(wiring, context) or {})
    asked = asked_launch(context)
    output, shown = asked.words["output"], asked.words["shown"]
    if asked.words["dry_run"] or shown:
        return show_plan(wiring, asked.account, asked.plan(wiring), shown=shown, output=output)
    return carry_out(wiring, asked, output=output)
