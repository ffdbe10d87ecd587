"""The way to an instance's SSH server: its route, the keys it admits, the key it shows."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime

from spawn.aws.ec2 import Instance
from spawn.connect.authentication import by_certificate, find_authentication, signed_elsewhere
from spawn.connect.bastion import BastionHost
from spawn.connect.choice import choose_route
from spawn.connect.console import console_keys
from spawn.connect.destination import Login
from spawn.connect.hostkeys import ConsoleKeys, host_key_algorithms
from spawn.connect.instance_connect import Send, sender
from spawn.connect.machine import Cloud, Machine
from spawn.connect.outlook import Outlook, look_at_groups, look_at_private_route, look_from_outside
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.pins import pin_path, pinned_keys
from spawn.connect.programs import Programs
from spawn.connect.routes import Choice, Route
from spawn.connect.session_manager import quoted_for_ssh
from spawn.connect.ssh import CONNECT_TIMEOUT_SECONDS, SshTarget, hop_command
from spawn.connect.ssh_ca.certifying import Certification, find_certification
from spawn.connect.ssh_ca.trust import read_mark
from spawn.connect.way import NOTHING_ASKED, AskedRoute, Way
from spawn.core.errors import InputError

# Images answer on SSH within two minutes of a start; the console follows some minutes later on
# types whose console can't be read live.
BOOT_SECONDS = 300
# What carries a connection has a way of its own to go before the other side can answer.
_CARRIED_TIMEOUT_SECONDS = 30
_ALIVE = frozenset({"pending", "running"})


def find_way(
    instance: Instance,
    cloud: Cloud,
    machine: Machine,
    *,
    login: Login,
    now: datetime,
    patience: Patience,
    asked: AskedRoute = NOTHING_ASKED,
    progress: Progress = in_silence,
) -> Way:
    """Return the way to an instance, its host keys pinned; nothing is connected to yet.

    Raises InputError for an instance that has ended or is stopped, and for routes that exclude
    each other; AccountError where no route leads there, its host keys can't be had in time, or
    what it admits can't be signed;
    AwsRefusal where AWS can't be asked for them.
    """
    require_alive(instance, region=cloud.region)
    asked = asked.of(instance)
    choice = choose_route(instance, cloud, machine, asked, patience=patience, progress=progress)

    def console() -> ConsoleKeys:
        return console_keys(cloud.reader, instance.instance_id, region=cloud.region)

    known_hosts = pin_path(machine.state_directory, instance.instance_id)
    keys = pinned_keys(known_hosts, console=console, patience=patience, progress=progress)
    certification = find_certification(instance, cloud, machine, progress=progress)
    if certification is not None:
        authentication = by_certificate(certification)
    elif read_mark(instance.tag_mapping) is not None:
        authentication = signed_elsewhere(machine.state_directory, now=now, progress=progress)
    else:
        authentication = find_authentication(
            instance.key_name,
            state_directory=machine.state_directory,
            ssh_directory=machine.ssh_directory,
            user=login.user,
            now=now,
            progress=progress,
        )
    direct = choice.route is Route.DIRECT
    target = SshTarget(
        instance_id=instance.instance_id,
        address=choice.address,
        user=login.user,
        identity_files=authentication.identity_files,
        certificate_files=authentication.certificate_files,
        known_hosts=known_hosts,
        host_key_algorithms=host_key_algorithms(keys),
        proxy_command=choice.proxy_command,
        connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS if direct else _CARRIED_TIMEOUT_SECONDS,
    )
    bastion = asked.bastion
    return Way(
        instance=instance,
        target=_behind(bastion, target) if isinstance(bastion, Way) else target,
        machine=replace(machine, programs=_programs(choice, machine, bastion)),
        region=cloud.region,
        route=choice.route,
        chosen=choice.sentence,
        authentication=authentication,
        bastion=bastion,
        send_key=_sender(instance, cloud, login),
        certification=certification,
        console=console,
        outlook=lambda: _look(instance, cloud, choice, bastion),
    )


def by_certificate_only(way: Way, certification: Certification) -> Way:
    """Return the same way, with a certificate for all that is shown: no bare key gets in by it."""
    authentication = by_certificate(certification)
    target = replace(
        way.target,
        identity_files=authentication.identity_files,
        certificate_files=authentication.certificate_files,
    )
    return replace(
        way,
        target=target,
        authentication=authentication,
        certification=certification,
        send_key=None,
    )


def _sender(instance: Instance, cloud: Cloud, login: Login) -> Send | None:
    """Return what sends a key; what admits certificates alone asks nobody for keys."""
    if read_mark(instance.tag_mapping) is not None:
        return None
    return sender(instance, cloud.writer, region=cloud.region, login=login)


def _behind(bastion: Way, target: SshTarget) -> SshTarget:
    words = hop_command(bastion.target, onward_to=target, log=None, terminal=True)
    return replace(target, proxy_command=quoted_for_ssh(words))


def _programs(choice: Choice, machine: Machine, bastion: Way | BastionHost | None) -> Programs:
    """Return what starts ssh: with AWS's settings where something that carries it may need them."""
    if isinstance(bastion, Way):
        return bastion.machine.programs
    return machine.aws_programs if choice.proxy_command else machine.programs


def _look(
    instance: Instance, cloud: Cloud, choice: Choice, bastion: Way | BastionHost | None
) -> Outlook:
    reader, region = cloud.reader, cloud.region
    if choice.route is Route.DIRECT:
        return look_from_outside(instance, reader, region=region, callers=cloud.caller_addresses)
    if choice.route is not Route.BASTION:
        return look_at_private_route(
            instance,
            reader,
            region=region,
            endpoint=choice.endpoint,
            callers=cloud.caller_addresses,
        )
    if not isinstance(bastion, Way) or choice.address != instance.private_ip_address:
        return Outlook()
    knocking = (bastion.instance.private_ip_address,)
    return look_at_groups(instance, reader, region=region, knocking=knocking)


def require_alive(instance: Instance, *, region: str) -> None:
    """Raise InputError for an instance that there is no connecting to."""
    state, instance_id = instance.state.name, instance.instance_id
    if state == "stopped":
        start = ("aws", "ec2", "start-instances", "--instance-ids", instance_id)
        raise InputError(
            f"{instance_id} is stopped",
            why="only a running instance can be connected to",
            next_command=shlex.join((*start, "--region", region)),
        )
    if state not in _ALIVE:
        reason = instance.state_reason.message if instance.state_reason else ""
        raise InputError(f"{instance_id} is {state}", why=reason, next_command="spawn list")


def boot_seconds_left(instance: Instance, now: datetime) -> float:
    """Return for how long, in seconds, silence may still mean that the instance is booting."""
    return max(0.0, BOOT_SECONDS - (now - instance.launch_time).total_seconds())
