"""`spawn apply plan.json`: exactly what was saved, or nothing."""

from __future__ import annotations

import click

from spawn.cli.assembly import planner
from spawn.cli.launch_words import read_file
from spawn.cli.launching import carry_out
from spawn.cli.options import account_of, output_option
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import Wiring
from spawn.launch.plan import LaunchPlan
from spawn.launch.propose import check_unchanged, read_saved_plan


@click.command(name="apply")
@click.argument("plan", metavar="PLAN.JSON")
@click.option("--profile", metavar="NAME", help="The profile of your AWS configuration.")
@click.option("--local", is_flag=True, help="Use the embedded cloud of this machine.")
@output_option(Output.TABLE, Output.JSON, Output.YAML, Output.IDS)
@click.pass_obj
def command(
    wiring: Wiring, /, *, plan: str, profile: str | None, local: bool, output: Output
) -> int:
    """Carry out a plan that `spawn launch --dry-run -o json` saved.

    It is made anew from the account as it is now, and carried out only where it comes out the
    same. A plan is good for 15 minutes.
    """
    text = read_file(plan, flag="PLAN.JSON")
    saved = read_saved_plan(text, now=wiring.clock.now())
    account = account_of(
        wiring,
        region=saved.spec.region,
        profile=profile,
        local=local,
        user_agent_extra=f"launch/{saved.launch_id}",
    )
    again = planner(wiring, account, saved.spec, launch_id=saved.launch_id, now=saved.created_at)

    def checked() -> LaunchPlan:
        fresh = again()
        check_unchanged(text, fresh)
        return fresh

    return carry_out(wiring, account, checked, plan=checked(), output=output)
