"""Groups and prefix lists of rules become addresses; states decide who is in the world."""

from __future__ import annotations

from typing import Any

import pytest
from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend

from spawn.local.control.snapshot import group_of, interface_of, peers_of, snapshot
from spawn.local.control.states import LAUNCHED, Life, State
from spawn.local.control.switches import Switches
from spawn.local.world import DesiredState, EphemeralKey, Rule


@pytest.fixture
def backend() -> Any:
    """A region of moto's, on its own."""
    return EC2Backend("us-east-1", "111122223333")


def _group(backend: Any, name: str) -> Any:
    return backend.create_security_group(name, "d", vpc_id=backend.get_default_vpc().id)


def _allow(backend: Any, group: Any, protocol: str, port: int | None, **peers: Any) -> None:
    backend.authorize_security_group_ingress(
        group.id,
        protocol,
        port,
        port,
        peers.get("ip_ranges", []),
        source_groups=peers.get("source_groups", []),
        prefix_list_ids=peers.get("prefix_list_ids", []),
    )


def _interface(backend: Any, group: Any) -> Any:
    subnet = backend.describe_subnets()[0]
    return backend.create_network_interface(subnet, None, group_ids=[group.id])


def test_a_group_in_a_rule_becomes_its_members(backend: Any) -> None:
    """The addresses of every interface that carries the group, and of no other."""
    web, database = _group(backend, "web"), _group(backend, "database")
    members = [_interface(backend, web) for _ in range(2)]
    _interface(backend, database)
    _allow(backend, database, "tcp", 5432, source_groups=[{"GroupId": web.id}])
    [rule] = group_of(database, backend).ingress
    addresses = sorted(f"{nic.private_ip_address}/32" for nic in members)
    assert rule == Rule(protocol="tcp", from_port=5432, to_port=5432, peers=tuple(addresses))


def test_a_prefix_list_becomes_its_blocks(backend: Any) -> None:
    """The entries of the list's current version."""
    entries = [{"Cidr": "192.0.2.0/25"}, {"Cidr": "192.0.2.128/25"}]
    prefixes = backend.create_managed_prefix_list("IPv4", entries, 5, "office")
    group = _group(backend, "g")
    _allow(backend, group, "tcp", 22, prefix_list_ids=[{"PrefixListId": prefixes.id}])
    assert peers_of(group.ingress_rules[0], backend) == ("192.0.2.0/25", "192.0.2.128/25")


def test_all_protocols_mean_every_port(backend: Any) -> None:
    """The rule that a new group has for egress is for everything."""
    [egress] = group_of(_group(backend, "g"), backend).egress
    assert egress == Rule(protocol="-1", from_port=None, to_port=None, peers=("0.0.0.0/0",))


def test_both_address_families_are_kept(backend: Any) -> None:
    """IPv4 and IPv6 blocks of one permission are two rules with a peer each."""
    group = _group(backend, "g")
    both = [{"CidrIp": "203.0.113.10/32"}, {"CidrIpv6": "2001:db8::/64"}]
    _allow(backend, group, "icmp", -1, ip_ranges=both)
    rules = group_of(group, backend).ingress
    assert {peer for rule in rules for peer in rule.peers} == {"203.0.113.10/32", "2001:db8::/64"}
    assert {(rule.protocol, rule.from_port) for rule in rules} == {("icmp", None)}


def test_an_interface_shows_its_own_groups(backend: Any) -> None:
    """Each group with its rules; no public address where there is none."""
    group = _group(backend, "g")
    shown = interface_of(_interface(backend, group))
    assert [g.group_id for g in shown.groups] == [group.id]
    assert shown.public_ip is None


@pytest.mark.parametrize(
    ("life", "is_in_it"),
    [
        (LAUNCHED, True),
        (Life(state=State.STOPPED, desired=DesiredState.STOPPED, boot=1), True),
        (Life(state=State.SHUTTING_DOWN, desired=DesiredState.TERMINATED, boot=1), True),
        (Life(state=State.TERMINATED, desired=DesiredState.TERMINATED, boot=1), False),
    ],
)
def test_the_world_holds_who_is_not_over(backend: Any, life: Life, is_in_it: bool) -> None:
    """An instance is shown until nothing of it is left to end or to keep."""
    subnet = backend.describe_subnets()[0]
    nic = {"DeviceIndex": 0, "SubnetId": subnet.id}
    [instance] = backend.run_instances(
        "ami-1", 1, None, [], is_instance_type_default=True, nics=[nic], region_name="us-east-1"
    ).instances
    assert instance.launch_time <= utcnow()
    world = snapshot(
        [("us-east-1", backend)],
        generation=7,
        lives={instance.id: life},
        ended=["i-gone"],
        credentials={},
        ssh_keys={},
        switches=Switches(metadata_fails={instance.id: True}),
    )
    assert world.generation == 7
    assert world.ended == ("i-gone",)
    assert [i.instance_id for i in world.instances] == ([instance.id] if is_in_it else [])
    assert all(i.metadata_fails and i.state is life.desired for i in world.instances)


def test_a_sent_key_is_in_the_world(backend: Any) -> None:
    """The data plane gets the keys of the instance that they were sent to."""
    subnet = backend.describe_subnets()[0]
    nic = {"DeviceIndex": 0, "SubnetId": subnet.id}
    launched = backend.run_instances(
        "ami-1", 2, None, [], is_instance_type_default=True, nics=[nic], region_name="us-east-1"
    ).instances
    key = EphemeralKey(user="ubuntu", key="ssh-ed25519 AAAA", until="2026-01-01T00:01:00Z")
    world = snapshot(
        [("us-east-1", backend)],
        generation=1,
        lives={instance.id: LAUNCHED for instance in launched},
        ended=(),
        credentials={},
        ssh_keys={launched[1].id: (key,)},
        switches=Switches(),
    )
    keys = {instance.instance_id: instance.ssh_keys for instance in world.instances}
    assert keys == {launched[0].id: (), launched[1].id: (key,)}
