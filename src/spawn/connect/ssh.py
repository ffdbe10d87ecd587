"""The command line of the OpenSSH client. Pure: words out, nothing is started here."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spawn.connect.forwarding import NO_FORWARDING, Forwarding
from spawn.core.errors import InputError
from spawn.core.ids import LOGIN_NAME

SSH_PORT = 22
CONNECT_TIMEOUT_SECONDS = 10
# A dead connection is noticed after a minute: four times this without an answer.
_ALIVE_INTERVAL_SECONDS = 15
_ALIVE_COUNT = 4

# ssh_config(5). The person's configuration is not read (-F none), so its defaults hold where
# nothing is said here: a `Host *` of theirs could forward their agent or trust new host keys.
_OPTIONS = (
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    # The server must not add keys to what is pinned.
    "UpdateHostKeys=no",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    # A forwarding that was asked for and can't be had is an error, not a line in the log.
    "ExitOnForwardFailure=yes",
    f"ServerAliveInterval={_ALIVE_INTERVAL_SECONDS}",
    f"ServerAliveCountMax={_ALIVE_COUNT}",
    # Tells in the log that authentication was passed, and so whose exit code 255 is.
    "LogLevel=VERBOSE",
)


@dataclass(frozen=True, kw_only=True)
class SshTarget:
    """An instance as the OpenSSH client has to be told of it.

    identity_files        the private keys to offer, in order; none leaves it to ssh's own files
                          and agent
    certificate_files     certificates of these keys; ssh offers them before any bare key
    known_hosts           the file that holds this instance's keys under its id
    host_key_algorithms   by which it may prove that it has one of them
    proxy_command         ssh's ProxyCommand, "" for a direct connection
    connect_timeout_seconds   for all until the other side says that it is an SSH server
    """

    instance_id: str
    address: str
    user: str
    identity_files: tuple[Path, ...]
    known_hosts: Path
    host_key_algorithms: tuple[str, ...]
    port: int = SSH_PORT
    certificate_files: tuple[Path, ...] = ()
    proxy_command: str = ""
    connect_timeout_seconds: int = CONNECT_TIMEOUT_SECONDS


def ssh_command(
    target: SshTarget,
    words: Sequence[str],
    *,
    log: Path,
    terminal: bool,
    forwarding: Forwarding = NO_FORWARDING,
) -> tuple[str, ...]:
    """Return the words that start ssh: a shell where `words` is empty, else that command.

    ssh's own messages go to `log`, which keeps them apart from the command's. Without a
    `terminal` ssh asks nothing. Raises InputError for words, paths and names that ssh can't be
    given.
    """
    return (
        *_start(target, log=log, terminal=terminal),
        *forwarding.flags,
        # After `--` and the host ssh looks for no more flags: a command may begin with a dash.
        *("--", checked_address(target.address)),
        *((remote_command(words),) if words else ()),
    )


def hop_command(
    target: SshTarget, *, onward_to: SshTarget, log: Path | None, terminal: bool
) -> tuple[str, ...]:
    """Return the words that join their input and output to another host's SSH port.

    Raises InputError as `ssh_command` does.
    """
    place = f"[{checked_address(onward_to.address)}]:{onward_to.port}"
    start = _start(target, log=log, terminal=terminal)
    return (*start, "-W", place, "--", checked_address(target.address))


def _start(target: SshTarget, *, log: Path | None, terminal: bool) -> tuple[str, ...]:
    options = ssh_options(target, terminal=terminal)
    return (
        *("ssh", "-F", "none"),
        # Without a log its messages would be among the person's: only errors, then.
        *(("-o", "LogLevel=ERROR") if log is None else ("-E", str(log))),
        *(word for option in options for word in ("-o", option)),
        *("-p", str(target.port), "-l", checked_user(target.user)),
    )


def ssh_options(target: SshTarget, *, terminal: bool) -> tuple[str, ...]:
    """Return what ssh, and scp or sftp by it, is told with `-o`, a `Name=value` each.

    Who logs in, where to and at which port is not among it. Raises InputError for paths that ssh
    can't be given.
    """
    return (
        *_OPTIONS,
        f"ConnectTimeout={target.connect_timeout_seconds}",
        f"BatchMode={'no' if terminal else 'yes'}",
        f"HostKeyAlias={target.instance_id}",
        f"UserKnownHostsFile={option_path(target.known_hosts)}",
        f"HostKeyAlgorithms={','.join(target.host_key_algorithms)}",
        *_identity_options(target),
        *((f"ProxyCommand={target.proxy_command}",) if target.proxy_command else ()),
    )


def remote_command(words: Sequence[str]) -> str:
    """Return the one line that a POSIX shell splits into exactly `words`.

    SSH carries one string, which the login shell of the other side interprets (RFC 4254 section
    6.5). Words are quoted for it, so that each arrives as it was given; who wants the shell
    there says so: `-- sh -c 'a | b'`. Raises InputError for a word with a zero byte.
    """
    if any("\0" in word for word in words):
        raise InputError("a command can't hold a zero byte", why="no program can be given one")
    return shlex.join(words)


def _identity_options(target: SshTarget) -> tuple[str, ...]:
    certificates = (f"CertificateFile={option_path(file)}" for file in target.certificate_files)
    if not target.identity_files:
        return (*certificates,)
    return (
        "IdentitiesOnly=yes",
        *certificates,
        *(f"IdentityFile={option_path(file)}" for file in target.identity_files),
    )


def option_path(path: Path) -> str:
    """Quote a path for an ssh option: these are split at spaces, and `%` and `${` expanded.

    Raises InputError for a path that no quoting can carry.
    """
    text = str(path)
    if "${" in text or any(character in '"\\' or character < " " for character in text):
        raise InputError(
            f"ssh can't be given the path {text!r}",
            why="it holds a quote, a backslash, ${ or a control character",
        )
    return '"' + text.replace("%", "%%") + '"'


def checked_address(address: str) -> str:
    """Return the address. Raises InputError for what is none.

    An IPv6 scope may hold any text, and a proxy command's shell gets it.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        found = None
    if found is None or "%" in address:
        raise InputError(f"{address!r} is not an address that ssh can be given")
    return str(found)


def checked_user(user: str) -> str:
    """Return the login name. Raises InputError for what is none."""
    if not LOGIN_NAME.fullmatch(user):
        raise InputError(f"{user!r} is not a login name", why="write one like ec2-user or ubuntu")
    return user
