"""`spawn apply plan.json`: exactly what was saved, or nothing."""

from __future__ import annotations

from dataclasses import replace

import click

from spawn.cli.asking import AskedLaunch
from spawn.cli.assembly import held_to_floor, planner
from spawn.cli.launch_words import read_file
from spawn.cli.launching import carry_out
from spawn.cli.options import (
    AccountWords,
    account_flags,
    account_of,
    output_option,
    setting,
)
from spawn.cli.rendering.documents import Output
from spawn.cli.settings import organisation_parameter, sources_of
from spawn.cli.waiting import Wait, wait_option
from spawn.cli.wiring import Wiring
from spawn.launch.plan import LaunchPlan
from spawn.launch.propose import check_unchanged, read_saved_plan


@click.command(name="apply")
@click.argument("plan", metavar="PLAN.JSON")
@wait_option
@account_flags(region=None)
@output_option(Output.TABLE, Output.JSON, Output.YAML, Output.IDS)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    plan: str,
    wait: str | None,
    asked: AccountWords,
    output: Output,
) -> int:
    """Carry out a plan that `spawn launch --dry-run -o json` saved.

    It is made anew from the account as it is now, and carried out only where it comes out the
    same. A plan is good for 15 minutes.
    """
    text = read_file(plan, flag="PLAN.JSON")
    saved = read_saved_plan(text, now=wiring.clock.now())
    account = account_of(
        wiring,
        replace(asked, region=saved.spec.region),
        user_agent_extra=f"launch/{saved.launch_id}",
    )
    parameter = organisation_parameter(sources_of(wiring))
    again = planner(
        wiring,
        account,
        held_to_floor(saved.spec, place="the saved plan", parameter=parameter),
        parameter=parameter,
        launch_id=saved.launch_id,
        now=saved.created_at,
    )

    def checked() -> LaunchPlan:
        fresh = again()
        check_unchanged(text, fresh)
        return fresh

    said = setting(wiring, "wait", typed=wait)
    launch = AskedLaunch(account=account, replan=checked, wait=Wait(said) if said else None)
    return carry_out(wiring, launch, output=output)
