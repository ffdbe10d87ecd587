"""Whom security groups admit."""

from __future__ import annotations

from typing import Any

import pytest

from spawn.aws.ec2 import (
    GroupIdentifier,
    GroupPair,
    InstanceInterface,
    IpPermission,
    IpRange,
    Ipv6Range,
    PrefixListReference,
    SecurityGroup,
)
from spawn.connect.ingress import (
    Ingress,
    admission,
    admitted_peers,
    group_ids,
    groups_question,
)
from spawn.network.admission import Verdict
from tests.unit.connect.builders import REGION, instance

MINE = "203.0.113.10"
V4 = (IpRange(cidr_ip="203.0.113.0/24"),)


def ingress(*callers: str, **rule: Any) -> Ingress:
    """Return callers, and one group with one rule."""
    usual = {"ip_protocol": "tcp", "from_port": 22, "to_port": 22}
    group = SecurityGroup(
        group_id="sg-1", group_name="one", ip_permissions=(IpPermission(**{**usual, **rule}),)
    )
    return Ingress(caller_addresses=callers, groups=(group,))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (ingress(MINE, ip_ranges=V4), Verdict.OPEN),
        (ingress(MINE, ip_ranges=V4, from_port=0, to_port=65535), Verdict.OPEN),
        (
            ingress(MINE, ip_ranges=V4, ip_protocol="-1", from_port=None, to_port=None),
            Verdict.OPEN,
        ),
        (ingress(MINE, ip_ranges=V4, from_port=23, to_port=80), Verdict.CLOSED),
        (ingress(MINE, ip_ranges=V4, ip_protocol="udp"), Verdict.CLOSED),
        (ingress("198.51.100.1", ip_ranges=V4), Verdict.CLOSED),
        (ingress("198.51.100.1", MINE, ip_ranges=V4), Verdict.OPEN),
        (ingress("2001:db8::1", ipv6_ranges=(Ipv6Range(cidr_ipv6="::/0"),)), Verdict.UNKNOWN),
        (ingress(ip_ranges=V4), Verdict.UNKNOWN),
        (
            ingress(MINE, prefix_list_ids=(PrefixListReference(prefix_list_id="pl-1"),)),
            Verdict.UNKNOWN,
        ),
        (ingress(MINE, user_id_group_pairs=(GroupPair(group_id="sg-2"),)), Verdict.UNKNOWN),
        (Ingress(caller_addresses=(MINE,), groups=()), Verdict.CLOSED),
    ],
)
def test_admission_over_ipv4(facts: Ingress, expected: Verdict) -> None:
    """Port, protocol and block decide; what can't be judged is not guessed."""
    assert admission(facts, "198.51.100.7", 22) is expected


def test_admission_over_ipv6() -> None:
    """An IPv6 address is reached from the caller's IPv6 address only."""
    facts = ingress(MINE, "2001:db8::1", ip_ranges=V4)
    assert admission(facts, "2001:db8::7", 22) is Verdict.CLOSED


def test_peers_are_told_by_their_names() -> None:
    """Blocks, prefix lists and groups that a port admits are all listed, other ports' are not."""
    facts = ingress(
        MINE,
        ip_ranges=V4,
        prefix_list_ids=(PrefixListReference(prefix_list_id="pl-1"),),
        user_id_group_pairs=(GroupPair(group_id="sg-2"),),
    )
    assert admitted_peers(facts, 22) == ("203.0.113.0/24", "pl-1", "sg-2")
    assert admitted_peers(facts, 443) == ()


def test_groups_of_every_interface_are_asked_for() -> None:
    """An instance's second interface counts as the first one does."""
    two = instance(
        security_groups=(GroupIdentifier(group_id="sg-b"),),
        network_interfaces=(
            InstanceInterface(
                network_interface_id="eni-1", groups=(GroupIdentifier(group_id="sg-b"),)
            ),
            InstanceInterface(
                network_interface_id="eni-2", groups=(GroupIdentifier(group_id="sg-a"),)
            ),
        ),
    )
    assert group_ids(two) == ("sg-a", "sg-b")
    question = groups_question(two, region=REGION)
    assert (question.parameters, question.region) == ({"GroupIds": ["sg-a", "sg-b"]}, REGION)
