"""From how much of the internet a port can be reached: rules -> open port ranges.

Whether something is open to the world is a matter of how many addresses its rules admit
together: 0.0.0.0/1 and 128.0.0.0/1 side by side are as open as 0.0.0.0/0, and two hundred
blocks of /8 are hardly less so.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from spawn.aws.questions import Unseen
from spawn.network.rules import EVERY_PROTOCOL, Rule
from spawn.posture.model import GroupRule, Network

LAST_PORT = 65535
# IANA protocol numbers; EC2 takes either and answers with names.
_PROTOCOL_NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": EVERY_PROTOCOL}
# More than one IPv4 /8 (IANA's largest unit of allocation), or more than an IPv6 /16 (a regional
# registry holds a /12, its largest member a /19), is not a network of anybody's own.
WORLD_ADDRESSES = {4: 2**24, 6: 2**112}
# RFC 1918, RFC 6598, RFC 3927; RFC 4193, RFC 4291: not routed on the internet.
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)

_Block = tuple[int, int, int]  # IP version, first address, last address
_Ports = tuple[str, int, int]  # protocol, first port, last port


@dataclass(frozen=True, kw_only=True)
class OpenPorts:
    """Ports that the world may reach, with the rules that admit it."""

    protocol: str
    first_port: int
    last_port: int
    rules: tuple[GroupRule, ...]


@dataclass(frozen=True, kw_only=True)
class Peers:
    """A rule's other side as blocks of public addresses, or why that is not known."""

    blocks: tuple[_Block, ...] = ()
    unknown: Unseen | None = None


def protocol_of(rule: Rule) -> str:
    """Return the protocol by name where it has one."""
    return _PROTOCOL_NAMES.get(rule.protocol.casefold(), rule.protocol.casefold())


def ports_of(rule: Rule) -> tuple[int, int]:
    """Return first and last port; all of them where the rule names none, or -1."""
    if rule.from_port is None or rule.from_port < 0 or protocol_of(rule) == EVERY_PROTOCOL:
        return 0, LAST_PORT
    last = rule.from_port if rule.to_port is None or rule.to_port < 0 else rule.to_port
    return rule.from_port, last


def admits(rule: Rule, protocol: str, port: int) -> bool:
    """Say whether the rule is about that port, whatever its peer."""
    first, last = ports_of(rule)
    return protocol_of(rule) in (protocol, EVERY_PROTOCOL) and first <= port <= last


def peers_of(rule: Rule, prefix_lists: Mapping[str, tuple[str, ...] | Unseen]) -> Peers:
    """Return the public addresses that the rule admits; those of a security group are none."""
    if rule.peer.startswith("sg-"):
        return Peers()
    texts: tuple[str, ...] | Unseen = (rule.peer,)
    if rule.peer.startswith("pl-"):
        why = f"the entries of {rule.peer} were not looked at"
        texts = prefix_lists.get(rule.peer, Unseen("ec2:GetManagedPrefixListEntries", why))
    if isinstance(texts, Unseen):
        return Peers(unknown=texts)
    try:
        blocks = tuple(block for text in texts for block in _public_block(text))
    except ValueError as error:
        return Peers(unknown=Unseen("ec2:DescribeSecurityGroups", str(error)))
    return Peers(blocks=blocks)


def _public_block(text: str) -> Iterator[_Block]:
    network = ipaddress.ip_network(text, strict=False)
    private = any(
        network.version == block.version and network.subnet_of(block)  # type: ignore[arg-type]
        for block in _PRIVATE
    )
    if not private:
        first = int(network.network_address)
        yield network.version, first, first + network.num_addresses - 1


def open_to_world(network: Network, rules: Iterable[GroupRule]) -> tuple[OpenPorts, ...]:
    """Return the port ranges that the rules open to the world, taken together.

    Rules whose peers are not known count as admitting nothing: ask `unknown_peers` as well.
    """
    peers = [(found, peers_of(found.rule, network.prefix_lists).blocks) for found in rules]
    admitting = [(found, blocks) for found, blocks in peers if blocks]
    opened = []
    for protocol, first, last in _elementary_ranges(found.rule for found, _ in admitting):
        here = [pair for pair in admitting if admits(pair[0].rule, protocol, first)]
        if _is_world(block for _, blocks in here for block in blocks):
            at_fault = tuple(found for found, _ in here)
            opened.append(
                OpenPorts(protocol=protocol, first_port=first, last_port=last, rules=at_fault)
            )
    return tuple(opened)


def unknown_peers(network: Network, rules: Iterable[GroupRule]) -> tuple[Unseen, ...]:
    """Return why the peers of some rules are not known, each reason once."""
    unknown = (peers_of(found.rule, network.prefix_lists).unknown for found in rules)
    return tuple(dict.fromkeys(reason for reason in unknown if reason is not None))


def _elementary_ranges(rules: Iterable[Rule]) -> Iterator[_Ports]:
    """Cut all ports at each rule's ends: within a range, every rule holds for all or for none."""
    cuts: dict[str, set[int]] = {}
    for rule in rules:
        first, last = ports_of(rule)
        cuts.setdefault(protocol_of(rule), set()).update((first, last + 1))
    everywhere = cuts.pop(EVERY_PROTOCOL, set())
    if everywhere:
        cuts = {"tcp": set(), "udp": set(), **cuts}
    for protocol, own in sorted(cuts.items()):
        points = sorted(own | everywhere)
        for low, high in pairwise(points):
            yield protocol, low, high - 1


def _is_world(blocks: Iterable[_Block]) -> bool:
    """Say whether the blocks' union, of either IP version, is as good as the world."""
    admitted = {4: 0, 6: 0}
    reached = {4: -1, 6: -1}
    for version, first, last in sorted(blocks):
        start = max(first, reached[version] + 1)
        admitted[version] += max(0, last - start + 1)
        reached[version] = max(reached[version], last)
    return any(count > WORLD_ADDRESSES[version] for version, count in admitted.items())
