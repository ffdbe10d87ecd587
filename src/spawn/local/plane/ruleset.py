"""Security groups as an nftables ruleset: a pure function of the interfaces in use.

Every packet between two instances, or between an instance and the outside, is forwarded by the
router and judged twice: at the interface of the flow's originator against egress rules, at the
responder's against ingress rules. Each side answers by AWS's tracking rules
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html):

1. A TCP or UDP flow that a rule for every address admits, where the other direction is open to
   every address and port, is not tracked: it passes, and whatever was remembered is forgotten.
2. A tracked flow passes whatever the rules say by now. That it is tracked stands in the
   connection's mark, one half for each side.
3. A flow that any other rule admits passes and is tracked from now on.
4. All else is dropped without an answer.

Opening both directions to everything thus untracks what was tracked, and emptying the group
then cuts it: how one isolates an instance. That must hold for idle flows too, which send no
packet in between. So the mark is no mere bit but the number of an epoch, and an interface begins
a new epoch whenever it is opened to everything: marks of earlier ones count for nothing.

Rules are matched against the connection's original direction (`ct original`), so that both
directions of a flow get the same answer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spawn.local.plane.network import INTERNET_LINK, link_name
from spawn.local.world import Interface, Rule

TABLE = "spawn"
METADATA_ADDRESS = "169.254.169.254"
API_ADDRESS = "169.254.170.254"

_EPOCHS = 0xFFFF  # what half a connection mark can tell apart; 0 is no epoch
_ANYWHERE = "0.0.0.0/0"
_EVERY_PROTOCOL = "-1"
# By number: the names are in /etc/protocols, which small systems lack.
_PROTOCOL_NUMBERS = {"icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}
_ICMP, _TCP, _UDP = "1", "6", "17"
_UNTRACKABLE = (_TCP, _UDP)
# How AWS and its clients write "every port".
_EVERY_PORT = ((None, None), (0, 65535), (-1, -1))


@dataclass(frozen=True)
class _Side:
    """Who is the peer there, and which half of the connection's mark tells of it."""

    peer: str
    shift: int


_EGRESS = _Side("ct original ip daddr", 0)
_INGRESS = _Side("ct original ip saddr", 16)


@dataclass(frozen=True)
class Epoch:
    """Of an interface: how often it was opened to everything, and whether it is now."""

    number: int = 1
    is_open: bool = False


def next_epochs(epochs: Mapping[str, Epoch], interfaces: Iterable[Interface]) -> dict[str, Epoch]:
    """The epochs by interface id once these interfaces' rules are in force."""
    return {
        each.interface_id: _next_epoch(epochs.get(each.interface_id, Epoch()), each)
        for each in interfaces
    }


def _next_epoch(epoch: Epoch, interface: Interface) -> Epoch:
    is_open = all(
        any(_opens_everything(rule, _TCP) for rule in rules)
        for rules in (_ingress(interface), _egress(interface))
    )
    begins = is_open and not epoch.is_open
    return Epoch(epoch.number % _EPOCHS + 1 if begins else epoch.number, is_open)


def render(interfaces: Sequence[Interface], epochs: Mapping[str, Epoch]) -> str:
    """The whole ruleset for the interfaces in use, to be applied at once by `nft -f`."""
    lines = [
        f"table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *_indented(
            line
            for each in interfaces
            for line in _side_chains(each, epochs[each.interface_id].number)
        ),
        *_indented(_admission_chain(interfaces)),
        *_indented(_forward_chain(interfaces)),
        *_indented(_local_chains()),
        *_indented(_translation_chains(interfaces)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _chain(name: str, body: Iterable[str]) -> list[str]:
    return [f"chain {name} {{", *_indented(body), "}"]


def _ingress(interface: Interface) -> list[Rule]:
    return [rule for group in interface.groups for rule in group.ingress]


def _egress(interface: Interface) -> list[Rule]:
    return [rule for group in interface.groups for rule in group.egress]


def _side_chains(interface: Interface, epoch: int) -> list[str]:
    link = link_name(interface.interface_id)
    ingress, egress = _ingress(interface), _egress(interface)
    return [
        *_chain(
            f"{link}-egress",
            _side_rules(egress, opposite=ingress, side=_EGRESS, epoch=epoch),
        ),
        *_chain(
            f"{link}-ingress",
            _side_rules(ingress, opposite=egress, side=_INGRESS, epoch=epoch),
        ),
    ]


def _side_rules(
    rules: Sequence[Rule], *, opposite: Sequence[Rule], side: _Side, epoch: int
) -> Iterator[str]:
    mine, others = f"{_EPOCHS << side.shift:#010x}", f"{_EPOCHS << 16 - side.shift:#010x}"
    this_epoch = f"{epoch << side.shift:#010x}"
    forget = f"ct mark set ct mark and {others} return"
    remember = f"ct mark set ct mark and {others} or {this_epoch} return"
    for protocol in _UNTRACKABLE:
        if not any(_opens_everything(rule, protocol) for rule in opposite):
            continue
        for rule in rules:
            if _ANYWHERE in rule.peers and _covers(rule, protocol):
                yield f"{_port_match(rule, protocol)} {forget}"
    yield f"ct mark and {mine} == {this_epoch} return"
    for rule in rules:
        peers = _address_set(rule.peers)
        if peers:
            yield " ".join(filter(None, (_match(rule), f"{side.peer} {peers}", remember)))
    yield "drop"


def _number(rule: Rule) -> str:
    return _PROTOCOL_NUMBERS.get(rule.protocol, rule.protocol)


def _covers(rule: Rule, protocol: str) -> bool:
    return _number(rule) in (protocol, _EVERY_PROTOCOL)


def _opens_everything(rule: Rule, protocol: str) -> bool:
    every_port = (rule.from_port, rule.to_port) in _EVERY_PORT
    return (
        _covers(rule, protocol)
        and _ANYWHERE in rule.peers
        and (every_port or rule.protocol == _EVERY_PROTOCOL)
    )


def _match(rule: Rule) -> str:
    """The part of an nftables rule that stands for protocol and ports; empty for all."""
    protocol = _number(rule)
    if protocol == _EVERY_PROTOCOL:
        return ""
    if protocol in _UNTRACKABLE:
        return _port_match(rule, protocol)
    if protocol == _ICMP:
        return _icmp_match(rule)
    return f"meta l4proto {protocol}"


def _port_match(rule: Rule, protocol: str) -> str:
    first, last = rule.from_port, rule.to_port
    if rule.protocol == _EVERY_PROTOCOL or first is None or last is None or first < 0:
        return f"meta l4proto {protocol}"
    ports = str(first) if first == last else f"{first}-{last}"
    return f"meta l4proto {protocol} ct original proto-dst {ports}"


def _icmp_match(rule: Rule) -> str:
    # EC2 keeps the ICMP type in FromPort and the code in ToPort, -1 for all.
    parts = [f"meta l4proto {_ICMP}"]
    if rule.from_port is not None and rule.from_port >= 0:
        parts.append(f"icmp type {rule.from_port}")
        if rule.to_port is not None and rule.to_port >= 0:
            parts.append(f"icmp code {rule.to_port}")
    return " ".join(parts)


def _address_set(peers: Iterable[str]) -> str:
    """CIDR blocks as an nftables set. Instances have no IPv6 address, so those fall away."""
    networks = (ipaddress.ip_network(peer, strict=False) for peer in peers)
    # nftables refuses overlapping blocks in one set.
    merged = ipaddress.collapse_addresses(
        network for network in networks if isinstance(network, ipaddress.IPv4Network)
    )
    text = ", ".join(str(network) for network in merged)
    return f"{{ {text} }}" if text else ""


def _admission_chain(interfaces: Sequence[Interface]) -> list[str]:
    """Drop what bears a sender's address that is not its own (EC2's source check)."""
    owners = ", ".join(
        f'"{link_name(each.interface_id)}" . {each.private_ip}' for each in interfaces
    )
    outside = f'iifname {{ "lo", "{INTERNET_LINK}" }} accept'
    return _chain(
        "admission",
        [
            "type filter hook prerouting priority raw; policy drop;",
            outside,
            *([f"iifname . ip saddr {{ {owners} }} accept"] if owners else []),
        ],
    )


def _forward_chain(interfaces: Sequence[Interface]) -> list[str]:
    body = [
        "type filter hook forward priority filter; policy drop;",
        "ct state invalid drop",
        *_separation(interfaces),
        *_judgement(interfaces, side="egress", forth="iifname", back="oifname"),
        *_judgement(interfaces, side="ingress", forth="oifname", back="iifname"),
        "accept",
    ]
    return _chain("forward", body)


def _separation(interfaces: Sequence[Interface]) -> Iterator[str]:
    """Keep private addresses of different VPCs apart, by numbering the VPCs."""
    numbers = {
        vpc: number for number, vpc in enumerate(sorted({each.vpc_id for each in interfaces}), 1)
    }
    pairs = [(link_name(each.interface_id), numbers[each.vpc_id]) for each in interfaces]
    if not pairs:
        return
    senders = ", ".join(f'"{link}" : {number}' for link, number in pairs)
    receivers = ", ".join(f'"{link}" . {number}' for link, number in pairs)
    yield f"meta mark set iifname map {{ {senders} }}"
    crossing = f'iifname != "{INTERNET_LINK}" oifname != "{INTERNET_LINK}"'
    yield f"{crossing} oifname . meta mark != {{ {receivers} }} drop"


def _judgement(
    interfaces: Sequence[Interface], *, side: str, forth: str, back: str
) -> Iterator[str]:
    links = [link_name(each.interface_id) for each in interfaces]
    if not links:
        return
    verdicts = ", ".join(f'"{link}" : jump {link}-{side}' for link in links)
    yield f"ct direction original {forth} vmap {{ {verdicts} }}"
    yield f"ct direction reply {back} vmap {{ {verdicts} }}"


def _local_chains() -> list[str]:
    """Metadata and the API are beyond the reach of security groups; all else here is closed."""
    return [
        *_chain(
            "input",
            [
                "type filter hook input priority filter; policy drop;",
                f'iifname {{ "lo", "{INTERNET_LINK}" }} drop',
                f"ip daddr {{ {METADATA_ADDRESS}, {API_ADDRESS} }} tcp dport 80 accept",
            ],
        ),
        *_chain(
            "output",
            [
                "type filter hook output priority filter; policy drop;",
                f"ip saddr {{ {METADATA_ADDRESS}, {API_ADDRESS} }} ct state established accept",
            ],
        ),
    ]


def _translation_chains(interfaces: Sequence[Interface]) -> list[str]:
    """Public addresses are translated at the VPC's edge; without one nothing leaves or enters."""
    addresses = [(each.public_ip, each.private_ip) for each in interfaces if each.public_ip]
    inward = ", ".join(f"{public} : {private}" for public, private in addresses)
    outward = ", ".join(f"{private} : {public}" for public, private in addresses)
    known = ", ".join(private for _, private in addresses)
    entrance = ["type nat hook prerouting priority dstnat;"]
    departure = ["type nat hook postrouting priority srcnat;"]
    gate = ["type filter hook forward priority -10; policy accept;"]
    if addresses:
        entrance.append(f'iifname "{INTERNET_LINK}" dnat ip to ip daddr map {{ {inward} }}')
        departure.append(f'oifname "{INTERNET_LINK}" snat ip to ip saddr map {{ {outward} }}')
        gate.append(f'oifname "{INTERNET_LINK}" ip saddr {{ {known} }} accept')
    gate.append(f'oifname "{INTERNET_LINK}" drop')
    return [
        *_chain("entrance", entrance),
        *_chain("departure", departure),
        *_chain("gate", gate),
    ]
