"""`spawn ssh-ca sign`."""

from __future__ import annotations

from pathlib import Path

import click

from spawn.cli.launch_words import read_file
from spawn.cli.options import AccountWords, account_of, account_options, output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.ssh_ca import certificate_document, certificate_text
from spawn.cli.wiring import Wiring
from spawn.connect.keys import personal_key
from spawn.connect.programs import LocalPrograms, Programs, without_aws
from spawn.connect.publickey import PublicKey
from spawn.connect.ssh_ca.authority import authority_directory, require_authority
from spawn.connect.ssh_ca.building import SERIAL_BYTES
from spawn.connect.ssh_ca.certifying import who_signs
from spawn.connect.ssh_ca.principals import checked_principal
from spawn.connect.ssh_ca.revocations import read_revocations
from spawn.connect.ssh_ca.signing import (
    Signer,
    check_not_revoked,
    checked_networks,
    checked_valid,
    key_in,
    wanted_certificate,
)
from spawn.connect.ssh_ca.standing import is_still_good, write_certificate


@click.command(name="sign")
@click.argument("key", metavar="[PUBKEY]", required=False)
@click.option(
    "--principal",
    "principals",
    metavar="NAME",
    multiple=True,
    help="Whom it is for; else owner: and you. Several where it is given several times.",
)
@click.option(
    "--valid",
    metavar="DURATION",
    default="5m",
    show_default=True,
    help="For how long; 12h at most.",
)
@click.option("--forwarding", is_flag=True, help="Let it forward ports, and lead on to others.")
@click.option(
    "--source-address",
    "sources",
    metavar="CIDR",
    multiple=True,
    help="Let it be used from there alone.",
)
@click.option("--to", "place", metavar="FILE", help="Write it there, and not to standard output.")
@click.option("--if-needed", is_flag=True, hidden=True)
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    key: str | None,
    principals: tuple[str, ...],
    valid: str,
    forwarding: bool,
    sources: tuple[str, ...],
    place: str | None,
    if_needed: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Sign a certificate for a public key: a file, or - for standard input; else your own key.

    `spawn connect` does this by itself; this is for other programs, and for keys that you are
    handed. It begins a minute ago, since clocks differ.
    """
    state, now, lasts = wiring.paths.state, wiring.clock.now(), checked_valid(valid)
    networks = checked_networks(sources)
    whom = tuple(checked_principal(name, flag="--principal") for name in principals)
    authority = require_authority(state, why="it is what signs")
    programs = LocalPrograms(without_aws(wiring.environment))
    public = _public_key(wiring, key, programs)
    target = None if place is None else Path(place)
    if if_needed and is_still_good(target, by=authority.public_key, of=public, now=now):
        return 0
    check_not_revoked(public, read_revocations(state))
    account = account_of(wiring, asked) if authority.kms_key or not whom else None
    if account is not None and not whom:
        whom = (who_signs(account.reader, region=account.region, now=now),)
    signer = Signer(
        authority=authority,
        programs=programs,
        directory=authority_directory(state),
        writer=None if account is None else account.writer,
        randomness=wiring.randomness,
    )
    line = signer.sign(
        wanted_certificate(
            public,
            whom,
            now=now,
            serial=wiring.randomness(SERIAL_BYTES),
            valid=lasts,
            forwards=forwarding,
            source_addresses=networks,
        )
    )
    if target is not None:
        write_certificate(target, line)
    if not if_needed:  # ssh's configuration is no reader
        _show(wiring, line, place, output=output)
    return 0


def _show(wiring: Wiring, line: str, place: str | None, *, output: Output) -> None:
    if output is not Output.TABLE:
        wiring.show(document(certificate_document(line, place), output))
        return
    wiring.say(certificate_text(line, place))
    if place is None:
        wiring.show(line)


def _public_key(wiring: Wiring, key: str | None, programs: Programs) -> PublicKey:
    if key is None:
        return personal_key(wiring.paths.state, programs).public_key
    return key_in(read_file(key, flag="PUBKEY"), place=key)
