"""`spawn connect`."""

from __future__ import annotations

import click

from spawn.aws.questions import Known
from spawn.cli.finding import everything
from spawn.cli.options import Account, account_of, account_options
from spawn.cli.wiring import Wiring
from spawn.connect.connect import connect
from spawn.connect.destination import find_instance, find_login_user
from spawn.connect.patience import Patience
from spawn.connect.programs import LocalPrograms
from spawn.connect.way import Machine, boot_seconds_left, find_way
from spawn.core.ids import is_resource_id
from spawn.lifecycle.resolve import resolve_one
from spawn.network.caller import fetch_over_https, find_caller


@click.command(name="connect", context_settings={"ignore_unknown_options": True})
@click.argument("instance", metavar="ID|NAME")
@click.argument("words", metavar="[-- COMMAND…]", nargs=-1, type=click.UNPROCESSED)
@click.option("--user", metavar="NAME", help="Who logs in; else the image's own user.")
@account_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    words: tuple[str, ...],
    user: str | None,
    region: str | None,
    profile: str | None,
    local: bool,
) -> int:
    """Open a shell on an instance, or run a command there and pass on its exit code.

    The words after -- reach the instance exactly as they are; for the shell's own syntax say
    -- sh -c '…'. The instance must show the host key that its first boot wrote on its console.
    """
    account = account_of(wiring, region=region, profile=profile, local=local)
    instance_id, where = _named(wiring, account, instance, region=region)
    found = find_instance(account.reader, instance_id, region=where)
    patience = Patience(
        limit_seconds=boot_seconds_left(found, wiring.clock.now()),
        clock=wiring.clock.monotonic,
        sleep=wiring.clock.sleep,
    )
    way = find_way(
        found,
        account.reader,
        _machine(wiring),
        region=where,
        user=user
        or find_login_user(
            account.reader, found, region=where, partition=account.session.partition(where)
        ),
        caller_addresses=lambda: _addresses(wiring),
        patience=patience,
        progress=wiring.say,
    )
    return connect(
        way, words, terminal=wiring.is_terminal, patience=patience, progress=wiring.say
    )


def _named(
    wiring: Wiring, account: Account, word: str, *, region: str | None
) -> tuple[str, str]:
    """Return id and region; an id with its region needs no looking around."""
    if region is not None and is_resource_id(word, "i"):
        return word, region
    _, listing = everything(wiring, account, region=region)
    row = resolve_one(word, listing)
    return row.id, row.region


def _machine(wiring: Wiring) -> Machine:
    return Machine(
        state_directory=wiring.paths.state,
        ssh_directory=wiring.paths.home / ".ssh",
        programs=LocalPrograms(),
        proxy_command=wiring.environment.get("SPAWN_SSH_PROXY_COMMAND", ""),
    )


def _addresses(wiring: Wiring) -> tuple[str, ...]:
    found = find_caller(wiring.address_url, fetch_over_https)
    return found.value if isinstance(found, Known) else ()
