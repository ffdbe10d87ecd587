"""Host blocks for OpenSSH's own configuration, and the line of ~/.ssh/config that includes them.

Pure: text in, text out. With them plain `ssh`, `scp`, `rsync` and editors reach an instance by
its name and by its id, with the host key that is pinned for it and nothing weaker.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spawn.connect.ssh import SshTarget, checked_address, checked_user, option_path
from spawn.core.errors import InputError

# A name comes from a tag. It must be no pattern (`*`, `?`, `!`) and no list for ssh, and no name
# of another machine: with a dot in it, it could take over `ssh github.com`.
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
_RESERVED = frozenset({"localhost"})
_INDENT = "    "
# ssh_config(5). What a `Host *` of the person's could weaken stands here: of several values for
# an option ssh takes the first, and the line that includes this is put above all others.
_SETTINGS: Mapping[str, str] = {
    "StrictHostKeyChecking": "yes",
    "GlobalKnownHostsFile": "/dev/null",
    "UpdateHostKeys": "no",
    "CheckHostIP": "no",
    "PreferredAuthentications": "publickey",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "4",
}
_HEADING = (
    "# Written by `spawn ssh-config`, from the instances as they are now: after a launch, a stop\n"
    "# or an end, run it again.\n"
)
INCLUDE_NOTE = "# spawn's instances: `spawn ssh-config --uninstall` takes these two lines out."


@dataclass(frozen=True, kw_only=True)
class ReachableHost:
    """An instance that ssh can be told of; `name` is "" for one without a name.

    signing  the command that puts a certificate where the target has it, quoted for ssh; "" for
             none
    """

    name: str
    target: SshTarget
    signing: str = ""


@dataclass(frozen=True, kw_only=True)
class HostBlocks:
    """The text for so many instances, and a sentence for each one, or name, that is not in it."""

    text: str
    written: int
    left_out: tuple[str, ...] = ()


def host_blocks(hosts: Sequence[ReachableHost]) -> HostBlocks:
    """Write a Host block an instance, by its id and by its name where that is safe to use.

    A name that several bear stands for none of them.
    """
    bearers = Counter(host.name for host in hosts)
    blocks: list[str] = []
    left_out: list[str] = []
    for host in hosts:
        instance_id = host.target.instance_id
        refusal = _refusal(host.name, bearers[host.name]) if host.name else ""
        if refusal:
            left_out.append(f"the name {host.name!r} of {instance_id} {refusal}: use the id")
        aliases = (instance_id,) if refusal or not host.name else (host.name, instance_id)
        try:
            blocks.append(_signing(aliases, host.signing) + _block(aliases, host.target))
        except InputError as error:
            left_out.append(f"{instance_id}: {error.what}")
    return HostBlocks(
        text="\n".join([_HEADING, *blocks]), written=len(blocks), left_out=tuple(left_out)
    )


def _refusal(name: str, bearers: int) -> str:
    if bearers > 1:
        return "is borne by several instances"
    if not _ALIAS.fullmatch(name) or name.lower() in _RESERVED:
        return "can't stand in a configuration of ssh's (letters, digits, - and _ can)"
    return ""


def _signing(aliases: Iterable[str], command: str) -> str:
    """Return what has ssh sign a certificate before it looks for one.

    ssh_config(5), Match: what is run by `exec` ends before anything is connected to. It decides
    nothing here, so it may stand before the Host block. Raises InputError for what can't stand
    between the quotes.
    """
    if not command:
        return ""
    if '"' in command or "\\" in command:
        raise InputError("the command that signs a certificate holds a quote or a backslash")
    return f'Match originalhost {",".join(aliases)} exec "{_one_line(command)}"\n'


def _block(aliases: Iterable[str], target: SshTarget) -> str:
    settings = {
        "HostName": checked_address(target.address),
        "User": checked_user(target.user),
        "Port": str(target.port),
        "HostKeyAlias": target.instance_id,
        "UserKnownHostsFile": option_path(target.known_hosts),
        "HostKeyAlgorithms": ",".join(target.host_key_algorithms),
        **_SETTINGS,
    }
    lines = [f"{name} {value}" for name, value in settings.items()]
    if target.identity_files:
        lines.append("IdentitiesOnly yes")
    lines += [f"IdentityFile {option_path(file)}" for file in target.identity_files]
    lines += [f"CertificateFile {option_path(file)}" for file in target.certificate_files]
    if target.proxy_command:
        lines.append(f"ProxyCommand {_one_line(target.proxy_command)}")
    return "\n".join([f"Host {' '.join(aliases)}", *(f"{_INDENT}{line}" for line in lines), ""])


def _one_line(proxy_command: str) -> str:
    """Return the command, which ssh reads to the end of its line."""
    if any(character < " " for character in proxy_command):
        raise InputError("the proxy command holds a line end, and ssh's configuration can't")
    return proxy_command


def with_include(configuration: str, place: Path) -> str:
    """Return a person's configuration with the line that includes `place` above all others.

    An option that stands above an include, or a Host line, would win or would enclose it. The
    same text is returned where the line stands there already. Raises InputError for a path that
    ssh can't be given.
    """
    head = f"{INCLUDE_NOTE}\n{_include_line(place)}\n"
    rest = without_include(configuration, place)
    return head + (f"\n{rest}" if rest else "")


def without_include(configuration: str, place: Path) -> str:
    """Return a person's configuration without that line and its note; all others stay."""
    ours = (INCLUDE_NOTE, _include_line(place))
    kept = [line for line in configuration.splitlines(keepends=True) if line.strip() not in ours]
    if len(kept) == len(configuration.splitlines()):
        return configuration
    # The empty line that `with_include` put below the two.
    return "".join(kept[1:] if kept and not kept[0].strip() else kept)


def _include_line(place: Path) -> str:
    # glob(7), and since OpenSSH 9.9 tokens: what is doubled for one version is wrong for another.
    if any(character in "*?[]%" for character in str(place)):
        raise InputError(
            f"ssh's configuration can't include {str(place)!r}",
            why="its path holds a character that Include expands",
        )
    return f"Include {option_path(place)}"
