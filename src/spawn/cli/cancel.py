"""`spawn cancel`."""

from __future__ import annotations

from typing import assert_never

import click

from spawn.aws.perform import Performer
from spawn.cli.completing_instances import complete_instances
from spawn.cli.finding import everything, say_account
from spawn.cli.mending import mend_after
from spawn.cli.options import AccountWords, account_of, account_options, output_option, yes_option
from spawn.cli.rendering.cancelling import cancel_question
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.outcomes import report_text
from spawn.cli.wiring import Wiring
from spawn.lifecycle.cancel import cancel, plan_cancel
from spawn.lifecycle.outcomes import Outcome, error_of
from spawn.lifecycle.resolve import resolve_words


@click.command(name="cancel")
@click.argument(
    "instances",
    metavar="ID|NAME…",
    nargs=-1,
    required=True,
    shell_complete=complete_instances,
)
@yes_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML, Output.IDS)
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
    """End instances now, their disks with them.

    A name stands for your own instances only. One that can't be ended does not stop the others.
    """
    account = account_of(wiring, asked)
    caller, listing = everything(wiring, account, region=asked.region)
    if output is Output.TABLE:
        say_account(wiring, account, caller)
    plan = plan_cancel(resolve_words(instances, listing), by=caller.arn, now=wiring.clock.now())
    if plan.cancellations and not wiring.confirm(cancel_question(plan), yes=yes):
        wiring.say("nothing was ended")
        return 0
    report = cancel(plan, Performer(writer=account.writer, clock=wiring.clock))
    match output:
        case Output.TABLE:
            wiring.show(report_text(report))
        case Output.JSON | Output.YAML:
            wiring.show(document(report, output))
        case Output.IDS:
            wiring.show_ids(one.id for one in report.results if one.outcome is Outcome.ENDED)
        case _:
            assert_never(output)
    named = {one.id for one in report.results}
    others = (row for row in listing.instances if row.id not in named)
    ended = (one.instance for one in plan.cancellations)
    mend_after(wiring, account, others, caller, ended=ended)
    error = error_of(report, done="ended")
    if error is not None:
        raise error
    return 0
