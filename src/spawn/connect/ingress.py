"""Whether an instance's security groups admit the caller: asked when nothing answered."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from spawn.aws.ec2 import DESCRIBE_SECURITY_GROUPS, Instance, IpPermission, SecurityGroup
from spawn.aws.ec2 import security_groups as understand_groups
from spawn.aws.questions import Question

# EC2 API Reference, IpPermission: "-1" is all protocols, 6 is TCP's number.
_COVERS_TCP = frozenset({"-1", "tcp", "6"})


@dataclass(frozen=True, kw_only=True)
class Ingress:
    """What decides whether SSH gets through: the caller's public addresses, and the groups."""

    caller_addresses: tuple[str, ...]
    groups: tuple[SecurityGroup, ...]


class Admission(enum.StrEnum):
    """Whether the groups let the caller in."""

    ADMITTED = "admitted"
    NOT_ADMITTED = "not admitted"
    UNKNOWN = "unknown"


def group_ids(instance: Instance) -> tuple[str, ...]:
    """Return the groups of all of an instance's interfaces, sorted."""
    groups = [
        *instance.security_groups,
        *(group for interface in instance.network_interfaces for group in interface.groups),
    ]
    return tuple(sorted({group.group_id for group in groups}))


def groups_question(instance: Instance, *, region: str) -> Question[tuple[SecurityGroup, ...]]:
    """Ask for the instance's security groups with their rules."""
    return Question(
        operation=DESCRIBE_SECURITY_GROUPS,
        parameters={"GroupIds": list(group_ids(instance))},
        region=region,
        understand=understand_groups,
    )


def admission(ingress: Ingress, address: str, port: int) -> Admission:
    """Judge whether any group admits the caller to a TCP port of `address`.

    A caller reaches an IPv4 address from one of theirs, and likewise for IPv6. Prefix lists and
    groups as peers can't be judged here: what only they could admit is UNKNOWN.
    """
    rules = [rule for rule in _rules(ingress.groups) if _covers(rule, port)]
    networks = [network for rule in rules for network in _networks(rule)]
    version = ipaddress.ip_address(address).version
    callers = [ipaddress.ip_address(caller) for caller in ingress.caller_addresses]
    callers = [caller for caller in callers if caller.version == version]
    if any(caller in network for caller in callers for network in networks):
        return Admission.ADMITTED
    if not callers or any(rule.prefix_list_ids or rule.user_id_group_pairs for rule in rules):
        return Admission.UNKNOWN
    return Admission.NOT_ADMITTED


def _rules(groups: Iterable[SecurityGroup]) -> list[IpPermission]:
    return [rule for group in groups for rule in group.ip_permissions]


def _covers(rule: IpPermission, port: int) -> bool:
    if rule.ip_protocol not in _COVERS_TCP:
        return False
    if rule.ip_protocol == "-1" or rule.from_port is None or rule.to_port is None:
        return True
    return rule.from_port <= port <= rule.to_port


def _networks(rule: IpPermission) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    blocks = [
        *(block.cidr_ip for block in rule.ip_ranges),
        *(block.cidr_ipv6 for block in rule.ipv6_ranges),
    ]
    return [ipaddress.ip_network(block, strict=False) for block in blocks]


def admitted_peers(ingress: Ingress, port: int) -> tuple[str, ...]:
    """Return who is admitted on a TCP port: blocks, prefix lists and groups, sorted."""
    rules = [rule for rule in _rules(ingress.groups) if _covers(rule, port)]
    peers = {str(network) for rule in rules for network in _networks(rule)}
    peers |= {peer.prefix_list_id for rule in rules for peer in rule.prefix_list_ids}
    peers |= {peer.group_id for rule in rules for peer in rule.user_id_group_pairs}
    return tuple(sorted(peers))
