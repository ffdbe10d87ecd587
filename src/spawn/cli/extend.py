"""`spawn extend`."""

from __future__ import annotations

from datetime import datetime

import click

from spawn.aws.perform import Performer
from spawn.cli.completing_instances import complete_instances
from spawn.cli.finding import everything
from spawn.cli.mending import mend_after
from spawn.cli.options import (
    Account,
    AccountWords,
    account_of,
    account_options,
    output_option,
    yes_option,
)
from spawn.cli.planned import show_first, show_only
from spawn.cli.progress import Lines, Silence
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.extending import (
    extend_document,
    extend_plan_text,
    extend_question,
    extended_text,
    followed_text,
)
from spawn.cli.settings import organisation_parameter, sources_of
from spawn.cli.wiring import Wiring
from spawn.core.durations import parse_duration
from spawn.core.errors import InputError
from spawn.core.instants import parse_instant
from spawn.lifecycle.extend import ExtendPlan, ExtendRequest, propose
from spawn.lifecycle.extend_apply import Extending, Followed, Following
from spawn.lifecycle.resolve import resolve_one


@click.command(name="extend")
@click.argument("instance", metavar="ID|NAME", shell_complete=complete_instances)
@click.argument("duration", metavar="[DURATION]", required=False)
@click.option(
    "--until",
    metavar="TIME",
    help="The new end date, which may be an earlier one: 2026-01-27T18:00Z",
)
@click.option(
    "--wait/--no-wait",
    default=True,
    help="Whether to listen, for up to 45 seconds, if its agent follows.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@yes_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    duration: str | None,
    until: str | None,
    wait: bool,
    dry_run: bool,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Let an instance live longer: so long from its end date, or from now where that has passed.

    Its tag, which its agent reads, and the schedules behind it are moved together.
    """
    if (duration is None) == (until is None):
        raise InputError(
            "say how much longer, or --until when",
            why="one of the two: spawn extend box 2h",
            next_command="spawn extend --help",
        )
    longer = None if duration is None else parse_duration(duration, flag="DURATION")
    date = None if until is None else _instant(until)
    account = account_of(wiring, asked)
    caller, listing = everything(wiring, account, region=asked.region)
    row = resolve_one(instance, listing)
    parameter = organisation_parameter(sources_of(wiring))
    request = ExtendRequest(row=row, caller=caller, longer=longer, until=date, parameter=parameter)
    plan = propose(request, account.reader, now=wiring.clock.now())
    text = _plan_text(wiring, account, plan)
    if dry_run:
        return show_only(wiring, plan, text, output=output)
    show_first(wiring, text, yes=yes, output=output)
    _carry_out(wiring, account, plan, wait=wait, yes=yes, output=output)
    others = (one for one in listing.instances if one.id != row.id)
    mend_after(wiring, account, others, caller)
    return 0


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise InputError(
            f"--until {text!r} is not a time",
            why="write one like 2026-01-27T18:00Z; without a zone it is UTC",
        ) from error


def _plan_text(wiring: Wiring, account: Account, plan: ExtendPlan) -> str:
    endpoint = account.session.endpoint("ec2", plan.instance.region)
    return extend_plan_text(plan, endpoint=endpoint, now=wiring.clock.now())


def _carry_out(
    wiring: Wiring, account: Account, plan: ExtendPlan, *, wait: bool, yes: bool, output: Output
) -> None:
    """Ask where it is not plain, perform, listen, and say what came of it."""
    is_plain = plan.instance.is_mine and not plan.is_earlier
    if not is_plain and not wiring.confirm(extend_question(plan), yes=yes):
        wiring.say("nothing was changed")
        return
    progress = Lines(wiring.stderr) if wiring.is_terminal else Silence()
    performer = Performer(writer=account.writer, clock=wiring.clock, observers=(progress,))
    extending = Extending(performer=performer, phase=progress.phase)
    extending.apply(plan)
    if output is Output.TABLE:
        wiring.show(extended_text(plan))
    followed = extending.listen(plan) if wait else Followed(following=Following.NOT_ASKED)
    if output is Output.TABLE:
        wiring.show(followed_text(plan, followed))
    else:
        wiring.show(document(extend_document(plan, followed), output))
