"""moto's backends and the cloud's memory -> the `World` that the data plane makes real.

Pure given its arguments. References are resolved here: a rule that names a group becomes the
addresses of the group's members, one that names a prefix list becomes its blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spawn.local.control import account
from spawn.local.control.states import Life, State
from spawn.local.control.switches import Switches
from spawn.local.world import (
    DesiredState,
    EphemeralKey,
    Instance,
    Interface,
    MetadataOptions,
    RoleCredentials,
    Rule,
    SecurityGroup,
    World,
)

Backends = Iterable[tuple[str, Any]]  # region, moto's EC2Backend


def snapshot(
    backends: Backends,
    *,
    generation: int,
    lives: Mapping[str, Life],
    ended: Iterable[str],
    credentials: Mapping[str, RoleCredentials],
    ssh_keys: Mapping[str, tuple[EphemeralKey, ...]],
    switches: Switches,
) -> World:
    """The world as it should be now: every instance that has a process tree or a disk."""
    instances = [
        instance_of(
            instance,
            life=lives[instance.id],
            credentials=credentials.get(instance.id),
            ssh_keys=ssh_keys.get(instance.id, ()),
            switches=switches,
        )
        for _, backend in backends
        for instance in account.instances_of(backend)
        if instance.id in lives and lives[instance.id].state is not State.TERMINATED
    ]
    ordered = sorted(instances, key=lambda i: i.instance_id)
    return World(
        generation=generation,
        instances=tuple(ordered),
        ended=tuple(ended),
        caller_address=switches.caller_address,
    )


def instance_of(
    instance: Any,
    *,
    life: Life,
    credentials: RoleCredentials | None,
    ssh_keys: tuple[EphemeralKey, ...],
    switches: Switches,
) -> Instance:
    """One instance as the data plane needs it."""
    image = instance.ec2_backend.amis.get(instance.image_id)
    return Instance(
        instance_id=instance.id,
        account_id=account.ACCOUNT_ID,
        partition=account.PARTITION,
        region=instance.region_name,
        availability_zone=instance.availability_zone,
        image_id=instance.image_id,
        image_owner=str(image.owner_id) if image else "",
        image_name=str(image.name) if image else "",
        instance_type=instance.instance_type,
        architecture=instance.architecture,
        launch_time=instance.launch_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        state=DesiredState(life.desired),
        boot=life.boot,
        interfaces=tuple(interface_of(nic) for _, nic in sorted(instance.nics.items())),
        metadata=metadata_of(instance.metadata_options),
        tags=dict(sorted(account.tags_of(instance).items())),
        user_data=str(instance.user_data) if instance.user_data else None,
        public_keys=_public_keys(instance),
        credentials=credentials,
        spot_notice=switches.spot_notices.get(instance.id),
        rebalance_notice=switches.rebalance_notices.get(instance.id),
        metadata_fails=switches.metadata_fails.get(instance.id, False),
        metadata_seconds_ahead=switches.metadata_seconds_ahead.get(instance.id, 0.0),
        console_stalls=switches.console_stalls.get(instance.id, False),
        launch_index=int(instance.ami_launch_index),
        life_cycle=instance.lifecycle or "on-demand",
        reservation_id=getattr(instance, "reservation_id", None),
        ssh_keys=ssh_keys,
    )


def metadata_of(options: Any) -> MetadataOptions:
    """moto's metadata options in the data plane's words."""
    return MetadataOptions(
        http_tokens=options.http_tokens,
        http_endpoint=options.http_endpoint,
        http_put_response_hop_limit=int(options.http_put_response_hop_limit),
        instance_metadata_tags=options.instance_metadata_tags,
    )


def _public_keys(instance: Any) -> tuple[tuple[str, str], ...]:
    """The launch's key pair; nothing when it has been deleted since: EC2 keeps no copy either."""
    pair = instance.ec2_backend.key_pairs.get(instance.key_name or "")
    if pair is None:
        return ()
    material = pair.material_public
    text = material.decode() if isinstance(material, bytes) else str(material)
    return ((str(pair.key_name), text.strip()),)


def interface_of(nic: Any) -> Interface:
    """An interface with its own groups' rules, resolved."""
    groups = sorted(nic._group_set, key=lambda group: str(group.id))  # noqa: SLF001
    return Interface(
        interface_id=nic.id,
        mac=nic.mac_address,
        vpc_id=nic.vpc_id,
        subnet_id=nic.subnet_id,
        private_ip=nic.private_ip_address,
        public_ip=nic.public_ip or None,
        groups=tuple(group_of(group, nic.ec2_backend) for group in groups),
    )


def group_of(group: Any, backend: Any) -> SecurityGroup:
    """A security group with addresses in its rules."""
    return SecurityGroup(
        group_id=group.id,
        ingress=tuple(rule_of(rule, backend) for rule in group.ingress_rules),
        egress=tuple(rule_of(rule, backend) for rule in group.egress_rules),
    )


def rule_of(rule: Any, backend: Any) -> Rule:
    """One permission. For ICMP the ports are type and code, -1 for all of them."""
    everything = rule.ip_protocol == "-1" or rule.from_port in {None, -1}
    return Rule(
        protocol=_protocol(str(rule.ip_protocol)),
        from_port=None if everything else int(rule.from_port),
        to_port=None if everything else int(rule.to_port),
        peers=peers_of(rule, backend),
    )


def _protocol(name: str) -> str:
    return {"58": "icmpv6", "1": "icmp", "6": "tcp", "17": "udp"}.get(name, name)


def peers_of(rule: Any, backend: Any) -> tuple[str, ...]:
    """The blocks that a rule admits, sorted, each once."""
    peers = [rule.ip_range.get(name) for name in ("CidrIp", "CidrIpv6")]
    group_id = rule.source_group.get("GroupId")
    if group_id:
        peers += [f"{address}/32" for address in members(group_id, backend)]
    prefix_list = backend.managed_prefix_lists.get(rule.prefix_list_id or "")
    if prefix_list is not None:
        entries = prefix_list.entries.get(prefix_list.version) or []
        peers += [entry.get("Cidr") for entry in entries]
    return tuple(sorted({str(peer) for peer in peers if peer}))


def members(group_id: str, backend: Any) -> list[str]:
    """The private addresses of the interfaces that carry a group."""
    return [
        nic.private_ip_address
        for nic in backend.enis.values()
        if any(group.id == group_id for group in nic._group_set)  # noqa: SLF001
    ]
