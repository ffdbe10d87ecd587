"""What AWS says of an instance's network, understood as a posture: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from spawn.aws import ec2
from spawn.aws.instance_details import GET_PREFIX_LIST_ENTRIES, NetworkInterface
from spawn.aws.questions import Fact, Known, Unseen
from spawn.network.reach import Reach, reach_of
from spawn.network.rules import Rule, flatten
from spawn.posture.answers import Answers, value_of
from spawn.posture.model import GroupRule, Interface, Network


def live_network(instance: ec2.Instance, answers: Answers) -> Network:
    """Return the way in and the way out, over all interfaces and all their groups."""
    faces = interfaces_of(instance, answers.interfaces)
    groups = _groups(answers.groups, group_ids(instance, faces))
    return Network(
        interfaces=tuple(_interface(face, answers) for face in faces),
        ingress=_rules(groups, lambda group: group.ip_permissions),
        egress=_rules(groups, lambda group: group.ip_permissions_egress),
        prefix_lists={name: _entries(fact) for name, fact in answers.prefix_lists.items()},
    )


def _entries(fact: Fact[tuple[str, ...]]) -> tuple[str, ...] | Unseen:
    return value_of(fact, GET_PREFIX_LIST_ENTRIES.key)


def _rules(
    groups: tuple[ec2.SecurityGroup, ...] | Unseen,
    permissions: Callable[[ec2.SecurityGroup], Iterable[ec2.IpPermission]],
) -> tuple[GroupRule, ...] | Unseen:
    if isinstance(groups, Unseen):
        return groups
    return tuple(
        each
        for group in groups
        for each in group_rules(group.group_id, flatten(permissions(group)))
    )


def interfaces_of(
    instance: ec2.Instance, found: Fact[tuple[NetworkInterface, ...]]
) -> tuple[NetworkInterface, ...]:
    """Return all interfaces: DescribeInstances leaves out what only a closer look shows."""
    if isinstance(found, Known) and found.value:
        return found.value
    return tuple(
        NetworkInterface(
            network_interface_id=face.network_interface_id,
            subnet_id=face.subnet_id,
            vpc_id=face.vpc_id,
            association=face.association,
            groups=face.groups,
        )
        for face in instance.network_interfaces
    )


def group_ids(
    instance: ec2.Instance, interfaces: Iterable[NetworkInterface] = ()
) -> tuple[str, ...]:
    """Return the ids of all security groups of all interfaces, sorted."""
    places = (instance.security_groups, *(face.groups for face in instance.network_interfaces))
    named = (*places, *(face.groups for face in interfaces))
    return tuple(sorted({group.group_id for groups in named for group in groups}))


def _groups(
    found: Fact[tuple[ec2.SecurityGroup, ...]], wanted: tuple[str, ...]
) -> tuple[ec2.SecurityGroup, ...] | Unseen:
    groups = value_of(found, ec2.DESCRIBE_SECURITY_GROUPS.key)
    if isinstance(groups, Unseen):
        return groups
    missing = sorted(set(wanted) - {group.group_id for group in groups})
    if missing:
        why = f"AWS's answer leaves out {', '.join(missing)}"
        return Unseen(ec2.DESCRIBE_SECURITY_GROUPS.key, why)
    return groups


def group_rules(group: str, rules: Iterable[Rule]) -> tuple[GroupRule, ...]:
    """Return a group's rules in one order, for a plan as for a live instance."""
    ordered = sorted(set(rules), key=lambda rule: rule.sort_key)
    return tuple(GroupRule(group=group, rule=rule) for rule in ordered)


def _interface(face: NetworkInterface, answers: Answers) -> Interface:
    private = _is_private(face, answers)
    return Interface(
        interface_id=face.network_interface_id,
        subnet_id=face.subnet_id,
        private_subnet=private,
        public_address=_has_public_address(face, answers.interfaces, private),
        groups=tuple(sorted(group.group_id for group in face.groups)),
    )


def _is_private(face: NetworkInterface, answers: Answers) -> bool | Unseen:
    subnets = value_of(answers.subnets, ec2.DESCRIBE_SUBNETS.key)
    tables = value_of(answers.route_tables, ec2.DESCRIBE_ROUTE_TABLES.key)
    if isinstance(subnets, Unseen):
        return subnets
    if isinstance(tables, Unseen):
        return tables
    subnet = next((one for one in subnets if one.subnet_id == face.subnet_id), None)
    if subnet is None:
        return Unseen(ec2.DESCRIBE_SUBNETS.key, f"AWS's answer leaves out {face.subnet_id}")
    reach = reach_of(subnet, tables)
    if reach is Reach.UNKNOWN:
        return Unseen(ec2.DESCRIBE_ROUTE_TABLES.key, f"no route table of {face.subnet_id} is shown")
    return reach.is_private


def _has_public_address(
    face: NetworkInterface,
    found: Fact[tuple[NetworkInterface, ...]],
    private: bool | Unseen,  # noqa: FBT001 - one of three values, not a switch
) -> bool | Unseen:
    """Every IPv6 address is public by itself: whether it is reached is for the routes to say."""
    if face.association is not None:
        return True
    if isinstance(found, Unseen):
        return found
    if not face.ipv6_addresses:
        return False
    return private if isinstance(private, Unseen) else not private
