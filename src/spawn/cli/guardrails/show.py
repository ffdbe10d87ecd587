"""`spawn guardrails show`."""

from __future__ import annotations

import click

from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import caller_question
from spawn.cli.guardrails.words import GuardrailWords, guardrail_options
from spawn.cli.options import AccountWords, account_of, account_options, output_option
from spawn.cli.rendering.documents import Output, as_json, document
from spawn.cli.rendering.guardrails import about_text, catalog_text
from spawn.cli.wiring import Wiring
from spawn.iam.guardrails.catalog import CATALOG, written
from spawn.iam.guardrails.model import Need, Row, Wishes
from spawn.iam.guardrails.places import parse_account, partition_of


@click.command(name="show")
@guardrail_options(target=False)
@click.option(
    "--account",
    "account_id",
    metavar="DIGITS",
    help="The account that it is for; no credentials are needed then.",
)
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    said: GuardrailWords,
    account_id: str | None,
    asked: AccountWords,
    output: Output,
) -> int:
    """Print guardrails in AWS's exact words, to be read or pasted; without a NAME, list them.

    Nothing is asked of AWS, but the number of the account where it is needed and not given.
    """
    rows = said.rows() or CATALOG
    if not said.names and output is Output.TABLE:
        wiring.show(catalog_text(rows, columns=wiring.columns, colour=wiring.in_colour))
        return 0
    wishes = _wishes(wiring, said, rows, account_id=account_id, asked=asked)
    shown = tuple(written(row, wishes) for row in rows if said.names or not wishes.lacks(row.needs))
    if output is not Output.TABLE:
        wiring.show(document(shown, output))
        return 0
    for one in shown:
        wiring.say(about_text(one))
        wiring.show(as_json(one.document))
    return 0


def _wishes(
    wiring: Wiring,
    said: GuardrailWords,
    rows: tuple[Row, ...],
    *,
    account_id: str | None,
    asked: AccountWords,
) -> Wishes:
    """Return what was said; AWS is asked for the account only where that is needed."""
    if account_id is not None or not any(Need.ACCOUNT in row.needs for row in rows):
        partition = partition_of(said.regions[0] if said.regions else asked.region or "")
        return said.wishes(partition=partition, account=parse_account(account_id or ""))
    account = account_of(wiring, asked)
    caller = value_of(answer_of(account.reader, caller_question(account.region)))
    return said.wishes(partition=caller.partition, account=caller.account)
