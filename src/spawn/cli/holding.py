"""What `spawn hold` and `spawn unhold` share: words in, one plan, which of the five hold out."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import click

from spawn.aws.perform import Performer
from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.cli.completing_instances import complete_instances
from spawn.cli.finding import SIDE_BY_SIDE, everything
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
from spawn.cli.rendering.holding import (
    hold_plan_text,
    hold_question,
    hold_report_text,
    unhold_question,
)
from spawn.cli.wiring import Wiring
from spawn.lifecycle.hold import HoldPlan, case_of, parse_case, parse_reason, plan_hold, plan_unhold
from spawn.lifecycle.hold_apply import Applying, HoldReport, ask_hold, ask_release
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.resolve import resolve_one
from spawn.registry.records import HOLD, UNHOLD, Held

F = TypeVar("F", bound=Callable[..., Any])


def hold_options(function: F) -> F:
    """Add what both commands are told."""
    instance = click.argument("instance", metavar="ID|NAME", shell_complete=complete_instances)
    reason = click.option(
        "--reason", required=True, metavar="WORDS", help="Why: it is recorded, with your name."
    )
    dry_run = click.option(
        "--dry-run", is_flag=True, help="Show what would be done, and do nothing."
    )
    output = output_option(Output.TABLE, Output.JSON, Output.YAML)
    return instance(reason(dry_run(yes_option(account_options(output(function))))))


def hold(
    wiring: Wiring,
    instance: str,
    *,
    case: str | None,
    reason: str,
    dry_run: bool,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Hold an instance; exit code 6 where it is held by less than all that holds."""
    named_case = None if case is None else parse_case(case)
    words = parse_reason(reason)
    account, caller, row = _found(wiring, instance, asked)
    now = wiring.clock.now()
    standing = case_of(row, now) if row.hold is None else row.hold
    held = Held(kind=HOLD, case=named_case or standing, reason=words, by=caller.arn, at=now)
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        facts = ask_hold(Asker(account.reader, pool), row, caller=caller)()
    plan = plan_hold(row, facts, account=caller.account, held=held)
    text = _plan_text(account, plan)
    if dry_run:
        return show_only(wiring, plan, text, output=output)
    show_first(wiring, text, yes=yes, output=output)
    if not row.is_mine and not wiring.confirm(hold_question(plan), yes=yes):
        wiring.say("nothing was changed")
        return 0
    again = ("spawn", "hold", row.id, "--region", row.region, "--reason", words)
    applying = _applying(wiring, account, again=shlex.join(again))
    report = applying.hold(plan)
    _show_report(wiring, report, output)
    error = applying.error_of(report)
    if error is not None:
        raise error
    return 0


def unhold(
    wiring: Wiring,
    instance: str,
    *,
    reason: str,
    dry_run: bool,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Release an instance; it stays held where anything fails on the way."""
    words = parse_reason(reason)
    account, caller, row = _found(wiring, instance, asked)
    now = wiring.clock.now()
    held = Held(kind=UNHOLD, case=row.hold or "", reason=words, by=caller.arn, at=now)
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        asker = Asker(account.reader, pool)
        facts = ask_hold(asker, row, caller=caller)()
        arming = ask_release(asker, row, facts, caller=caller, now=now)
    plan = plan_unhold(row, facts, account=caller.account, held=held, arming=arming)
    text = _plan_text(account, plan)
    if dry_run:
        return show_only(wiring, plan, text, output=output)
    show_first(wiring, text, yes=yes, output=output)
    if not wiring.confirm(unhold_question(plan), yes=yes):
        wiring.say("nothing was changed")
        return 0
    again = ("spawn", "unhold", row.id, "--region", row.region, "--reason", words)
    report = _applying(wiring, account, again=shlex.join(again)).unhold(plan)
    _show_report(wiring, report, output)
    return 0


def _found(
    wiring: Wiring, instance: str, asked: AccountWords
) -> tuple[Account, Identity, ListedInstance]:
    account = account_of(wiring, asked)
    caller, listing = everything(wiring, account, region=asked.region)
    return account, caller, resolve_one(instance, listing)


def _applying(wiring: Wiring, account: Account, *, again: str) -> Applying:
    progress = Lines(wiring.stderr) if wiring.is_terminal else Silence()
    performer = Performer(writer=account.writer, clock=wiring.clock, observers=(progress,))
    return Applying(performer=performer, again=again)


def _plan_text(account: Account, plan: HoldPlan) -> str:
    return hold_plan_text(plan, endpoint=account.session.endpoint("ec2", plan.instance.region))


def _show_report(wiring: Wiring, report: HoldReport, output: Output) -> None:
    wiring.show(hold_report_text(report) if output is Output.TABLE else document(report, output))
