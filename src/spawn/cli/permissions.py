"""`spawn permissions`."""

from __future__ import annotations

import re

import click

from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.aws.table import operation
from spawn.cli.options import Account, AccountWords, account_of, account_options, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.permissions import needs_table, notes
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError
from spawn.iam.documents import PolicyDocument
from spawn.iam.permissions.commands import commands_of, needs_of
from spawn.iam.permissions.policy import Scope, Variant, parts, policy

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


@click.command(name="permissions")
@click.argument("commands", metavar="[COMMAND]…", nargs=-1)
@click.option(
    "--variant",
    type=click.Choice([variant.value for variant in Variant]),
    default=Variant.WITH_BOUNDARY.value,
    show_default=True,
    help="Roles may be made under the account's boundary, or are passed only.",
)
@click.option("--owner", metavar="NAME", help="Only for what carries this owner's name.")
@click.option(
    "--account", "account_id", metavar="NUMBER", help="The account; else that of your credentials."
)
@click.option(
    "--required-only", is_flag=True, help="Without what the commands can do without, and say so."
)
@click.option(
    "--part",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of several policies, where one would be too long for IAM: this one.",
)
@account_options
@output_option(Output.JSON, Output.YAML, Output.TABLE)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    commands: tuple[str, ...],
    variant: str,
    owner: str | None,
    account_id: str | None,
    required_only: bool,
    part: int | None,
    asked: AccountWords,
    output: Output,
) -> int:
    """Print the policy that a person needs for these commands; without any, for all.

    It is made of the same table as the calls themselves. `-o table` says of each action which
    commands need it, and what becomes of them without it.
    """
    named, kind = commands_of(commands), Variant(variant)
    account = account_of(wiring, asked)
    scope = _scope(account, account_id, owner or "")
    if output is Output.TABLE:
        wiring.show(needs_table(named, kind, scope, columns=wiring.columns))
        return 0
    needs = [need for need in needs_of(named) if not (required_only and need.without)]
    operations = [operation(need.operation) for need in needs]
    whole = policy(operations, kind, scope)
    shown = _part(whole, part)
    wiring.say(notes(whole, kind, scope, is_part=part is not None))
    wiring.show(document(shown, output))
    return 0


def _scope(account: Account, account_id: str | None, owner: str) -> Scope:
    partition = account.session.partition(account.region)
    if account_id is None:
        caller: Identity = value_of(answer_of(account.reader, caller_question(account.region)))
        account_id, partition = caller.account, caller.partition
    elif not _ACCOUNT.fullmatch(account_id):
        raise InputError(f"--account {account_id!r} is not the number of an account")
    return Scope(partition=partition, account=account_id, region=account.region, owner=owner)


def _part(whole: PolicyDocument, number: int | None) -> PolicyDocument:
    if number is None:
        return whole
    found = parts(whole)
    if number > len(found):
        raise InputError(f"--part {number}: there are {len(found)}")
    return found[number - 1]
