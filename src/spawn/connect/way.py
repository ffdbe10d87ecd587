"""The way to an instance's SSH server: its address, the key it admits, the key it shows."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spawn.aws.door import Reader
from spawn.aws.ec2 import Instance
from spawn.aws.questions import Known, answer_of
from spawn.connect.console import console_keys
from spawn.connect.hostkeys import ConsoleKeys, host_key_algorithms
from spawn.connect.ingress import Ingress, groups_question
from spawn.connect.keys import existing_key, find_private_key
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.pins import pin_path, pinned_keys
from spawn.connect.programs import Programs
from spawn.connect.ssh import SshTarget
from spawn.core.errors import InputError

# Images answer on SSH within two minutes of a start; the console follows some minutes later on
# types whose console can't be read live.
BOOT_SECONDS = 300
_ALIVE = frozenset({"pending", "running"})


@dataclass(frozen=True, kw_only=True)
class Machine:
    """This side of the connection.

    state_directory   where spawn keeps its key and the pinned host keys
    ssh_directory     the person's own ~/.ssh, where the key of a named key pair may lie
    proxy_command     ssh's ProxyCommand, "" for a direct connection
    """

    state_directory: Path
    ssh_directory: Path
    programs: Programs
    proxy_command: str = ""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How ssh gets to an instance, and what explains it when it does not.

    `console` and `ingress` ask AWS, and are called only after a failure. `ingress` returns None
    where the caller may not look.
    """

    target: SshTarget
    machine: Machine
    region: str
    key_name: str
    console: Callable[[], ConsoleKeys]
    ingress: Callable[[], Ingress | None]


def find_way(
    instance: Instance,
    reader: Reader,
    machine: Machine,
    *,
    region: str,
    user: str,
    caller_addresses: Callable[[], tuple[str, ...]],
    patience: Patience,
    progress: Progress = in_silence,
) -> Way:
    """Return the way to an instance, its host keys pinned; nothing is connected to yet.

    `user` is the image's login user; `caller_addresses` returns the public addresses that the
    caller is seen with, none where they can't be found out. Raises InputError for an instance
    that has ended, is stopped or has no public address, AccountError where its host keys can't
    be had in time, AwsRefusal where AWS can't be asked for them.
    """

    def console() -> ConsoleKeys:
        return console_keys(reader, instance.instance_id, region=region)

    def ingress() -> Ingress | None:
        fact = answer_of(reader, groups_question(instance, region=region))
        if not isinstance(fact, Known):
            return None
        return Ingress(caller_addresses=caller_addresses(), groups=fact.value)

    address = public_address(instance, region=region)
    known_hosts = pin_path(machine.state_directory, instance.instance_id)
    keys = pinned_keys(known_hosts, console=console, patience=patience, progress=progress)
    target = SshTarget(
        instance_id=instance.instance_id,
        address=address,
        user=user,
        identity_file=_identity_file(instance.key_name, machine, progress),
        known_hosts=known_hosts,
        host_key_algorithms=host_key_algorithms(keys),
        proxy_command=machine.proxy_command,
    )
    return Way(
        target=target,
        machine=machine,
        region=region,
        key_name=instance.key_name,
        console=console,
        ingress=ingress,
    )


def public_address(instance: Instance, *, region: str) -> str:
    """Return the address to connect to. Raises InputError where there is nothing to connect to."""
    state, instance_id = instance.state.name, instance.instance_id
    if state == "stopped":
        raise InputError(
            f"{instance_id} is stopped",
            why="only a running instance can be connected to",
            next_command=_aws("ec2 start-instances --instance-ids", instance_id, region),
        )
    if state not in _ALIVE:
        reason = instance.state_reason.message if instance.state_reason else ""
        raise InputError(f"{instance_id} is {state}", why=reason, next_command="spawn list")
    if not instance.public_ip_address:
        raise InputError(
            f"{instance_id} has no public address",
            why="an instance in a private network is reached by Session Manager or a bastion",
            next_command=_aws("ssm start-session --target", instance_id, region),
        )
    return instance.public_ip_address


def boot_seconds_left(instance: Instance, now: datetime) -> float:
    """Return for how long, in seconds, silence may still mean that the instance is booting."""
    return max(0.0, BOOT_SECONDS - (now - instance.launch_time).total_seconds())


def _identity_file(key_name: str, machine: Machine, progress: Progress) -> Path | None:
    own = existing_key(machine.state_directory)
    found = find_private_key(key_name, own=own, ssh_directory=machine.ssh_directory)
    if found is None:
        reason = f"the key {key_name} is not on this machine" if key_name else "it has no key pair"
        progress(f"{reason}: trying the keys of ssh's own files and agent")
    return found


def _aws(command: str, instance_id: str, region: str) -> str:
    return f"aws {command} {shlex.quote(instance_id)} --region {shlex.quote(region)}"
