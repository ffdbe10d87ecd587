"""Whether security groups let a packet through, as far as that can be told from their rules."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable

from spawn.aws.ec2 import SecurityGroup
from spawn.aws.questions import Fact, Known
from spawn.network.rules import EVERY_PROTOCOL, Rule, flatten

# EC2 API Reference, IpPermission: 6 is TCP's number.
_TCP = frozenset({EVERY_PROTOCOL, "tcp", "6"})

Groups = Fact[tuple[SecurityGroup, ...]]


class Verdict(enum.StrEnum):
    """Whether something gets through; UNKNOWN where that can't be told from what was seen."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


def lets_in(
    groups: Groups, group_ids: Iterable[str], port: int, *, address: str, members_of: Iterable[str]
) -> Verdict:
    """Say whether groups admit to a TCP port whoever has the address or is in other groups.

    An `address` that is not known is "": rules for blocks of addresses are then UNKNOWN, as those
    for prefix lists always are.
    """
    found = _seen(groups, group_ids)
    if found is None:
        return Verdict.UNKNOWN
    rules = [rule for group in found for rule in flatten(group.ip_permissions)]
    senders = set(members_of)
    verdicts = {_admits(rule, address, senders) for rule in rules if is_about(rule, port)}
    for verdict in (Verdict.OPEN, Verdict.UNKNOWN):
        if verdict in verdicts:
            return verdict
    return Verdict.CLOSED


def lets_out(groups: Groups, group_ids: Iterable[str], port: int) -> Verdict:
    """Say whether groups let anything out to a TCP port, wherever that is."""
    found = _seen(groups, group_ids)
    if found is None:
        return Verdict.UNKNOWN
    rules = [rule for group in found for rule in flatten(group.ip_permissions_egress)]
    return Verdict.OPEN if any(is_about(rule, port) for rule in rules) else Verdict.CLOSED


def is_about(rule: Rule, port: int) -> bool:
    """Say whether a rule covers a TCP port. No port, or -1, is all of them."""
    if rule.protocol.casefold() not in _TCP:
        return False
    if rule.from_port is None or rule.to_port is None or rule.from_port < 0:
        return True
    return rule.from_port <= port <= rule.to_port


def _seen(groups: Groups, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...] | None:
    """Return the groups, None unless every one of them is known: any one might let it through."""
    wanted = set(group_ids)
    if not isinstance(groups, Known):
        return None
    found = tuple(group for group in groups.value if group.group_id in wanted)
    return found if len(found) == len(wanted) else None


def _admits(rule: Rule, address: str, senders: set[str]) -> Verdict:
    if rule.peer.startswith("sg-"):
        return Verdict.OPEN if rule.peer in senders else Verdict.CLOSED
    if rule.peer.startswith("pl-") or not address:
        return Verdict.UNKNOWN
    inside = ipaddress.ip_address(address) in ipaddress.ip_network(rule.peer, strict=False)
    return Verdict.OPEN if inside else Verdict.CLOSED
