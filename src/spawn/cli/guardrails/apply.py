"""`spawn guardrails apply`."""

from __future__ import annotations

import click

from spawn.aws.perform import Performer
from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.cli.guardrails.words import GuardrailWords, guardrail_options
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
from spawn.cli.rendering.guardrails import (
    apply_document,
    nothing_text,
    plan_text,
    put_text,
    question,
)
from spawn.cli.wiring import Wiring
from spawn.lifecycle.guardrails import Outcome, error_of, look, put
from spawn.lifecycle.guardrails_model import Standing


@click.command(name="apply")
@guardrail_options(target=True)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@yes_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    said: GuardrailWords,
    dry_run: bool,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Put guardrails where they are missing or differ; without a NAME, all that can be put.

    Only the difference is done, after it was shown, and nothing is ever taken away. Policies of
    the organisation are put on --target, by its management account.
    """
    account = account_of(wiring, asked)
    caller = value_of(answer_of(account.reader, caller_question(account.region)))
    wishes = said.wishes(partition=caller.partition, account=caller.account)
    guardrails, notes = said.meant(wishes, putting=True)
    standings = look(account.reader, guardrails, said.place(account, wishes))
    text = _plan_text(account, caller, standings, notes)
    if dry_run:
        return show_only(wiring, apply_document(standings, ()), text, output=output)
    outcomes: tuple[Outcome, ...] = ()
    if any(one.stages for one in standings):
        show_first(wiring, text, yes=yes, output=output)
        if not wiring.confirm(question(standings), yes=yes):
            wiring.say("nothing was changed")
            return 0
        outcomes = put(standings, _performer(wiring, account))
        words = put_text(outcomes)
    else:
        words = f"{text}\n\n{nothing_text(standings)}"
    done = apply_document(standings, outcomes)
    wiring.show(words if output is Output.TABLE else document(done, output))
    error = error_of(standings, outcomes)
    if error is not None:
        raise error
    return 0


def _performer(wiring: Wiring, account: Account) -> Performer:
    progress = Lines(wiring.stderr) if wiring.is_terminal else Silence()
    return Performer(writer=account.writer, clock=wiring.clock, observers=(progress,))


def _plan_text(
    account: Account, caller: Identity, standings: tuple[Standing, ...], notes: tuple[str, ...]
) -> str:
    endpoint = account.session.endpoint("ec2", account.region)
    return plan_text(standings, account=caller.account, endpoint=endpoint, notes=notes)
