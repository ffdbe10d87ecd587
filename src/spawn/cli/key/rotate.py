"""`spawn key rotate`."""

from __future__ import annotations

import click

from spawn.cli.key.work import key_work
from spawn.cli.options import AccountWords, account_of, account_options, output_option, yes_option
from spawn.cli.planned import show_first, show_only
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.keys import ROTATE_QUESTION, rotated_text, rotation_plan_text
from spawn.cli.wiring import Wiring
from spawn.lifecycle.keys.facts import read_key_facts
from spawn.lifecycle.keys.rotate import plan_rotation, rotate


@click.command(name="rotate")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@yes_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring, /, *, dry_run: bool, yes: bool, asked: AccountWords, output: Output
) -> int:
    """Make another key, and use it for new launches.

    The former one is kept, and goes on letting you in where it was launched with: `spawn key
    prune` removes it once no instance trusts it.
    """
    account = account_of(wiring, asked)
    work = key_work(wiring, account)
    facts = read_key_facts(account.reader, home_region=account.region)
    plan = plan_rotation(work, facts)
    text = rotation_plan_text(plan, endpoint=account.session.endpoint("ec2", account.region))
    if dry_run:
        return show_only(wiring, plan, text, output=output)
    show_first(wiring, text, yes=yes, output=output)
    if not wiring.confirm(ROTATE_QUESTION, yes=yes):
        wiring.say("nothing was changed")
        return 0
    rotated = rotate(plan, work, facts)
    wiring.show(rotated_text(rotated) if output is Output.TABLE else document(rotated, output))
    return 0
