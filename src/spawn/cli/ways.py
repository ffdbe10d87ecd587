"""The way to an instance, put together from the wiring, the flags and the person's settings."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from spawn.aws.ec2 import Instance
from spawn.aws.questions import Known
from spawn.cli.assembly import address_service
from spawn.cli.finding import everything
from spawn.cli.options import Account, setting
from spawn.cli.wiring import Wiring
from spawn.connect.bastion import BastionHost, parse_bastion
from spawn.connect.destination import find_instance, find_login
from spawn.connect.finding import boot_seconds_left, find_way
from spawn.connect.machine import Cloud, Machine
from spawn.connect.patience import Patience, Progress
from spawn.connect.programs import LocalPrograms, without_aws
from spawn.connect.ssh_ca.standing import signing_command
from spawn.connect.way import NOTHING_ASKED, AskedRoute, Way
from spawn.core.ids import is_resource_id
from spawn.lifecycle.resolve import resolve_one
from spawn.network.caller import fetch_over_https, find_caller

Place = tuple[str, str]


def way_to(
    wiring: Wiring,
    account: Account,
    instance_id: str,
    *,
    region: str,
    user: str | None,
    progress: Progress,
    asked: AskedRoute | None = None,
    at_once: bool = False,
) -> tuple[Way, Patience]:
    """Return how to reach an instance, and how long to try. Raises what `find_way` raises.

    Where nothing is `asked`, and no `user`, the person's settings speak.
    `at_once` does not wait for one that is still booting: its host keys must be known by now.
    """
    instance = find_instance(account.reader, instance_id, region=region)
    patience = patience_with(wiring, instance)
    if at_once:
        patience = replace(patience, limit_seconds=0.0)
    way = find_way(
        instance,
        cloud_of(wiring, account, region=region),
        this_machine(wiring),
        login=find_login(
            account.reader,
            instance,
            region=region,
            partition=account.session.partition(region),
            user=setting(wiring, "user", typed=user),
        ),
        now=wiring.clock.now(),
        patience=patience,
        asked=asked_route(wiring, account) if asked is None else asked,
        progress=progress,
    )
    return way, patience


def patience_with(wiring: Wiring, instance: Instance) -> Patience:
    """Return how long an instance may still be silent since it boots."""
    return Patience(
        limit_seconds=boot_seconds_left(instance, wiring.clock.now()),
        clock=wiring.clock.monotonic,
        sleep=wiring.clock.sleep,
    )


def cloud_of(wiring: Wiring, account: Account, *, region: str) -> Cloud:
    """Return the side of AWS."""
    return Cloud(
        reader=account.reader,
        writer=account.writer,
        region=region,
        caller_addresses=lambda: _addresses(wiring),
        profile=account.profile,
        assume_role=account.assume_role,
        local=account.local,
    )


def this_machine(wiring: Wiring) -> Machine:
    """Return this side of a connection."""
    return Machine(
        state_directory=wiring.paths.state,
        ssh_directory=wiring.paths.home / ".ssh",
        programs=LocalPrograms(without_aws(wiring.environment)),
        aws_programs=LocalPrograms(wiring.environment),
        proxy_command=setting(wiring, "ssh-proxy-command") or "",
        own_command=_own_command(),
        now=wiring.clock.now,
        randomness=wiring.randomness,
    )


def signing_for(wiring: Wiring, account: Account, way: Way) -> str:
    """Return what ssh starts to have a certificate for a way, "" where none is needed."""
    certification = way.first_certification
    if certification is None:
        return ""
    return signing_command(
        certification.standing,
        certification.principal,
        program=this_machine(wiring).own_command,
        kms_region=certification.authority.kms_region,
        profile=account.profile,
        assume_role=account.assume_role,
        local=account.local,
    )


def _own_command() -> tuple[str, ...]:
    """Return the words that start this very spawn again, from whatever directory."""
    program = Path(sys.executable).with_name("spawn")
    if program.is_file():
        return (str(program),)
    # -P: no module of the directory that ssh happens to be started in may take spawn's place.
    return (sys.executable, "-P", "-c", "from spawn.cli.entry import main; main()")


def _addresses(wiring: Wiring) -> tuple[str, ...]:
    found = find_caller(address_service(wiring), fetch_over_https)
    return found.value if isinstance(found, Known) else ()


def named_instance(wiring: Wiring, account: Account, word: str, *, region: str | None) -> Place:
    """Return id and region; an id with its region needs no looking around."""
    if region is not None and is_resource_id(word, "i"):
        return word, region
    _, listing = everything(wiring, account, region=region)
    row = resolve_one(word, listing)
    return row.id, row.region


def asked_route(
    wiring: Wiring,
    account: Account,
    *,
    bastion: str | None = None,
    ssm: bool = False,
    region: str | None = None,
) -> AskedRoute:
    """Return the route that flags name, and the bastion that is set for private addresses."""
    if bastion is not None:
        between = _way_between(wiring, account, bastion, region=region)
        return AskedRoute(bastion=between, session_manager=ssm)
    known = setting(wiring, "bastion")
    if ssm or known is None:
        return AskedRoute(session_manager=ssm)
    return AskedRoute(to_private=lambda: _way_between(wiring, account, known, region=region))


def _way_between(
    wiring: Wiring, account: Account, word: str, *, region: str | None
) -> Way | BastionHost:
    """Return the way to an instance of ours, or the host that the person's own ssh knows.

    A name that is none of their instances' is a host's: an alias of their ssh configuration, say.
    """

    def progress(sentence: str) -> None:
        wiring.tell(f"bastion: {sentence}")

    place = _own_instance(wiring, account, word, region=region)
    if place is None:
        host = parse_bastion(word)
        if host.text == host.host:
            progress(f"none of your instances is called {word}: it is a host of your own ssh's")
        return host
    instance_id, where = place
    way, _ = way_to(
        wiring,
        account,
        instance_id,
        region=where,
        user=None,
        progress=progress,
        asked=NOTHING_ASKED,
    )
    return way


def _own_instance(
    wiring: Wiring, account: Account, word: str, *, region: str | None
) -> Place | None:
    if is_resource_id(word, "i"):
        return named_instance(wiring, account, word, region=region)
    if "@" in word or ":" in word:
        return None
    _, listing = everything(wiring, account, region=region)
    if not any(row.is_mine and row.name == word for row in listing.instances):
        return None
    row = resolve_one(word, listing)
    return row.id, row.region
