"""Rule sets: who may reach the instance, and what it may reach.

A rule has one peer, so that sets of rules can be compared and hashed whatever way AWS groups
them into permissions.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import assert_never

import msgspec

from spawn.aws.ec2 import IpPermission
from spawn.core.errors import InputError
from spawn.core.ids import is_resource_id
from spawn.core.levels import Level
from spawn.core.steps import Parameters

SSH_PORT = 22
HTTPS_PORT = 443
EVERY_PROTOCOL = "-1"
WORLD_IPV6 = "::/0"
WORLD = ("0.0.0.0/0", WORLD_IPV6)

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
# `ip_network` also reads net masks and scopes; a CIDR block has a prefix length.
_CIDR = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?", re.ASCII)
# Goes into the digest: another canonical form must give other names.
_FORMAT = b"spawn-rule-set/1\n"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What is let through. No ports means every port.

    `peer` is a CIDR block, or the id of a prefix list ("pl-…") or security group ("sg-…").
    """

    protocol: str
    from_port: int | None
    to_port: int | None
    peer: str

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        """A total order, with rules for every port first."""
        first, last = (-1 if port is None else port for port in (self.from_port, self.to_port))
        return (self.protocol, first, last, self.peer)


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """All that a security group lets in and out."""

    ingress: frozenset[Rule]
    egress: frozenset[Rule]

    @property
    def digest(self) -> str:
        """SHA-256 in hex over the canonical form: equal sets, and only those, have equal ones."""
        directions = (canonical(self.ingress), canonical(self.egress))
        return hashlib.sha256(_FORMAT + msgspec.json.encode(directions)).hexdigest()


def tcp(port: int, peer: str) -> Rule:
    """Return the rule that lets TCP through on one port."""
    return Rule(protocol="tcp", from_port=port, to_port=port, peer=peer)


def everything(peer: str) -> Rule:
    """Return the rule that lets all protocols and ports through."""
    return Rule(protocol=EVERY_PROTOCOL, from_port=None, to_port=None, peer=peer)


def canonical(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules in their one order, each once."""
    return tuple(sorted(set(rules), key=lambda rule: rule.sort_key))


EGRESS_ALL = frozenset(everything(block) for block in WORLD)
EGRESS_HTTPS = frozenset(tcp(HTTPS_PORT, block) for block in WORLD)


def parse_ssh_from(texts: Iterable[str], *, flag: str = "--ssh-from") -> tuple[str, ...]:
    """Read CIDR blocks and prefix lists, several with commas between; sorted, each once.

    A bare address stands for itself alone. Whether the world may get in is for a control to
    judge. Raises InputError, naming `flag`, for anything else.
    """
    words = (word.strip() for text in texts for word in text.split(","))
    return tuple(sorted({_parse_source(word, flag=flag) for word in words}))


def _parse_source(word: str, *, flag: str) -> str:
    if is_resource_id(word, "pl"):
        return word
    if not _CIDR.fullmatch(word):
        raise _not_a_source(word, flag=flag)
    try:
        network: IpNetwork = ipaddress.ip_network(word, strict=False)
    except ValueError as error:
        raise _not_a_source(word, flag=flag) from error
    if ipaddress.ip_interface(word).ip != network.network_address:
        raise InputError(
            f"{flag} {word!r} has bits set beyond its prefix",
            why=f"the network is {network}; for the one address write it without a prefix",
        )
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        raise InputError(
            f"{flag} {word!r} is an IPv4 address in IPv6 clothes",
            why="AWS matches IPv4 packets by IPv4 blocks only: write the IPv4 block",
        )
    return str(network)


def _not_a_source(word: str, *, flag: str) -> InputError:
    return InputError(
        f"{flag} {word!r} is neither an address block nor a prefix list",
        why="write for instance 203.0.113.10/32, 2001:db8::/48 or pl-0123456789abcdef0",
    )


def needs_caller(level: Level, ssh_from: tuple[str, ...]) -> bool:
    """Whether the rule set depends on the caller's address at all."""
    return level is Level.STANDARD and not ssh_from


def wanted_rules(
    level: Level,
    *,
    callers: tuple[str, ...],
    ssh_from: tuple[str, ...],
    ipv6: bool,
) -> RuleSet:
    """Return what a launch of the level opens.

    `callers` are the caller's addresses, empty where unknown; `ssh_from` replaces them at every
    level. `ipv6` says whether the VPC has IPv6: elsewhere a caller's IPv6 address opens nothing,
    and as such addresses change daily (RFC 8981) it would only make a new group each day.
    """
    sources = ssh_from or _default_sources(level, callers, ipv6=ipv6)
    return RuleSet(
        ingress=frozenset(tcp(SSH_PORT, source) for source in sources),
        egress=EGRESS_HTTPS if level is Level.STRICT else EGRESS_ALL,
    )


def _default_sources(level: Level, callers: tuple[str, ...], *, ipv6: bool) -> tuple[str, ...]:
    match level:
        case Level.OPEN:
            return WORLD
        case Level.STANDARD:
            networks = [ipaddress.ip_network(caller) for caller in callers]
            return tuple(str(network) for network in networks if ipv6 or network.version == 4)
        case Level.STRICT:
            return ()
        case _:
            assert_never(level)


def flatten(permissions: Iterable[IpPermission]) -> frozenset[Rule]:
    """Return the rules that AWS's permissions stand for, descriptions apart."""
    return frozenset(rule for permission in permissions for rule in _rules_of(permission))


def _rules_of(permission: IpPermission) -> Iterator[Rule]:
    peers = (
        *(ip_range.cidr_ip for ip_range in permission.ip_ranges),
        *(ip_range.cidr_ipv6 for ip_range in permission.ipv6_ranges),
        *(reference.prefix_list_id for reference in permission.prefix_list_ids),
        *(pair.group_id for pair in permission.user_id_group_pairs),
    )
    # EC2 API Reference, IpPermission: with protocol -1 all ports are meant, whatever is given.
    every_port = permission.ip_protocol == EVERY_PROTOCOL
    for peer in peers:
        yield Rule(
            protocol=permission.ip_protocol,
            from_port=None if every_port else permission.from_port,
            to_port=None if every_port else permission.to_port,
            peer=peer,
        )


def ip_permissions(rules: Iterable[Rule]) -> list[Parameters]:
    """Write rules as AWS's calls take them, one permission for all peers of the same ports."""
    return [_permission(same) for same in _by_ports(rules)]


def _by_ports(rules: Iterable[Rule]) -> Iterator[tuple[Rule, ...]]:
    for _, same in groupby(canonical(rules), key=lambda rule: rule.sort_key[:3]):
        yield tuple(same)


def _permission(same: tuple[Rule, ...]) -> Parameters:
    first = same[0]
    permission: Parameters = {"IpProtocol": first.protocol}
    if first.from_port is not None:
        permission |= {"FromPort": first.from_port, "ToPort": first.to_port}
    for rule in same:
        member, peer = _peer_parameter(rule.peer)
        permission.setdefault(member, []).append(peer)
    return permission


def _peer_parameter(peer: str) -> tuple[str, dict[str, str]]:
    if peer.startswith("pl-"):
        return "PrefixListIds", {"PrefixListId": peer}
    if peer.startswith("sg-"):
        return "UserIdGroupPairs", {"GroupId": peer}
    if ":" in peer:
        return "Ipv6Ranges", {"CidrIpv6": peer}
    return "IpRanges", {"CidrIp": peer}


def describe(rules: Iterable[Rule]) -> str:
    """Say the rules in words, as a plan shows them: "SSH (203.0.113.10/32)"; "nothing"."""
    return "; ".join(_phrase(same) for same in _by_ports(rules)) or "nothing"


def _phrase(same: tuple[Rule, ...]) -> str:
    peers = ", ".join(rule.peer for rule in same)
    return f"{_traffic(same[0])} ({peers})"


def _traffic(rule: Rule) -> str:
    if rule.protocol == EVERY_PROTOCOL:
        return "everything"
    if rule.from_port is None:
        return rule.protocol
    if (rule.protocol, rule.from_port, rule.to_port) == ("tcp", SSH_PORT, SSH_PORT):
        return "SSH"
    ports = (
        str(rule.from_port)
        if rule.from_port == rule.to_port
        else (f"{rule.from_port}-{rule.to_port}")
    )
    return f"{rule.protocol} {ports}"
