"""`spawn ssh-ca revoke`."""

from __future__ import annotations

import os

import click

from spawn.cli.finding import everything
from spawn.cli.launch_words import read_file
from spawn.cli.options import AccountWords, account_of, account_options, output_option, yes_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.ssh_ca import revoked_document, revoked_text
from spawn.cli.rendering.terminal import escape
from spawn.cli.wiring import Wiring
from spawn.connect.programs import LocalPrograms, without_aws
from spawn.connect.ssh_ca.authority import require_authority
from spawn.connect.ssh_ca.revocations import parse_revoked, revoke
from spawn.lifecycle.trusting import trusting


@click.command(name="revoke")
@click.argument("what", metavar="SERIAL|CERT|KEY")
@yes_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(wiring: Wiring, /, *, what: str, yes: bool, asked: AccountWords, output: Output) -> int:
    """Take back a certificate, by its serial number or file, or a public key with all of its own.

    The list is kept with the authority, and new launches carry it. Running instances get it by
    `spawn ssh-ca trust`; it is said which have it not. What is revoked stays so.
    """
    authority = require_authority(wiring.paths.state, why="it is what takes back")
    text = read_file(what, flag="revoke").decode("ascii", "replace") if _is_file(what) else what
    one = parse_revoked(text, authority, now=wiring.clock.now())
    named = f"the {one.kind} {one.note or one.value}"
    if not wiring.confirm(escape(f"revoke {named} for good?"), yes=yes):
        wiring.say("nothing was revoked")
        return 0
    programs = LocalPrograms(without_aws(wiring.environment))
    after = revoke(one, authority, programs, state_directory=wiring.paths.state)
    wiring.tell(f"revoked: {named}; the list's number is {after.number}")
    account = account_of(wiring, asked)
    _, listing = everything(wiring, account, region=asked.region)
    found = trusting(listing.instances, authority, after)
    done = revoked_document(one, after, found, listing.failed_regions)
    wiring.show(revoked_text(done) if output is Output.TABLE else document(done, output))
    return 0


def _is_file(word: str) -> bool:
    return word == "-" or os.path.lexists(os.path.expanduser(word))  # noqa: PTH111  as read_file
