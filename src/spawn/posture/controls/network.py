"""The way in and the way out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from spawn.aws.questions import Unseen
from spawn.network.rules import HTTPS_PORT, SSH_PORT, Rule, describe, ip_permissions
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed, unknown
from spawn.posture.exposure import (
    LAST_PORT,
    OpenPorts,
    admits,
    open_to_world,
    peers_of,
    ports_of,
    protocol_of,
    unknown_peers,
)
from spawn.posture.model import GroupRule, Posture

# What a public web server is there for: HTTP, HTTPS, and HTTP/3 (RFC 9114), which runs over UDP.
WEB_PORTS = frozenset({("tcp", 80), ("tcp", 443), ("udp", 443)})
# A ping, or a message that a packet was too big, opens no port.
_WITHOUT_PORTS = frozenset({"icmp", "icmpv6"})


def _ports_in_words(protocol: str, first: int, last: int) -> str:
    name = "any protocol" if protocol == "-1" else protocol
    if (first, last) == (0, LAST_PORT):
        return f"{name}, all ports" if protocol != "-1" else name
    return f"{name} {first}" if first == last else f"{name} {first}-{last}"


def _failed_rules(evidence: str, rules: Iterable[GroupRule]) -> Judgement:
    """Point at all the rules; the remedy takes away those of the first group."""
    wrong = tuple(dict.fromkeys(rules))
    first_group = wrong[0].group
    of_first = [found.rule for found in wrong if found.group == first_group]
    return failed(
        f"{evidence}: {describe(found.rule for found in wrong)}",
        places=[found.group for found in wrong],
        group=first_group,
        permissions=msgspec.json.encode(ip_permissions(of_first)).decode(),
    )


def ssh_world(posture: Posture) -> Judgement:
    """SSH must not be open to the world, by whichever rules together."""
    ingress = posture.network.ingress
    if isinstance(ingress, Unseen):
        return unknown(ingress)
    about_ssh = _about_ssh(ingress)
    opened = [ports for ports in open_to_world(posture.network, about_ssh) if _is_ssh(ports)]
    if opened:
        return _failed_rules("the world may reach SSH", opened[0].rules)
    hidden = unknown_peers(posture.network, about_ssh)
    return unknown(*hidden) if hidden else passed("SSH is not open to the world")


def _about_ssh(rules: Iterable[GroupRule]) -> list[GroupRule]:
    return [found for found in rules if admits(found.rule, "tcp", SSH_PORT)]


def _is_ssh(ports: OpenPorts) -> bool:
    return ports.protocol == "tcp" and ports.first_port <= SSH_PORT <= ports.last_port


def ports_world(posture: Posture) -> Judgement:
    """Besides SSH, which has its own control, only a web server's ports may face the world."""
    ingress = posture.network.ingress
    if isinstance(ingress, Unseen):
        return unknown(ingress)
    opened = [
        ports for ports in open_to_world(posture.network, ingress) if not _may_face_the_world(ports)
    ]
    if opened:
        ranges = ", ".join(
            _ports_in_words(ports.protocol, ports.first_port, ports.last_port) for ports in opened
        )
        rules = [rule for ports in opened for rule in ports.rules]
        return _failed_rules(f"the world may reach {ranges}", rules)
    hidden = unknown_peers(posture.network, ingress)
    return unknown(*hidden) if hidden else passed("no port but a web server's is open to the world")


def _may_face_the_world(ports: OpenPorts) -> bool:
    if ports.protocol in _WITHOUT_PORTS:
        return True
    allowed = WEB_PORTS | {("tcp", SSH_PORT)}
    # A range that is wider than what is allowed together can't be within it.
    return ports.last_port - ports.first_port < len(allowed) and all(
        (ports.protocol, port) in allowed for port in range(ports.first_port, ports.last_port + 1)
    )


def ssh_closed(posture: Posture) -> Judgement:
    """Nothing at all may come in over SSH: there is Session Manager."""
    ingress = posture.network.ingress
    if isinstance(ingress, Unseen):
        return unknown(ingress)
    about_ssh = _about_ssh(ingress)
    if about_ssh:
        return _failed_rules("SSH is open", about_ssh)
    return passed("no rule admits SSH")


def public_address(posture: Posture) -> Judgement:
    """No interface may have a public address, or lie where a route would make one work."""
    interfaces = posture.network.interfaces
    wrong = [face for face in interfaces if face.public_address is True]
    if wrong:
        places = [face.interface_id or face.subnet_id for face in wrong]
        return failed(
            "the instance has a public address", places=places, interface=wrong[0].interface_id
        )
    exposed = [face for face in interfaces if face.private_subnet is False]
    if exposed:
        return failed(
            "the subnet is public: it has a route to an internet gateway",
            places=[face.subnet_id for face in exposed],
            interface=exposed[0].interface_id,
        )
    looks = [look for face in interfaces for look in (face.public_address, face.private_subnet)]
    hidden = [look for look in looks if isinstance(look, Unseen)]
    if hidden or not interfaces:
        return unknown(*hidden or [Unseen("ec2:DescribeInstances", "it names no interface")])
    return passed("no public address, and a private subnet")


def egress(posture: Posture) -> Judgement:
    """To the internet only HTTPS may go out; private addresses are the VPC's own affair.

    Security groups can't filter DNS, time and metadata of the Amazon-provided servers (VPC user
    guide, "Security groups"), so those need no rule.
    """
    rules = posture.network.egress
    if isinstance(rules, Unseen):
        return unknown(rules)
    beyond_https = [found for found in rules if not _is_https(found.rule)]
    peers = [(found, peers_of(found.rule, posture.network.prefix_lists)) for found in beyond_https]
    wrong = [found for found, peer in peers if peer.blocks]
    if wrong:
        return _failed_rules("more than HTTPS may leave", wrong)
    hidden = [peer.unknown for _, peer in peers if peer.unknown is not None]
    return unknown(*hidden) if hidden else passed("only HTTPS may leave for the internet")


def _is_https(rule: Rule) -> bool:
    return protocol_of(rule) == "tcp" and ports_of(rule) == (HTTPS_PORT, HTTPS_PORT)


_REVOKE_INGRESS = (
    "aws ec2 revoke-security-group-ingress --region {region} --group-id {group}"
    " --ip-permissions {permissions}"
)

CONTROLS = (
    Control(
        id="NET-SSH-WORLD",
        title="SSH is not open to the world",
        severity=Severity.HIGH,
        risk="Everybody's scanners find it within minutes and try keys, passwords and new bugs.",
        at_launch="name who may connect: --ssh-from CIDR, or leave out --security-groups",
        remedy=_REVOKE_INGRESS,
        judge=ssh_world,
    ),
    Control(
        id="NET-PORT-WORLD",
        title="Only a web server's ports are open to the world",
        severity=Severity.HIGH,
        risk="Databases, caches and consoles that face the internet are read and held to ransom.",
        at_launch="leave out the group, or use one that names who may connect",
        remedy=_REVOKE_INGRESS,
        judge=ports_world,
    ),
    Control(
        id="NET-SSH-CLOSED",
        title="No rule admits SSH",
        severity=Severity.MEDIUM,
        risk="A session over SSH passes by Session Manager's permissions and records.",
        at_launch="leave out --ssh-from and --security-groups, and connect by Session Manager",
        remedy=_REVOKE_INGRESS,
        judge=ssh_closed,
    ),
    Control(
        id="NET-PUBLIC-ADDRESS",
        title="No public address, and a private subnet",
        severity=Severity.MEDIUM,
        risk="What has an address on the internet is one wrong rule away from being reached.",
        at_launch="--no-public-ip, with --subnet naming a private subnet",
        remedy=(
            "aws ec2 modify-network-interface-attribute --region {region}"
            " --network-interface-id {interface} --no-associate-public-ip-address"
        ),
        judge=public_address,
    ),
    Control(
        id="NET-EGRESS",
        title="Only HTTPS may leave for the internet",
        severity=Severity.MEDIUM,
        risk="Whoever gets in can carry data out and fetch tools by any protocol.",
        at_launch="leave out --security-groups, or use groups whose egress is tcp 443 only",
        remedy=(
            "aws ec2 revoke-security-group-egress --region {region} --group-id {group}"
            " --ip-permissions {permissions}"
        ),
        judge=egress,
    ),
)
