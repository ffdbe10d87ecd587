"""`spawn ssh-ca init`."""

from __future__ import annotations

from pathlib import Path

import click

from spawn.aws.perform import Performer
from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import caller_question
from spawn.cli.options import (
    Account,
    AccountWords,
    account_of,
    account_options,
    output_option,
    yes_option,
)
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.ssh_ca import authority_document, initialised_text
from spawn.cli.rendering.terminal import escape
from spawn.cli.wiring import Wiring
from spawn.connect.programs import LocalPrograms, without_aws
from spawn.connect.ssh_ca.authority import (
    Authority,
    default_key_file,
    file_authority,
    keep_authority,
    kept,
    one_place,
    require_authority,
)
from spawn.connect.ssh_ca.kms_key import kms_authority, make_kms_key, plan_kms_key


@click.command(name="init")
@click.option("--key-file", metavar="FILE", help="Where its key lies, or is made; else with spawn.")
@click.option("--passphrase", is_flag=True, help="Have ssh-keygen ask for a passphrase for it.")
@click.option("--kms", "new_in_kms", is_flag=True, help="Make its key in KMS instead.")
@click.option("--kms-key", metavar="KEY", help="A key that is in KMS already: id, ARN or alias.")
@yes_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    key_file: str | None,
    passphrase: bool,
    new_in_kms: bool,
    kms_key: str | None,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Make this machine's authority for SSH certificates, or take one that lies in KMS.

    One that is there already is kept, and shown. A key in a file serves this machine; one in KMS
    never leaves it, and serves all who may sign with it.
    """
    one_place(key_file=key_file, kms_key=kms_key, new_in_kms=new_in_kms, passphrase=passphrase)
    state, now = wiring.paths.state, wiring.clock.now()
    found = kept(state, key_file=key_file, kms_key=kms_key, new_in_kms=new_in_kms)
    is_new = found is None
    if found is None and (new_in_kms or kms_key is not None):
        account = account_of(wiring, asked)
        name = kms_key or _made_in_kms(wiring, account, yes=yes)
        if name is None:
            wiring.say("nothing was made")
            return 0
        found = kms_authority(name, account.reader, region=account.region, now=now)
    elif found is None:
        place = default_key_file(state) if key_file is None else Path(key_file)
        programs = LocalPrograms(without_aws(wiring.environment))
        found = file_authority(place, programs, now=now, passphrase=passphrase)
    if is_new and not keep_authority(state, found):
        found, is_new = require_authority(state, why="it was made just now"), False
    _show(wiring, found, is_new=is_new, output=output)
    return 0


def _made_in_kms(wiring: Wiring, account: Account, *, yes: bool) -> str | None:
    """Return the ARN of a key that was made, None where that was not wanted after all."""
    caller = value_of(answer_of(account.reader, caller_question(account.region)))
    step = plan_kms_key(region=account.region, owner=caller.owner)
    question = f"{step.sentence}, in account {caller.account}, {account.region}?"
    if not wiring.confirm(escape(question), yes=yes):
        return None
    performer = Performer(writer=account.writer, clock=wiring.clock)
    made = make_kms_key(step, performer)
    wiring.tell(f"made: {made}")
    return made


def _show(wiring: Wiring, authority: Authority, *, is_new: bool, output: Output) -> None:
    shown = authority_document(authority, is_new=is_new)
    text = initialised_text(authority, is_new=is_new)
    wiring.show(text if output is Output.TABLE else document(shown, output))
