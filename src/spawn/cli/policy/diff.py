"""`spawn policy diff`."""

from __future__ import annotations

import click

from spawn.cli.options import AccountWords, account_options, output_option
from spawn.cli.policies import Policies, account_id_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.policies import diff_document, diff_text
from spawn.cli.wiring import Wiring
from spawn.core.errors import RefusedByControl


@click.command(name="diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option(
    "--exit-code",
    is_flag=True,
    help=f"End with {RefusedByControl.exit_code} where B allows more than A.",
)
@account_id_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    first: str,
    second: str,
    exit_code: bool,
    account_id: str,
    asked: AccountWords,
    output: Output,
) -> int:
    """Show what B allows that A does not, and the other way round: in permissions, not in text.

    Each of the two is a TEMPLATE, a FILE, a ROLE or an INSTANCE.
    """
    from spawn.iam.compare import difference

    policies = Policies(wiring, asked, account_id=account_id)
    one = policies.meant_by((first,), flag="A")
    other = policies.meant_by((second,), flag="B")
    found = difference(one.subject, other.subject)
    if output is Output.TABLE:
        wiring.show(diff_text(found, first=first, second=second))
        policies.say_account()
    else:
        wiring.show(document(diff_document(found, first=first, second=second), output))
    for note in dict.fromkeys((*one.notes, *other.notes)):
        wiring.tell(note)
    return RefusedByControl.exit_code if exit_code and found.only_second else 0
