"""`spawn connect`."""

from __future__ import annotations

from functools import partial

import click

from spawn.cli.completing_instances import complete_instances
from spawn.cli.options import Account, AccountWords, account_of, account_options
from spawn.cli.way_options import bastion_option, ssm_option, user_option
from spawn.cli.ways import (
    asked_route,
    cloud_of,
    named_instance,
    patience_with,
    this_machine,
    way_to,
)
from spawn.cli.wiring import Wiring
from spawn.connect.choice import require_managed
from spawn.connect.connect import connect
from spawn.connect.destination import find_instance
from spawn.connect.explanations import NotAdmitted
from spawn.connect.finding import require_alive
from spawn.connect.forwarding import parse_forwarding
from spawn.connect.plugin import check_plugin
from spawn.connect.session_manager import SessionClient, open_shell
from spawn.core.errors import InputError


@click.command(name="connect", context_settings={"ignore_unknown_options": True})
@click.argument("instance", metavar="ID|NAME", shell_complete=complete_instances)
@click.argument("words", metavar="[-- COMMAND…]", nargs=-1, type=click.UNPROCESSED)
@user_option
@bastion_option
@ssm_option
@click.option(
    "-L",
    "local_forwards",
    metavar="SPEC",
    multiple=True,
    help="Carry a port from here to there, as ssh does: 8080:localhost:80.",
)
@click.option(
    "-R", "remote_forwards", metavar="SPEC", multiple=True, help="Carry a port from there to here."
)
@click.option(
    "-D", "dynamic_forwards", metavar="SPEC", multiple=True, help="Be a SOCKS proxy on this port."
)
@click.option("-N", "only_forward", is_flag=True, help="Only forward ports: no shell, no command.")
@account_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    words: tuple[str, ...],
    user: str | None,
    bastion: str | None,
    ssm: bool,
    local_forwards: tuple[str, ...],
    remote_forwards: tuple[str, ...],
    dynamic_forwards: tuple[str, ...],
    only_forward: bool,
    asked: AccountWords,
) -> int:
    """Open a shell on an instance, or run a command there and pass on its exit code.

    The words after -- reach the instance exactly as they are; for the shell's own syntax say
    -- sh -c '…'. The instance must show the host key that its first boot wrote on its console.

    Without a public address the way is found: a bastion, an EC2 Instance Connect Endpoint, or
    Session Manager, and it is said which.
    """
    forwarding = parse_forwarding(
        local_forwards, remote_forwards, dynamic_forwards, only=only_forward
    )
    for wide in (each for each in forwarding.forwards if each.listens_widely):
        wiring.tell(f"{wide.direction} {wide.text}: whoever reaches this machine can use it")
    account = account_of(wiring, asked)
    instance_id, where = named_instance(wiring, account, instance, region=asked.region)
    if ssm and not words and not forwarding.flags:
        _refuse_beside_shell(user=user, bastion=bastion)
        return _session_manager_shell(wiring, account, instance_id, region=where)
    way, patience = way_to(
        wiring,
        account,
        instance_id,
        region=where,
        user=user,
        progress=wiring.tell,
        asked=asked_route(wiring, account, bastion=bastion, ssm=ssm, region=asked.region),
    )
    start = partial(
        connect,
        way,
        words,
        terminal=wiring.is_terminal,
        patience=patience,
        progress=wiring.tell,
        forwarding=forwarding,
    )
    try:
        return start()
    except NotAdmitted as refusal:
        if not _is_allowed_now(wiring, account, refusal):
            raise
        return start()


def _is_allowed_now(wiring: Wiring, account: Account, refusal: NotAdmitted) -> bool:
    """Offer, on a terminal, to let the person's present address in; say whether that was done."""
    if not wiring.is_terminal:
        return False
    from spawn.cli.network import allow_caller  # needed by few connections: loaded for those alone

    wiring.tell(f"{refusal.what}: {refusal.why}")
    return allow_caller(wiring, account, refusal.instance_id, region=refusal.region)


def _refuse_beside_shell(*, user: str | None, bastion: str | None) -> None:
    """Refuse what a session of Session Manager's own would ignore."""
    if bastion is not None:
        raise InputError(
            "--bastion and --ssm exclude each other",
            why="Session Manager leads to the instance itself, with nothing in between",
        )
    if user is not None:
        raise InputError(
            "--user and --ssm exclude each other where no command is given",
            why="a session's user is the account's setting in Systems Manager, ssm-user without",
            next_command="spawn connect --help",
        )


def _session_manager_shell(
    wiring: Wiring, account: Account, instance_id: str, *, region: str
) -> int:
    instance = find_instance(account.reader, instance_id, region=region)
    require_alive(instance, region=region)
    client = SessionClient(
        writer=account.writer,
        programs=this_machine(wiring).aws_programs,
        region=region,
        endpoint_url=account.session.endpoint("ssm", region),
        profile=account.profile,
    )
    check_plugin(client.programs, client.system)
    require_managed(
        instance,
        cloud_of(wiring, account, region=region),
        patience=patience_with(wiring, instance),
        progress=wiring.tell,
    )
    return open_shell(client, instance_id)
