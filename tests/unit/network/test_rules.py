import random
from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.core.levels import Level
from spawn.network.rules import (
    EGRESS_ALL,
    EGRESS_HTTPS,
    Rule,
    RuleSet,
    describe,
    everything,
    flatten,
    ip_permissions,
    needs_caller,
    parse_ssh_from,
    tcp,
    wanted_rules,
)
from tests.unit.network.builders import read_back

CALLERS = ("203.0.113.10", "2001:db8::1")

networks4 = st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(
    lambda pair: str(IPv4Network(pair, strict=False))
)
networks6 = st.tuples(st.ip_addresses(v=6), st.integers(0, 128)).map(
    lambda pair: str(IPv6Network(pair, strict=False))
)
ids = st.integers(0, 16**17 - 1).map(lambda number: f"{number:017x}")
peers = st.one_of(networks4, networks6, ids.map("pl-{}".format), ids.map("sg-{}".format))
ports = st.integers(0, 65535)
rules = st.one_of(
    st.builds(tcp, ports, peers),
    st.builds(everything, peers),
    st.builds(
        lambda low, high, peer: Rule(
            protocol="udp", from_port=min(low, high), to_port=max(low, high), peer=peer
        ),
        ports,
        ports,
        peers,
    ),
)
rule_sets = st.builds(
    lambda ingress, egress: RuleSet(ingress=ingress, egress=egress),
    st.frozensets(rules, max_size=8),
    st.frozensets(rules, max_size=8),
)


@given(st.lists(rules, max_size=12), st.randoms())
def test_rules_survive_the_way_through_aws(some: list[Rule], chance: random.Random) -> None:
    """Written as permissions and read back, in any order, a set of rules is the same set."""
    shuffled = chance.sample(some, len(some))
    assert flatten(read_back(ip_permissions(shuffled))) == frozenset(some)
    assert ip_permissions(shuffled) == ip_permissions(some)


@given(rule_sets, rule_sets)
def test_equal_sets_and_only_those_have_equal_digests(one: RuleSet, other: RuleSet) -> None:
    """The digest, which names the group, tells rule sets apart exactly."""
    assert (one.digest == other.digest) == (one == other)


def test_the_digest_tells_directions_apart() -> None:
    """What is let in is not the same as what is let out."""
    rule = frozenset({tcp(22, "203.0.113.10/32")})
    inward = RuleSet(ingress=rule, egress=frozenset())
    outward = RuleSet(ingress=frozenset(), egress=rule)
    assert inward.digest != outward.digest


def test_one_permission_carries_all_peers_of_the_same_ports() -> None:
    """AWS gets one permission for one port, with each kind of peer under its own member."""
    peers = ("203.0.113.10/32", "2001:db8::/48", "pl-0123456789abcdef0", "sg-0123456789abcdef0")
    assert ip_permissions(tcp(22, peer) for peer in peers) == [
        {
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "IpRanges": [{"CidrIp": "203.0.113.10/32"}],
            "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/48"}],
            "PrefixListIds": [{"PrefixListId": "pl-0123456789abcdef0"}],
            "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}],
        }
    ]


def test_ports_mean_nothing_where_every_protocol_is_let_through() -> None:
    """Protocol -1 with ports, as some clients write it, is the rule for everything."""
    odd = {
        "IpProtocol": "-1",
        "FromPort": 0,
        "ToPort": 65535,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    }
    assert flatten(read_back([odd])) == {everything("0.0.0.0/0")}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("203.0.113.0/24",), ("203.0.113.0/24",)),
        (("203.0.113.10",), ("203.0.113.10/32",)),
        (("2001:DB8:0::/48",), ("2001:db8::/48",)),
        (("0.0.0.0/0,::/0",), ("0.0.0.0/0", "::/0")),
        (("pl-0123456789abcdef0", "pl-01234567"), ("pl-01234567", "pl-0123456789abcdef0")),
        (("203.0.113.10, 203.0.113.10/32",), ("203.0.113.10/32",)),
        ((), ()),
    ],
)
def test_sources_are_read_as_people_write_them(
    texts: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """Blocks, bare addresses and prefix lists come out canonical, sorted, each once."""
    assert parse_ssh_from(texts) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "203.0.113.0/24,",
        "203.0.113.0/33",
        "203.0.113.0/255.255.255.0",
        "203.0.113.0/0.0.0.255",
        "my-office",
        "pl-xyz",
        "sg-0123456789abcdef0",
        "2001:db8::1%eth0/64",
        "203.0.113.0/-1",
        "203.0.113.010/32",
    ],
)
def test_what_is_no_source_is_refused(text: str) -> None:
    """Anything but a block or a prefix list is refused, naming the flag and what to write."""
    with pytest.raises(InputError, match="--ssh-from") as refusal:
        parse_ssh_from([text])
    assert "203.0.113.10/32" in refusal.value.why


def test_bits_beyond_the_prefix_are_refused_with_the_network_meant() -> None:
    """A block that is not a network is not guessed at: the right one is named."""
    with pytest.raises(InputError, match="bits set") as refusal:
        parse_ssh_from(["203.0.113.77/24"], flag="--from")
    assert "203.0.113.0/24" in refusal.value.why
    assert "--from" in refusal.value.what


def test_an_ipv4_address_written_as_ipv6_is_refused() -> None:
    """A mapped address would make a rule that no packet ever matches."""
    with pytest.raises(InputError, match="IPv6 clothes"):
        parse_ssh_from(["::ffff:203.0.113.10"])


@pytest.mark.parametrize(
    ("level", "ipv6", "ingress", "egress"),
    [
        (Level.OPEN, False, {"0.0.0.0/0", "::/0"}, EGRESS_ALL),
        (Level.STANDARD, False, {"203.0.113.10/32"}, EGRESS_ALL),
        (Level.STANDARD, True, {"203.0.113.10/32", "2001:db8::1/128"}, EGRESS_ALL),
        (Level.STRICT, True, set(), EGRESS_HTTPS),
    ],
)
def test_each_level_opens_what_it_says(
    level: Level, ipv6: bool, ingress: set[str], egress: frozenset[Rule]
) -> None:
    """Open admits the world, standard the caller, strict nobody; only strict limits the way out."""
    wanted = wanted_rules(level, callers=CALLERS, ssh_from=(), ipv6=ipv6)
    assert wanted == RuleSet(ingress=frozenset(tcp(22, peer) for peer in ingress), egress=egress)


@pytest.mark.parametrize("level", Level)
def test_named_sources_replace_the_callers_address(level: Level) -> None:
    """With --ssh-from only what it names gets in, at every level."""
    wanted = wanted_rules(level, callers=CALLERS, ssh_from=("198.51.100.0/24",), ipv6=True)
    assert wanted.ingress == {tcp(22, "198.51.100.0/24")}


def test_an_unknown_caller_gets_no_ingress() -> None:
    """Where the caller's address is not known, standard opens nothing at all."""
    wanted = wanted_rules(Level.STANDARD, callers=(), ssh_from=(), ipv6=True)
    assert wanted.ingress == frozenset()


def test_only_standard_without_sources_asks_for_the_caller() -> None:
    """The address service is not asked where its answer would change nothing."""
    asking = [level for level in Level if needs_caller(level, ())]
    assert asking == [Level.STANDARD]
    assert not needs_caller(Level.STANDARD, ("203.0.113.0/24",))


def test_rules_are_said_in_words() -> None:
    """A plan shows rules as a person says them."""
    ranged = Rule(protocol="udp", from_port=5000, to_port=5010, peer="10.0.0.0/8")
    other = Rule(protocol="50", from_port=None, to_port=None, peer="10.0.0.0/8")
    assert describe([]) == "nothing"
    assert describe([tcp(22, "203.0.113.10/32"), tcp(22, "2001:db8::1/128")]) == (
        "SSH (2001:db8::1/128, 203.0.113.10/32)"
    )
    assert describe([tcp(443, "0.0.0.0/0")]) == "tcp 443 (0.0.0.0/0)"
    assert describe([ranged, other]) == "50 (10.0.0.0/8); udp 5000-5010 (10.0.0.0/8)"
    assert describe([everything("::/0")]) == "everything (::/0)"
