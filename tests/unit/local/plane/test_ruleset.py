"""Security groups become nftables rules; what packets do is shown in tests/e2e/plane."""

import ipaddress
import re

from hypothesis import given
from hypothesis import strategies as st

from spawn.local.plane.ruleset import Epoch, next_epochs, render
from spawn.local.world import Interface, Rule
from tests.e2e.plane.worlds import CLOSED, EVERYTHING, OPEN, group, interface, ports

CIDRS = st.builds(
    lambda address, length: str(ipaddress.ip_network((address, length), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


def rules_of(chain: str, *interfaces: Interface) -> list[str]:
    """The lines of one chain."""
    text = render(interfaces, next_epochs({}, interfaces))
    found = re.search(rf"chain {chain} {{\n(.*?)\n  }}", text, re.DOTALL)
    assert found, text
    return [line.strip() for line in found[1].split("\n")]


INGRESS = "e00000000000005-ingress"


def test_a_rule_for_some_addresses_tracks() -> None:
    """Its flows are remembered, and everything else is dropped."""
    known, rule, last = rules_of(INGRESS, interface(5, group([ports(22, peers=["192.0.2.0/24"])])))
    assert known == "ct mark and 0xffff0000 == 0x00010000 return"
    assert rule == (
        "meta l4proto 6 ct original proto-dst 22 ct original ip saddr { 192.0.2.0/24 }"
        " ct mark set ct mark and 0x0000ffff or 0x00010000 return"
    )
    assert last == "drop"


def test_a_rule_for_all_addresses_does_not_track_where_answers_are_free() -> None:
    """AWS leaves a TCP flow untracked only if the other direction is open to all, every port."""
    forget = "ct mark set ct mark and 0x0000ffff return"
    free = rules_of(INGRESS, interface(5, group([ports(22)])))
    assert free[0] == f"meta l4proto 6 ct original proto-dst 22 {forget}"
    for egress in ([], [ports(0, 443)], [ports(0, 65535, peers=["10.0.0.0/8"])]):
        bound = rules_of(INGRESS, interface(5, group([ports(22)], egress=egress)))
        assert not any(line.endswith(forget) for line in bound)
    ping = Rule(protocol="icmp", from_port=8, to_port=-1, peers=("0.0.0.0/0",))
    assert not any(forget in line for line in rules_of(INGRESS, interface(5, group([ping]))))


def test_ipv6_peers_open_nothing() -> None:
    """A rule for IPv6 addresses admits no IPv4 packet."""
    rules = rules_of(INGRESS, interface(5, group([ports(22, peers=["::/0"])])))
    assert [line for line in rules if "saddr" in line or "proto-dst" in line] == []


@given(st.lists(CIDRS, min_size=1, max_size=8))
def test_overlapping_blocks_are_merged(cidrs: list[str]) -> None:
    """The set holds the same addresses, without the overlaps that nftables refuses."""
    rules = rules_of(INGRESS, interface(5, group([ports(22, peers=cidrs)], egress=[])))
    found = re.search(r"saddr { (.*?) }", " ".join(rules))
    assert found
    networks = [ipaddress.IPv4Network(each) for each in found[1].split(", ")]
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)
    asked = ipaddress.collapse_addresses(ipaddress.IPv4Network(each) for each in cidrs)
    assert set(networks) == set(asked)


def test_groups_add_up() -> None:
    """An interface admits what any of its groups admits."""
    rules = rules_of(INGRESS, interface(5, CLOSED, group([ports(80)]), group([ports(443)])))
    assert {"80", "443"} <= set(re.findall(r"proto-dst (\d+)", " ".join(rules)))


def test_an_epoch_begins_with_each_opening_to_everything() -> None:
    """Staying open begins none, nor does closing; only the whole world in both ways is open."""
    epochs: dict[str, Epoch] = {}
    numbers = []
    for each in (group([ports(22)]), OPEN, OPEN, CLOSED, OPEN, group([EVERYTHING], egress=[])):
        epochs = next_epochs(epochs, [interface(5, each)])
        numbers.append(epochs[interface(5).interface_id].number)
    assert numbers == [1, 2, 2, 2, 3, 3]


def test_an_empty_world_is_a_valid_ruleset() -> None:
    """Without interfaces there is no empty set, which nftables would refuse."""
    assert "{  }" not in render([], {})
