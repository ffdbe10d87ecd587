"""`spawn policy show`."""

from __future__ import annotations

import click

from spawn.cli.options import AccountWords, account_options, output_option
from spawn.cli.policies import Policies, account_id_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.policies import policy_json, show_text
from spawn.cli.wiring import Wiring


@click.command(name="show")
@click.argument("words", metavar="TEMPLATE|FILE|ROLE|INSTANCE…", nargs=-1, required=True)
@account_id_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    words: tuple[str, ...],
    account_id: str,
    asked: AccountWords,
    output: Output,
) -> int:
    """Show what policies say, to the letter and in words: what they let do, and what not.

    Several are taken together, as in one role. -o json writes the policy document alone.
    """
    from spawn.iam.meaning import meaning

    policies = Policies(wiring, asked, account_id=account_id)
    meant = policies.meant_by(words, flag="spawn policy show")
    if output is Output.TABLE:
        found = meaning(meant.subject)
        wiring.show(show_text(meant.document, found, notes=meant.notes))
        policies.say_account()
        return 0
    is_json = output is Output.JSON
    wiring.show(policy_json(meant.document) if is_json else document(meant.document, output))
    for note in meant.notes:
        wiring.tell(note)
    return 0
