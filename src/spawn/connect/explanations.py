"""Why there is no connection, in words, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TypeVar

from spawn.connect.authentication import OWN_FILES
from spawn.connect.failures import Failure, NotConnected
from spawn.connect.hostkeys import ConsoleKeys
from spawn.connect.ingress import Ingress, admission, admitted_peers
from spawn.connect.outlook import Outlook, advice
from spawn.connect.pins import read_pin
from spawn.connect.routes import Route
from spawn.connect.ssh_ca.principals import principal_of
from spawn.connect.ssh_ca.trust import Marked, read_mark
from spawn.connect.way import Way
from spawn.core.errors import AccountError, AwsRefusal
from spawn.core.tags import Tag
from spawn.network.admission import Verdict

T = TypeVar("T")


class NotAdmitted(AccountError):
    """The instance's security groups don't admit the caller's own address, which may have changed.

    `caller_addresses` are those of the caller, `region` is the instance's.
    """

    def __init__(
        self,
        what: str,
        *,
        why: str,
        next_command: str,
        instance_id: str,
        region: str,
        caller_addresses: tuple[str, ...],
    ) -> None:
        super().__init__(what, why=why, next_command=next_command)
        self.instance_id = instance_id
        self.region = region
        self.caller_addresses = caller_addresses


def obstacle(way: Way, outlook: Outlook) -> AccountError | None:
    """Return the error for what AWS shows to stand in the way, None where it shows nothing.

    What can't be looked at, or is not certain, is no obstacle.
    """
    ingress, target = outlook.ingress, way.target
    if ingress and admission(ingress, target.address, target.port) is Verdict.CLOSED:
        return _not_admitted(ingress, way)
    diagnosis = outlook.diagnosis
    if diagnosis is not None and diagnosis.verdict is Verdict.CLOSED:
        why, command = advice(diagnosis, f"spawn status {target.instance_id}")
        return AccountError(
            f"no packet of yours gets to {target.instance_id}", why=why, next_command=command
        )
    return None


def _not_admitted(ingress: Ingress, way: Way) -> AccountError:
    target = way.target
    what = f"no answer from {target.instance_id} at {target.address}, port {target.port}"
    groups = ", ".join(group.group_id for group in ingress.groups) or "none"
    knocking = ", ".join(ingress.caller_addresses)
    admitted = ", ".join(admitted_peers(ingress, target.port)) or "nobody"
    among = (
        f"is not among those that its security groups ({groups}) admit on port {target.port}: "
        f"{admitted}"
    )
    command = ("spawn", "network", "allow", target.instance_id)
    if way.bastion is not None:
        return AccountError(
            what,
            why=f"the bastion's address {knocking} {among}",
            next_command=shlex.join((*command, "--from", f"{ingress.caller_addresses[0]}/32")),
        )
    proxy = "; your ssh goes through a proxy command, which may have another address"
    return NotAdmitted(
        what,
        why=f"your address {knocking} {among}{proxy if target.proxy_command else ''}",
        next_command=shlex.join(command),
        instance_id=target.instance_id,
        region=way.region,
        caller_addresses=ingress.caller_addresses,
    )


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


def _closed(way: Way, trouble: NotConnected) -> AccountError:
    """Where a program of AWS's carries the connection, ssh sees no more than its end."""
    if way.route not in (Route.ENDPOINT, Route.SESSION_MANAGER):
        return _plain(way, trouble)
    status = f"spawn status {way.target.instance_id}"
    why, command = advice(way.outlook().diagnosis, status)
    return AccountError(
        f"could not connect to {way.target.instance_id} {way.route.value}",
        why="; ".join(filter(None, (trouble.message, why))),
        next_command=command,
    )


def _not_forwarded(way: Way, trouble: NotConnected) -> AccountError:
    return AccountError(
        f"{trouble.failure.value}, so the connection to {way.target.instance_id} was given up",
        why=trouble.message,
        next_command="spawn connect --help",
    )


def _lost(way: Way, trouble: NotConnected) -> AccountError:
    return AccountError(
        f"the connection to {way.target.instance_id} was lost",
        why=f"{trouble.message}; what was running there may go on",
        next_command=f"spawn status {way.target.instance_id}",
    )


def _key_refused(way: Way, trouble: NotConnected) -> AccountError:
    mark = read_mark(way.instance.tag_mapping)
    if mark is not None:
        return _certificate_refused(way, trouble, mark)
    target = way.target
    files = ", ".join(map(str, (*target.certificate_files, *target.identity_files)))
    ephemeral = "one by EC2 Instance Connect, " if way.send_key is not None else ""
    offered = ephemeral + (files or OWN_FILES)
    launched = f"the key pair {way.key_name}" if way.key_name else "no key pair"
    return AccountError(
        f"{target.instance_id} does not let {target.user} in with your key",
        why=(
            f"{trouble.message}; offered: {offered}; it was launched with {launched}: "
            "another key is needed, or the image has another login name"
        ),
        next_command=f"spawn status {target.instance_id}",
    )


def _certificate_refused(way: Way, trouble: NotConnected, mark: Marked) -> AccountError:
    """Say what may have been wrong: the server tells nobody but its log."""
    target, certification = way.target, way.certification
    if certification is None:
        shown = ", ".join(map(str, target.certificate_files)) or "none"
        return AccountError(
            f"{target.instance_id} lets in nobody without a certificate",
            why=f"{trouble.message}; it admits those of the authority {mark.fingerprint}, "
            f"which is not the one of this machine; offered: {shown}",
            next_command="spawn ssh-ca status",
        )
    owner = way.instance.tag_mapping.get(Tag.OWNER, "")
    is_other = bool(owner) and principal_of(owner) != certification.principal
    whose = f"it is {owner!r}'s, and admits certificates for its owner" if is_other else ""
    why = "it does not trust that authority, your key was revoked, or its clock is wrong"
    return AccountError(
        f"{target.instance_id} does not let {target.user} in with a certificate for "
        f"{certification.principal}",
        why="; ".join(filter(None, (trouble.message, whose or why))),
        next_command="spawn ssh-ca status",
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
    target, outlook = way.target, way.outlook()
    blocked = obstacle(way, outlook)
    if blocked is not None:
        return blocked
    if outlook.ingress is None:
        return _plain(way, trouble)
    why, next_command = explain_silence(outlook.ingress, way)
    return AccountError(
        f"no answer from {target.instance_id} at {target.address}, port {target.port}",
        why=why,
        next_command=next_command,
    )


def explain_silence(ingress: Ingress, way: Way) -> tuple[str, str]:
    """Return why an instance may not answer though nothing stands in the way, and what to type."""
    port = way.target.port
    groups = ", ".join(group.group_id for group in ingress.groups) or "none"
    whose = "your address" if way.bastion is None else "the bastion's address"
    knocking = ", ".join(ingress.caller_addresses)
    if admission(ingress, way.target.address, port) is Verdict.OPEN:
        why = (
            f"its security groups ({groups}) admit {whose} {knocking}: it may still be booting, or "
            "a network ACL or its own firewall is in the way"
        )
        return why, _look_at_console(way)
    admitted = ", ".join(admitted_peers(ingress, port)) or "nobody"
    why = (
        f"{whose} is {knocking or 'not known'}; its security groups ({groups}) admit on port "
        f"{port}: {admitted}. Whether that includes it can't be told from here"
    )
    return why, f"spawn status {way.target.instance_id}"


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
    Failure.NO_ROUTE: _silent,
    Failure.CLOSED: _closed,
    Failure.OTHER: _closed,
    Failure.NOT_FORWARDED: _not_forwarded,
    Failure.LOST: _lost,
}
