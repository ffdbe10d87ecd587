"""Why there is no connection, in words, and what to type next."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Callable
from typing import TypeVar

from spawn.connect.failures import Failure, NotConnected
from spawn.connect.hostkeys import ConsoleKeys
from spawn.connect.ingress import Admission, Ingress, admission, admitted_peers
from spawn.connect.pins import read_pin
from spawn.connect.way import Way
from spawn.core.errors import AccountError, AwsRefusal

T = TypeVar("T")


def explained(way: Way, trouble: NotConnected) -> AccountError:
    """Return the error for a failure, having asked AWS where that can explain it.

    What AWS refuses then is passed over: the failure is what the person has to be told of.
    """
    explain = _EXPLANATIONS.get(trouble.failure, _plain)
    return explain(way, trouble)


def _plain(way: Way, trouble: NotConnected) -> AccountError:
    return AccountError(
        f"could not connect to {way.target.instance_id}: {trouble.failure.value}",
        why=trouble.message,
        next_command=f"spawn status {way.target.instance_id}",
    )


def _lost(way: Way, trouble: NotConnected) -> AccountError:
    return AccountError(
        f"the connection to {way.target.instance_id} was lost",
        why=f"{trouble.message}; what was running there may go on",
        next_command=f"spawn status {way.target.instance_id}",
    )


def _key_refused(way: Way, trouble: NotConnected) -> AccountError:
    target = way.target
    offered = target.identity_file or "those of ssh's own files and agent"
    launched = f"the key pair {way.key_name}" if way.key_name else "no key pair"
    return AccountError(
        f"{target.instance_id} does not let {target.user} in with your key",
        why=(
            f"{trouble.message}; the key offered: {offered}; it was launched with {launched}: "
            "another key is needed, or the image has another login name"
        ),
        next_command=f"spawn status {target.instance_id}",
    )


def _host_key(way: Way, trouble: NotConnected) -> AccountError:
    place = way.target.known_hosts
    pinned = ", ".join(key.fingerprint for key in read_pin(place)) or "none"
    console = _quietly(way.console) or ConsoleKeys()
    shown = ", ".join(console.all_fingerprints) or "shows none now"
    return AccountError(
        f"what answers for {place.name} does not have its host key, so nothing was sent to it",
        why=(
            f"pinned: {pinned}; offered: {trouble.offered or 'none of that kind'}; its console: "
            f"{shown}. Someone may be in between, or the keys were made anew: if you did that, "
            f"move {place} away, and they are read from the console again"
        ),
        next_command=_look_at_console(way),
    )


def _silent(way: Way, trouble: NotConnected) -> AccountError:
    target = way.target
    # Behind a proxy command it is not the caller's address that the groups see.
    ingress = None if target.proxy_command else _quietly(way.ingress)
    if ingress is None:
        return _plain(way, trouble)
    why, next_command = explain_silence(ingress, way)
    return AccountError(
        f"no answer from {target.instance_id} at {target.address}, port {target.port}",
        why=why,
        next_command=next_command,
    )


def explain_silence(ingress: Ingress, way: Way) -> tuple[str, str]:
    """Return why an instance may not answer, and the next command to type."""
    port = way.target.port
    groups = ", ".join(group.group_id for group in ingress.groups) or "none"
    callers = ", ".join(ingress.caller_addresses)
    admitted = ", ".join(admitted_peers(ingress, port)) or "nobody"
    match admission(ingress, way.target.address, port):
        case Admission.NOT_ADMITTED:
            why = (
                f"your address {callers} is not among those that its security groups ({groups}) "
                f"admit on port {port}: {admitted}"
            )
            return why, _authorize(ingress, way)
        case Admission.ADMITTED:
            why = (
                f"its security groups ({groups}) admit your address {callers}: it may still be "
                "booting, or a route or a network ACL is in the way"
            )
            return why, _look_at_console(way)
        case Admission.UNKNOWN:
            why = (
                f"your address is {callers or 'not known'}; its security groups ({groups}) admit "
                f"on port {port}: {admitted}. Whether that includes you can't be told from here"
            )
            return why, f"spawn status {way.target.instance_id}"


def _authorize(ingress: Ingress, way: Way) -> str:
    if not ingress.groups:
        return f"spawn status {way.target.instance_id}"
    address = ipaddress.ip_address(way.target.address)
    caller = next(
        caller
        for caller in map(ipaddress.ip_address, ingress.caller_addresses)
        if caller.version == address.version
    )
    block = "CidrIp" if caller.version == 4 else "CidrIpv6"
    ranges = "IpRanges" if caller.version == 4 else "Ipv6Ranges"
    port = way.target.port
    permission = (
        f"IpProtocol=tcp,FromPort={port},ToPort={port},"
        f"{ranges}=[{{{block}={caller}/{caller.max_prefixlen}}}]"
    )
    command = "aws ec2 authorize-security-group-ingress --group-id"
    words = (*command.split(), ingress.groups[0].group_id, "--ip-permissions", permission)
    return shlex.join((*words, "--region", way.region))


def _look_at_console(way: Way) -> str:
    command = "aws ec2 get-console-output --latest --output text --instance-id"
    return shlex.join((*command.split(), way.target.instance_id, "--region", way.region))


def _quietly(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except AwsRefusal:
        return None


_EXPLANATIONS = {
    Failure.HOST_KEY: _host_key,
    Failure.KEY_REFUSED: _key_refused,
    Failure.TIMED_OUT: _silent,
    Failure.LOST: _lost,
}
