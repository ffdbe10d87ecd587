"""`spawn network`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import click

from spawn.aws.perform import Performer
from spawn.aws.sts import Identity
from spawn.cli.assembly import address_service
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
from spawn.cli.progress import Lines, Silence
from spawn.cli.rendering.allowing import (
    allow_document,
    allow_plan_text,
    allow_question,
    allowed_text,
    nothing_to_do,
)
from spawn.cli.rendering.documents import Output, document
from spawn.cli.settings import organisation_parameter, sources_of
from spawn.cli.wiring import Wiring
from spawn.lifecycle.allow import AllowPlan, propose
from spawn.lifecycle.allow_apply import Allowed, Allowing
from spawn.lifecycle.allow_facts import AllowRequest
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.resolve import resolve_one
from spawn.network.caller import fetch_over_https, find_caller
from spawn.network.rules import parse_ssh_from


@click.group(name="network")
def command() -> None:
    """Change who may reach an instance."""


@command.command(name="allow")
@click.argument("instance", metavar="ID|NAME", shell_complete=complete_instances)
@click.option(
    "--from",
    "sources",
    metavar="CIDR|pl-ID",
    multiple=True,
    help="Who may reach it over SSH; else your own address, as it is now.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@yes_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def allow(
    wiring: Wiring,
    /,
    *,
    instance: str,
    sources: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Let your present address reach an instance over SSH, or the blocks that --from names.

    They take the place of whom spawn's security group lets in now; groups of your own are kept.
    """
    named = parse_ssh_from(sources, flag="--from")
    account = account_of(wiring, asked)
    caller, listing = everything(wiring, account, region=asked.region)
    row = resolve_one(instance, listing)
    request = _request(wiring, row, caller, sources=named)
    plan = _plan(wiring, account, request)
    if dry_run:
        text = f"{_plan_text(account, plan)}\n\nnothing was done"
        wiring.show(text if output is Output.TABLE else document(plan, output))
        return 0
    allowed = _carry_out(
        wiring, account, request, plan=plan, say=_sayer(wiring, output, yes=yes), yes=yes
    )
    if output is not Output.TABLE and allowed is not None:
        wiring.show(document(allow_document(allowed), output))
    mend_after(wiring, account, listing.instances, caller)
    return 0


def _sayer(wiring: Wiring, output: Output, *, yes: bool) -> Callable[[str], None]:
    """Return where words go: beside a document only what a person must know to answer."""
    if output is Output.TABLE:
        return wiring.show
    return _nowhere if yes else wiring.say


def _nowhere(text: str) -> None:
    """Say nothing."""


def allow_caller(wiring: Wiring, account: Account, instance_id: str, *, region: str) -> bool:
    """Offer to let the caller's present address reach an instance; return whether it may now.

    All words go to stderr: stdout belongs to whatever runs on the instance. Raises what planning
    and performing raise.
    """
    caller, listing = everything(wiring, account, region=region)
    row = resolve_one(instance_id, listing)
    request = _request(wiring, row, caller, sources=())
    plan = _plan(wiring, account, request)
    return _carry_out(wiring, account, request, plan=plan, say=wiring.say, yes=False) is not None


def _request(
    wiring: Wiring, row: ListedInstance, caller: Identity, *, sources: tuple[str, ...]
) -> AllowRequest:
    parameter = organisation_parameter(sources_of(wiring))
    return AllowRequest(row=row, caller=caller, sources=sources, parameter=parameter)


def _plan(wiring: Wiring, account: Account, request: AllowRequest) -> AllowPlan:
    url = address_service(wiring)
    return propose(
        request,
        account.reader,
        find_caller=lambda: find_caller(url, fetch_over_https),
        now=wiring.clock.now(),
    )


def _carry_out(
    wiring: Wiring,
    account: Account,
    request: AllowRequest,
    *,
    plan: AllowPlan,
    say: Callable[[str], None],
    yes: bool,
) -> Allowed | None:
    """Ask, perform, and say what came of it; None where the person does not want it."""
    if plan.is_done:
        say(nothing_to_do(plan))
        return Allowed(plan=plan, seen=plan)
    say(_plan_text(account, plan))
    if not wiring.confirm(allow_question(plan), yes=yes):
        wiring.say("nothing was changed")
        return None
    progress = Lines(wiring.stderr) if wiring.is_terminal else Silence()
    # What is planned anew is for those who were shown, wherever the person may be by then.
    settled = replace(request, sources=plan.sources)
    allowing = Allowing(
        performer=Performer(writer=account.writer, clock=wiring.clock, observers=(progress,)),
        replan=partial(_plan, wiring, account, settled),
        phase=progress.phase,
    )
    allowed = allowing.apply(plan)
    say(allowed_text(allowed))
    return allowed


def _plan_text(account: Account, plan: AllowPlan) -> str:
    return allow_plan_text(plan, endpoint=account.session.endpoint("ec2", plan.instance.region))
