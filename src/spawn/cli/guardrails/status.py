"""`spawn guardrails status`."""

from __future__ import annotations

import click

from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import caller_question
from spawn.cli.finding import say_account
from spawn.cli.guardrails.words import GuardrailWords, guardrail_options
from spawn.cli.options import AccountWords, account_of, account_options, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.guardrails import status_document, status_text
from spawn.cli.wiring import Wiring
from spawn.lifecycle.guardrails import look
from spawn.lifecycle.guardrails_model import State

LACKING = 3


@click.command(name="status")
@guardrail_options(target=True)
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(wiring: Wiring, /, *, said: GuardrailWords, asked: AccountWords, output: Output) -> int:
    """Say which guardrails are there: PRESENT, MISSING, DIFFERS, or UNKNOWN where it is denied.

    Ends with 0 where all are present, with 3 where one is not, or can't be seen.
    """
    account = account_of(wiring, asked)
    caller = value_of(answer_of(account.reader, caller_question(account.region)))
    wishes = said.wishes(partition=caller.partition, account=caller.account)
    guardrails, notes = said.meant(wishes)
    standings = look(account.reader, guardrails, said.place(account, wishes))
    if output is Output.TABLE:
        say_account(wiring, account, caller)
        wiring.show(status_text(standings, columns=wiring.columns, colour=wiring.in_colour))
    else:
        wiring.show(document(status_document(standings), output))
    for note in notes:
        wiring.tell(note)
    return 0 if all(one.state is State.PRESENT for one in standings) else LACKING
