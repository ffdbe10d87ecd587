"""Whether an instance's security groups admit the caller: asked when nothing answered."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from spawn.aws.ec2 import DESCRIBE_SECURITY_GROUPS, Instance, SecurityGroup
from spawn.aws.ec2 import security_groups as understand_groups
from spawn.aws.questions import Question
from spawn.network.admission import Verdict, is_about
from spawn.network.rules import flatten


@dataclass(frozen=True, kw_only=True)
class Ingress:
    """What decides whether SSH gets through: the caller's public addresses, and the groups."""

    caller_addresses: tuple[str, ...]
    groups: tuple[SecurityGroup, ...]


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


def admission(ingress: Ingress, address: str, port: int) -> Verdict:
    """Judge whether any group admits the caller to a TCP port of `address`.

    A caller reaches an IPv4 address from one of theirs, and likewise for IPv6. Prefix lists and
    groups as peers can't be judged here: what only they could admit is UNKNOWN.
    """
    peers = admitted_peers(ingress, port)
    networks = [ipaddress.ip_network(peer, strict=False) for peer in peers if "/" in peer]
    version = ipaddress.ip_address(address).version
    callers = [ipaddress.ip_address(caller) for caller in ingress.caller_addresses]
    callers = [caller for caller in callers if caller.version == version]
    if any(caller in network for caller in callers for network in networks):
        return Verdict.OPEN
    if not callers or len(networks) < len(peers):
        return Verdict.UNKNOWN
    return Verdict.CLOSED


def admitted_peers(ingress: Ingress, port: int) -> tuple[str, ...]:
    """Return who is admitted on a TCP port: blocks, prefix lists and groups, sorted."""
    rules = flatten(one for group in ingress.groups for one in group.ip_permissions)
    return tuple(sorted({rule.peer for rule in rules if is_about(rule, port)}))
