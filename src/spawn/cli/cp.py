"""`spawn cp`."""

from __future__ import annotations

import click

from spawn.cli.completing_instances import complete_places
from spawn.cli.options import AccountWords, account_of, account_options
from spawn.cli.way_options import bastion_option, ssm_option, user_option
from spawn.cli.ways import asked_route, named_instance, way_to
from spawn.cli.wiring import Wiring
from spawn.connect.copy import copy, parse_copy


@click.command(name="cp")
@click.argument("places", metavar="SOURCE… TARGET", nargs=-1, shell_complete=complete_places)
@click.option("-r", "--recursive", is_flag=True, help="Copy directories with all that is in them.")
@user_option
@bastion_option
@ssm_option
@account_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    places: tuple[str, ...],
    recursive: bool,
    user: str | None,
    bastion: str | None,
    ssm: bool,
    asked: AccountWords,
) -> int:
    """Copy files to an instance, or from it.

    The instance's side is written ID:path or NAME:path, relative to the login user's home. Names
    are taken as they are: no pattern, no option, no shell. A file here that has a colon in its
    name needs ./ before it, one that begins with a dash a -- before them all.
    """
    job = parse_copy(places)
    account = account_of(wiring, asked)
    instance_id, where = named_instance(wiring, account, job.instance, region=asked.region)
    way, patience = way_to(
        wiring,
        account,
        instance_id,
        region=where,
        user=user,
        progress=wiring.tell,
        asked=asked_route(wiring, account, bastion=bastion, ssm=ssm, region=asked.region),
    )
    done = copy(
        way,
        job,
        recursive=recursive,
        terminal=wiring.is_terminal,
        patience=patience,
        progress=wiring.tell,
    )
    for message in done.messages:
        wiring.tell(message)
    return done.returncode
