"""What `spawn stop`, `start` and `hibernate` share: words in, one plan, results out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, assert_never

import click

from spawn.aws.perform import Performer
from spawn.cli.completing_instances import complete_instances
from spawn.cli.finding import everything, say_account
from spawn.cli.mending import mend_after
from spawn.cli.options import AccountWords, account_of, account_options, output_option, yes_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.outcomes import report_text
from spawn.cli.rendering.powering import dates_text, power_question
from spawn.cli.wiring import Wiring
from spawn.lifecycle.outcomes import Report, error_of
from spawn.lifecycle.power import Deed, change_power, plan_power
from spawn.lifecycle.resolve import resolve_words

F = TypeVar("F", bound=Callable[..., Any])


def power_options(function: F) -> F:
    """Add what these commands are told."""
    instances = click.argument(
        "instances",
        metavar="ID|NAME…",
        nargs=-1,
        required=True,
        shell_complete=complete_instances,
    )
    output = output_option(Output.TABLE, Output.JSON, Output.YAML, Output.IDS)
    return instances(yes_option(account_options(output(function))))


def carry_out(
    wiring: Wiring,
    deed: Deed,
    instances: tuple[str, ...],
    *,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Do it to the instances that are named, those that can be; one that fails stops no other."""
    account = account_of(wiring, asked)
    caller, listing = everything(wiring, account, region=asked.region)
    if output is Output.TABLE:
        say_account(wiring, account, caller)
    plan = plan_power(deed, resolve_words(instances, listing), now=wiring.clock.now())
    if plan.changes and not wiring.confirm(power_question(plan), yes=yes):
        wiring.say(f"nothing was {deed.done}")
        return 0
    report = change_power(plan, Performer(writer=account.writer, clock=wiring.clock))
    _show(wiring, report, deed, output)
    if output is Output.TABLE and plan.changes:
        wiring.say(dates_text(plan))
    touched = {one.instance.id for one in plan.changes}
    mend_after(wiring, account, (row for row in listing.instances if row.id not in touched), caller)
    error = error_of(report, done=deed.done)
    if error is not None:
        raise error
    return 0


def _show(wiring: Wiring, report: Report, deed: Deed, output: Output) -> None:
    match output:
        case Output.TABLE:
            wiring.show(report_text(report))
        case Output.JSON | Output.YAML:
            wiring.show(document(report, output))
        case Output.IDS:
            wiring.show_ids(one.id for one in report.results if one.outcome is deed.outcome)
        case _:
            assert_never(output)
