"""`spawn proxy`: what ssh starts to get to an instance through Session Manager; not for people."""

from __future__ import annotations

from typing import NoReturn

import click

from spawn.cli.options import AccountWords, account_of, account_options
from spawn.cli.wiring import Wiring
from spawn.connect.programs import LocalPrograms
from spawn.connect.session_manager import SSH_PORT, SessionClient, become_ssh_proxy
from spawn.core.errors import InputError
from spawn.core.ids import is_resource_id


@click.command(name="proxy", hidden=True)
@click.option("--ssm", "instance_id", metavar="ID", required=True, help="The instance.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=SSH_PORT,
    show_default=True,
    help="Where its SSH server listens.",
)
@account_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance_id: str,
    port: int,
    asked: AccountWords,
) -> NoReturn:
    """Carry ssh's bytes to an instance through Session Manager: an ssh ProxyCommand."""
    if not is_resource_id(instance_id, "i"):
        raise InputError(
            f"--ssm {instance_id!r} is not the id of an instance",
            why="ssh starts this; a person types the name or id after connect",
            next_command="spawn connect --help",
        )
    account = account_of(wiring, asked)
    client = SessionClient(
        writer=account.writer,
        programs=LocalPrograms(wiring.environment),
        region=account.region,
        endpoint_url=account.session.endpoint("ssm", account.region),
        profile=account.profile,
    )
    become_ssh_proxy(client, instance_id, port=port)
