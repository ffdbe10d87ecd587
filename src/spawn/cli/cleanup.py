"""`spawn cleanup`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import click

from spawn.aws.perform import Performer
from spawn.aws.questions import Asker, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.cli.finding import SIDE_BY_SIDE, say_account
from spawn.cli.options import (
    Account,
    AccountWords,
    account_flags,
    account_of,
    output_option,
    yes_option,
)
from spawn.cli.rendering.cleaning import found_text, removed_text
from spawn.cli.rendering.documents import Output, document
from spawn.cli.wiring import Wiring
from spawn.lifecycle.account_facts import read_account
from spawn.lifecycle.cleanup import CleanupPlan, Removal, cleanup, error_of, plan_cleanup
from spawn.lifecycle.leftover import CleanupScope
from spawn.lifecycle.regions import enabled_regions


@click.command(name="cleanup")
@click.option("--all", "everybody", is_flag=True, help="Not only your own things.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and do nothing.")
@account_flags(region=None)
@yes_option
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    everybody: bool,
    dry_run: bool,
    asked: AccountWords,
    yes: bool,
    output: Output,
) -> int:
    """Remove what spawn made, is a day old, and nothing uses any more.

    Looks in every region: a role is kept while any of them can't be read.
    """
    account = account_of(wiring, asked)
    caller, plan = _planned(wiring, account, everybody=everybody)
    if output is Output.TABLE:
        say_account(wiring, account, caller)
        wiring.show(found_text(plan))
    removals: tuple[Removal, ...] = ()
    wanted = bool(plan.leftovers) and not dry_run
    if wanted and wiring.confirm(f"Remove these {len(plan.leftovers)}?", yes=yes):
        removals = cleanup(plan, Performer(writer=account.writer, clock=wiring.clock))
        if output is Output.TABLE:
            wiring.show(removed_text(removals))
    if output is not Output.TABLE:
        wiring.show(document({"found": plan, "removed": removals}, output))
    error = error_of(plan, removals)
    if error is not None:
        raise error
    return 0


def _planned(wiring: Wiring, account: Account, *, everybody: bool) -> tuple[Identity, CleanupPlan]:
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        asker = Asker(account.reader, pool)
        caller = asker.ask(caller_question(account.region))
        regions = enabled_regions(asker, account.region)
        facts = read_account(asker, regions, home_region=account.region)
        scope = CleanupScope(
            owner=value_of(caller()).owner,
            now=wiring.clock.now(),
            home_region=account.region,
            everybody=everybody,
        )
        known_caller = value_of(caller())
    return known_caller, plan_cleanup(facts, scope)
