"""A host in between, named by the person: `[user@]host[:port]`, as their own ssh knows it. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from spawn.connect.session_manager import quoted_for_ssh
from spawn.connect.ssh import SSH_PORT, checked_user
from spawn.core.errors import InputError

_HIGHEST_PORT = 65535
# A name, or an alias in the person's ssh configuration: never an option, a token or a pattern.
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?", re.ASCII)
_PLACE = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class BastionHost:
    """Any host; `user` is "" and `port` None where ssh's own configuration decides."""

    host: str
    user: str = ""
    port: int | None = None

    @property
    def text(self) -> str:
        """As a person writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        port = "" if self.port in (None, SSH_PORT) else f":{self.port}"
        return f"{user}{host}{port}"

    def proxy_command(self, first: str, *, log: Path | None = None) -> str:
        """Return what leads through it, as ssh's ProxyCommand.

        The person's own ssh configuration says how the host is reached and trusted: it is their
        host, not one of spawn's. `first` is a proxy command to it that goes before that, or "";
        `log` is where its ssh writes its messages, None for its standard error.
        """
        words = ["ssh"]
        words += [] if log is None else ["-E", str(log)]
        words += ["-o", f"ProxyCommand={first}"] if first else []
        words += ["-l", self.user] if self.user else []
        words += [] if self.port is None else ["-p", str(self.port)]
        return f"{quoted_for_ssh(words)} -W '[%h]:%p' -- {quoted_for_ssh([self.host])}"


def parse_bastion(text: str) -> BastionHost:
    """Read what was given with the flag. Raises InputError for what is no host."""
    user, has_user, place = text.rpartition("@")
    match = _PLACE.fullmatch(place)
    if match is None or not _is_host(match["host"]):
        raise _refused(text, "the host is a name or an address, an IPv6 one in brackets")
    port = None if match["port"] is None else int(match["port"])
    if port is not None and not 1 <= port <= _HIGHEST_PORT:
        raise _refused(text, f"a port is a number from 1 to {_HIGHEST_PORT}")
    if has_user:
        checked_user(user)
    return BastionHost(host=match["host"].strip("[]"), user=user, port=port)


def _is_host(text: str) -> bool:
    if not text.startswith("["):
        return _NAME.fullmatch(text) is not None
    try:
        # A zone, as in fe80::1%eth0, may hold any text.
        return "%" not in text and ipaddress.ip_address(text[1:-1]).version == 6
    except ValueError:
        return False


def _refused(text: str, why: str) -> InputError:
    return InputError(
        f"--bastion {text!r} is not a host to go through",
        why=f"write an instance's id or name, or [user@]host[:port]; {why}",
    )
