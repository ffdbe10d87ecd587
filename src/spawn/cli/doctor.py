"""`spawn doctor`."""

from __future__ import annotations

import click

from spawn.cli.options import Account, AccountWords, account_of, account_options, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.wiring import Wiring
from spawn.core.errors import AccountError, CredentialsRefused, InputError, RefusedByControl
from spawn.core.levels import Level


@click.command(name="doctor")
@click.option(
    "--security",
    type=click.Choice([level.value for level in Level]),
    help="What a launch of this level needs.",
)
@click.option("--spot/--no-spot", default=None, help="What a spot launch needs.")
@click.option(
    "--data",
    is_flag=True,
    help="Whether data is protected instead: disks, spawn's bucket, and what --bucket, --key name.",
)
@click.option("--bucket", "buckets", metavar="NAME", multiple=True, help="A bucket of yours.")
@click.option(
    "--key", "keys", metavar="ID|ARN|ALIAS", multiple=True, help="A key of KMS, for disks."
)
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    security: str | None,
    spot: bool | None,
    data: bool,
    buckets: tuple[str, ...],
    keys: tuple[str, ...],
    asked: AccountWords,
    output: Output,
) -> int:
    """Say what is missing for a first launch, and what to type to get it.

    It looks at your credentials and permissions, the network, this machine and the account, and
    changes nothing: whether you may launch it asks with dry runs and of IAM's simulator. What it
    can't look at is unknown, never fine.

    With --data it looks at what protects data at rest and in transit, and prints for each check
    that fails the command that makes it pass.
    """
    if data:
        if security is not None or spot is not None:
            raise InputError("--data looks at no launch", why="leave --security and --spot out")
        return _data(wiring, account_of(wiring, asked), buckets, keys, output=output)
    if buckets or keys:
        raise InputError("--bucket and --key go with --data")
    return _launch(wiring, asked, security=security, spot=spot, output=output)


def _launch(
    wiring: Wiring, asked: AccountWords, *, security: str | None, spot: bool | None, output: Output
) -> int:
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


def _data(
    wiring: Wiring,
    account: Account,
    buckets: tuple[str, ...],
    keys: tuple[str, ...],
    *,
    output: Output,
) -> int:
    from spawn.cli.finding import say_account
    from spawn.cli.rendering.examining_data import data_text
    from spawn.launch.doctor.data.examine import examine_data
    from spawn.launch.doctor.data.facts import checked_wish, look_at_data

    facts = look_at_data(checked_wish(account.region, buckets=buckets, keys=keys), account.reader)
    found = examine_data(facts)
    if output is Output.TABLE:
        say_account(wiring, account, facts.caller)
        wiring.show(data_text(found, columns=wiring.columns, colour=wiring.in_colour))
    else:
        wiring.show(document(found, output))
    return RefusedByControl.exit_code if found.fails else 0
