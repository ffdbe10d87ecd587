"""Which route leads to an instance: the one that was asked for, or the first that is open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from spawn.aws.ec2 import Instance
from spawn.aws.questions import Asker, Known, answer_of, as_far_as_seen
from spawn.aws.ssm import managed_question
from spawn.connect.bastion import BastionHost
from spawn.connect.endpoint_tunnel import check_aws_cli, tunnel_command
from spawn.connect.machine import Cloud, Machine
from spawn.connect.outlook import advice
from spawn.connect.patience import Patience, Progress
from spawn.connect.plugin import check_plugin, this_system
from spawn.connect.routes import (
    Choice,
    Found,
    PrivateFacts,
    Route,
    private_route,
    why_not_managed,
)
from spawn.connect.session_manager import proxy_command
from spawn.connect.way import AskedRoute, Way
from spawn.core.errors import AccountError, InputError
from spawn.network.diagnosis import Diagnosis, place_of
from spawn.network.endpoints import ask_surroundings, connect_endpoints_question
from spawn.network.route import diagnose_session_manager

_SIDE_BY_SIDE = 8


def choose_route(
    instance: Instance,
    cloud: Cloud,
    machine: Machine,
    asked: AskedRoute,
    *,
    patience: Patience,
    progress: Progress,
) -> Choice:
    """Return the route to take. A bastion of ours is not yet in its proxy command.

    Raises InputError for routes that exclude each other, AccountError where none leads there.
    """
    if asked.bastion is not None and asked.session_manager:
        raise InputError(
            "--bastion and --ssm exclude each other",
            why="Session Manager leads to the instance itself, with nothing in between",
        )
    if asked.session_manager:
        check_plugin(machine.aws_programs, this_system())
        require_managed(instance, cloud, patience=patience, progress=progress)
        return _by_session_manager(instance, cloud, machine)
    if asked.bastion is not None:
        return _through(asked.bastion, instance, machine)
    if instance.public_ip_address:
        return Choice(
            route=Route.DIRECT,
            address=instance.public_ip_address,
            sentence=f"{Route.DIRECT} to its public address {instance.public_ip_address}",
            proxy_command=machine.proxy_command,
        )
    return _to_private_address(instance, cloud, machine, patience=patience, progress=progress)


def require_managed(
    instance: Instance, cloud: Cloud, *, patience: Patience, progress: Progress
) -> None:
    """Return when Session Manager knows the instance, or can't be asked whether it does.

    An instance with a role is waited for while it boots. Raises AccountError, with what keeps its
    agent away, where it is not known in time.
    """
    has_role = instance.iam_instance_profile is not None
    question = managed_question(instance.instance_id, region=cloud.region)
    why = ""
    for attempt, _ in enumerate(patience.attempts()):
        fact = as_far_as_seen(partial(answer_of, cloud.reader, question))
        why = why_not_managed(fact, has_role=has_role)
        if not why or not isinstance(fact, Known):
            return
        if not has_role:
            break
        if attempt == 0:
            progress(f"{instance.instance_id}: waiting for Session Manager to know it")
    mending, command = advice(_agents_way(instance, cloud), f"spawn status {instance.instance_id}")
    raise AccountError(
        f"{instance.instance_id} is not connected to Session Manager",
        why="; ".join(filter(None, (why, mending))),
        next_command=command,
    )


def _by_session_manager(instance: Instance, cloud: Cloud, machine: Machine) -> Choice:
    command = proxy_command(
        instance.instance_id,
        program=machine.own_command,
        region=cloud.region,
        profile=cloud.profile,
        assume_role=cloud.assume_role,
        local=cloud.local,
    )
    return Choice(
        route=Route.SESSION_MANAGER,
        address=instance.private_ip_address,
        sentence=str(Route.SESSION_MANAGER),
        proxy_command=command,
    )


def _through(bastion: Way | BastionHost, instance: Instance, machine: Machine) -> Choice:
    """Go to the private address, but from an instance that is in another VPC."""
    address, kind = instance.private_ip_address, "private"
    if isinstance(bastion, BastionHost):
        name, command = bastion.text, bastion.proxy_command(machine.proxy_command)
    else:
        if bastion.target.instance_id == instance.instance_id:
            raise InputError(
                f"{instance.instance_id} can't be its own bastion",
                why="--bastion names what is in between",
                next_command=f"spawn connect {instance.instance_id}",
            )
        name, command = f"{bastion.target.instance_id} ({bastion.chosen})", ""
        if instance.public_ip_address and bastion.instance.vpc_id != instance.vpc_id:
            address, kind = instance.public_ip_address, "public"
    return Choice(
        route=Route.BASTION,
        address=address,
        sentence=f"{Route.BASTION}, {name}, to its {kind} address {address}",
        proxy_command=command,
    )


def _to_private_address(
    instance: Instance, cloud: Cloud, machine: Machine, *, patience: Patience, progress: Progress
) -> Choice:
    """Wait while the instance boots and has a role: its agent's first word comes late."""
    found = Found(route=None)
    for attempt, _ in enumerate(patience.attempts()):
        found = _look(instance, cloud, machine)
        if found.route is not None or not found.may_open:
            break
        if attempt == 0:
            progress(f"{instance.instance_id}: waiting for Session Manager to know it")
    for reason in found.passed_over if found.route is not None else ():
        progress(f"{instance.instance_id}: {reason}")
    if found.route is Route.SESSION_MANAGER:
        return _by_session_manager(instance, cloud, machine)
    if found.endpoint is not None:
        return Choice(
            route=Route.ENDPOINT,
            address=instance.private_ip_address,
            sentence=f"{Route.ENDPOINT}, {found.endpoint.instance_connect_endpoint_id}",
            proxy_command=tunnel_command(
                instance.instance_id,
                found.endpoint.instance_connect_endpoint_id,
                region=cloud.region,
                profile=cloud.profile,
            ),
            endpoint=found.endpoint,
        )
    raise _no_way(instance, cloud, found)


def _look(instance: Instance, cloud: Cloud, machine: Machine) -> Found:
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        asker = Asker(cloud.reader, pool)
        endpoints = asker.ask(connect_endpoints_question(instance.vpc_id, region=cloud.region))
        managed = asker.ask(managed_question(instance.instance_id, region=cloud.region))
        facts = PrivateFacts(
            endpoints=as_far_as_seen(endpoints),
            managed=as_far_as_seen(managed),
            check_aws_program=partial(_check_tunnel, cloud, machine),
            check_plugin=partial(check_plugin, machine.aws_programs, this_system()),
        )
    return private_route(
        facts,
        vpc_id=instance.vpc_id,
        subnet_id=instance.subnet_id,
        has_role=instance.iam_instance_profile is not None,
    )


def _check_tunnel(cloud: Cloud, machine: Machine) -> None:
    if cloud.assume_role:
        raise AccountError(
            "the AWS CLI can't be given --assume-role",
            why="it opens the tunnel; a profile with role_arn, given with --profile, does the same",
        )
    check_aws_cli(machine.aws_programs)


def _no_way(instance: Instance, cloud: Cloud, found: Found) -> AccountError:
    """Say all that was looked at; what keeps the agent from Session Manager is looked at now."""
    bastion = f"spawn connect --bastion ID|NAME|HOST {instance.instance_id}"
    mending, command = advice(_agents_way(instance, cloud), bastion)
    return AccountError(
        f"no way leads to {instance.instance_id}, which has no public address",
        why="; ".join(filter(None, (*found.passed_over, mending))),
        next_command=found.next_command or command,
    )


def _agents_way(instance: Instance, cloud: Cloud) -> Diagnosis | None:
    """Return what stands between agent and Session Manager; None without a role.

    However open its way, an agent that has no role is not listened to.
    """
    if instance.iam_instance_profile is None:
        return None
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        around = ask_surroundings(Asker(cloud.reader, pool), instance.vpc_id, region=cloud.region)
    return diagnose_session_manager(place_of(instance), around, region=cloud.region)
