"""`spawn doctor`."""

from __future__ import annotations

import click

from spawn.cli.options import AccountWords, account_options, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.wiring import Wiring
from spawn.core.errors import AccountError, CredentialsRefused
from spawn.core.levels import Level


@click.command(name="doctor")
@click.option(
    "--security",
    type=click.Choice([level.value for level in Level]),
    help="What a launch of this level needs.",
)
@click.option("--spot/--no-spot", default=None, help="What a spot launch needs.")
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    security: str | None,
    spot: bool | None,
    asked: AccountWords,
    output: Output,
) -> int:
    """Say what is missing for a first launch, and what to type to get it.

    It looks at your credentials and permissions, the network, this machine and the account, and
    changes nothing: whether you may launch it asks with dry runs and of IAM's simulator. What it
    can't look at is unknown, never fine.
    """
    from spawn.cli.examining import Patient, look
    from spawn.cli.rendering.examining import examination_text
    from spawn.launch.doctor.examine import examine

    found = examine(look(wiring, Patient(asked=asked, security=security, spot=spot)))
    if output is Output.TABLE:
        wiring.show(examination_text(found, columns=wiring.columns, colour=wiring.in_colour))
    else:
        wiring.show(document(found, output))
    if found.credentials_refused:
        return CredentialsRefused.exit_code
    return AccountError.exit_code if found.lacks_something else 0
