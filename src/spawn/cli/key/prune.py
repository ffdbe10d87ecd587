"""`spawn key prune`."""

from __future__ import annotations

from functools import partial

import click

from spawn.cli.key.work import key_work
from spawn.cli.options import AccountWords, account_flags, account_of, output_option, yes_option
from spawn.cli.planned import show_first, show_only
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.keys import prune_plan_text, prune_question, pruned_text
from spawn.cli.wiring import Wiring
from spawn.connect.kept_keys import held_keys
from spawn.lifecycle.keys.facts import read_key_facts
from spawn.lifecycle.keys.prune import Pruned, Pruning, error_of, plan_pruning
from spawn.lifecycle.keys.ring import key_ring


@click.command(name="prune")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and do nothing.")
@yes_option
@account_flags(region=None)
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring, /, *, dry_run: bool, yes: bool, asked: AccountWords, output: Output
) -> int:
    """Remove former keys that no instance trusts any more, in AWS and on this machine.

    Looks in every region, at stopped instances too; a key is kept while any region can't be seen.
    """
    account = account_of(wiring, asked)
    work = key_work(wiring, account)
    look = partial(read_key_facts, account.reader, home_region=account.region)
    plan = plan_pruning(key_ring(held_keys(wiring.paths.state), look(), now=work.now))
    text = prune_plan_text(plan, endpoint=account.session.endpoint("ec2", account.region))
    if dry_run:
        return show_only(wiring, plan, text, output=output)
    show_first(wiring, text, yes=yes, output=output)
    pruned: tuple[Pruned, ...] = ()
    if plan.leaving:
        if not wiring.confirm(prune_question(plan), yes=yes):
            wiring.say("nothing was changed")
            return 0
        pruned = Pruning(work=work, look=look).apply(plan)
    if output is not Output.TABLE:
        wiring.show(document({"planned": plan, "pruned": pruned}, output))
    elif pruned:
        wiring.show(pruned_text(pruned))
    error = error_of(plan, pruned)
    if error is not None:
        raise error
    return 0
