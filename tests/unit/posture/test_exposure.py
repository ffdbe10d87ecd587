"""From how much of the internet a port is open."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from spawn.network.rules import Rule
from spawn.posture.exposure import OpenPorts, open_to_world
from tests.unit.posture.builders import NETWORK, rules

# Blocks that overlap, touch and nest; none is private, so that counting them is simple.
BLOCKS = st.sampled_from(
    ("0.0.0.0/0", "0.0.0.0/1", "3.0.0.0/8", "18.0.0.0/8", "18.1.0.0/16", "52.0.0.0/9", "8.8.8.8/32")
)
PORTS = st.integers(0, 12)


@st.composite
def a_rule(draw: st.DrawFn) -> Rule:
    first, last = sorted((draw(PORTS), draw(PORTS)))
    protocol = draw(st.sampled_from(("tcp", "udp", "-1")))
    return Rule(protocol=protocol, from_port=first, to_port=last, peer=draw(BLOCKS))


def is_open(found: tuple[OpenPorts, ...], protocol: str, port: int) -> bool:
    return any(
        each.protocol == protocol and each.first_port <= port <= each.last_port for each in found
    )


def is_wide(found: list[Rule], protocol: str, port: int) -> bool:
    """Count what the rules admit to one port, block by block."""
    admitted = ipaddress.collapse_addresses(
        ipaddress.IPv4Network(rule.peer)
        for rule in found
        if rule.protocol == "-1"
        or (rule.protocol == protocol and (rule.from_port or 0) <= port <= (rule.to_port or 0))
    )
    return sum(block.num_addresses for block in admitted) > 2**24


@given(st.lists(a_rule(), max_size=6), st.sampled_from(("tcp", "udp")), PORTS)
def test_rules_are_counted_together(found: list[Rule], protocol: str, port: int) -> None:
    """A port is open to the world when its rules together admit more than a /8, and only then."""
    opened = open_to_world(NETWORK, rules(*found))
    assert is_open(opened, protocol, port) == is_wide(found, protocol, port)


@given(st.lists(a_rule(), max_size=6))
def test_the_order_of_rules_is_no_matter(found: list[Rule]) -> None:
    """The same rules in another order open the same ports."""
    ranges = [
        {(each.protocol, each.first_port, each.last_port) for each in open_to_world(NETWORK, order)}
        for order in (rules(*found), rules(*reversed(found)))
    ]
    assert ranges[0] == ranges[1]


def test_both_ip_versions_count_for_themselves() -> None:
    """Half the world of neither version is made whole by the other's."""
    narrow = (
        Rule(protocol="tcp", from_port=22, to_port=22, peer="3.0.0.0/8"),
        Rule(protocol="tcp", from_port=22, to_port=22, peer="2a00::/16"),
    )
    wide = Rule(protocol="tcp", from_port=22, to_port=22, peer="2a01::/16")
    assert not open_to_world(NETWORK, rules(*narrow))
    assert open_to_world(NETWORK, rules(*narrow, wide))
