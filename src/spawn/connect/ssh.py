"""The command line of the OpenSSH client. Pure: words out, nothing is started here."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spawn.core.errors import InputError

SSH_PORT = 22
_CONNECT_TIMEOUT_SECONDS = 10
# A dead connection is noticed after a minute: four times this without an answer.
_ALIVE_INTERVAL_SECONDS = 15
_ALIVE_COUNT = 4
# useradd(8), "CAVEATS": what Linux distributions take as a user's name.
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", re.ASCII)

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
    f"ConnectTimeout={_CONNECT_TIMEOUT_SECONDS}",
    f"ServerAliveInterval={_ALIVE_INTERVAL_SECONDS}",
    f"ServerAliveCountMax={_ALIVE_COUNT}",
    # Tells in the log that authentication was passed, and so whose exit code 255 is.
    "LogLevel=VERBOSE",
)


@dataclass(frozen=True, kw_only=True)
class SshTarget:
    """An instance as the OpenSSH client has to be told of it.

    identity_file         the private key to offer; None leaves it to ssh's own files and agent
    known_hosts           the file that holds this instance's keys under its id
    host_key_algorithms   by which it may prove that it has one of them
    proxy_command         ssh's ProxyCommand, "" for a direct connection
    """

    instance_id: str
    address: str
    user: str
    identity_file: Path | None
    known_hosts: Path
    host_key_algorithms: tuple[str, ...]
    port: int = SSH_PORT
    proxy_command: str = ""


def ssh_command(
    target: SshTarget, words: Sequence[str], *, log: Path, terminal: bool
) -> tuple[str, ...]:
    """Return the words that start ssh: a shell where `words` is empty, else that command.

    ssh's own messages go to `log`, which keeps them apart from the command's. Without a
    `terminal` ssh asks nothing. Raises InputError for words, paths and names that ssh can't be
    given.
    """
    options = [
        *_OPTIONS,
        f"BatchMode={'no' if terminal else 'yes'}",
        f"HostKeyAlias={target.instance_id}",
        f"UserKnownHostsFile={_option_path(target.known_hosts)}",
        f"HostKeyAlgorithms={','.join(target.host_key_algorithms)}",
        *_identity_options(target.identity_file),
    ]
    if target.proxy_command:
        options.append(f"ProxyCommand={target.proxy_command}")
    flags = [word for option in options for word in ("-o", option)]
    return (
        *("ssh", "-F", "none", "-E", str(log), *flags),
        *("-p", str(target.port), "-l", _checked_user(target.user)),
        # After `--` and the host ssh looks for no more flags: a command may begin with a dash.
        *("--", _checked_address(target.address)),
        *((remote_command(words),) if words else ()),
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


def _identity_options(identity_file: Path | None) -> tuple[str, ...]:
    if identity_file is None:
        return ()
    return ("IdentitiesOnly=yes", f"IdentityFile={_option_path(identity_file)}")


def _option_path(path: Path) -> str:
    """Quote a path for an ssh option: these are split at spaces, and `%` and `${` expanded."""
    text = str(path)
    if "${" in text or any(character in '"\\' or character < " " for character in text):
        raise InputError(
            f"ssh can't be given the path {text!r}",
            why="it holds a quote, a backslash, ${ or a control character",
        )
    return '"' + text.replace("%", "%%") + '"'


def _checked_address(address: str) -> str:
    """Return the address. An IPv6 scope may hold any text, and a proxy command's shell gets it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        found = None
    if found is None or "%" in address:
        raise InputError(f"{address!r} is not an address that ssh can be given")
    return str(found)


def _checked_user(user: str) -> str:
    if not _USER.fullmatch(user):
        raise InputError(f"{user!r} is not a login name", why="write one like ec2-user or ubuntu")
    return user
