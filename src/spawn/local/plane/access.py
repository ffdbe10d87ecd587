"""Who may log in on an instance: the keys that its SSH server admits, looked up at each login.

1. The user's own `authorized_keys`, as the file is now: user-data may have added to it.
2. Keys sent by EC2 Instance Connect, where the image has its package.
3. Certificates of the authorities that `TrustedUserCAKeys` in sshd_config(5) names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from spawn.local.plane.accounts import home_of
from spawn.local.plane.image import ImageSoftware
from spawn.local.plane.instance_connect import ask_for_keys

_CONFIGURATION = Path("/etc/ssh/sshd_config")


@dataclass(frozen=True, kw_only=True)
class Access:
    """The rules of one instance."""

    instance_id: str
    software: ImageSoftware

    async def keys_of(self, username: str) -> asyncssh.SSHAuthorizedKeys | None:
        """What may log in as a user; None where nothing may."""
        if username not in self.software.login_users:
            return None
        lines = _lines(home_of(username) / ".ssh/authorized_keys")
        if self.software.has_instance_connect:
            lines += await asyncio.to_thread(ask_for_keys, username, instance_id=self.instance_id)
        return _readable_keys(lines)

    def trusts(self, username: str, authority: asyncssh.SSHKey) -> bool:
        """Whether certificates of an authority may log in as a user whom they name."""
        if username not in self.software.login_users:
            return False
        fragments = sorted(_CONFIGURATION.with_name("sshd_config.d").glob("*.conf"))
        lines = [line for path in (*fragments, _CONFIGURATION) for line in _lines(path)]
        return any(authority in _plain_keys(_lines(path)) for path in trusted_files(lines))


def trusted_files(lines: Iterable[str]) -> list[Path]:
    """The file of authorities in sshd_config's lines, of which the first mention counts."""
    for line in lines:
        words = line.replace("=", " ").split()
        if len(words) == 2 and words[0].lower() == "trustedusercakeys":
            return [Path(words[1])] if words[1].lower() != "none" else []
    return []


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _readable_keys(lines: Iterable[str]) -> asyncssh.SSHAuthorizedKeys | None:
    """The lines as keys with their options; a comment or a broken line admits nobody."""
    keys = asyncssh.SSHAuthorizedKeys()
    is_empty = True
    for line in lines:
        try:
            keys.load(line)
        except ValueError:
            continue
        is_empty = False
    return None if is_empty else keys


def _plain_keys(lines: Iterable[str]) -> Iterator[asyncssh.SSHKey]:
    for line in lines:
        try:
            yield asyncssh.import_public_key(line)
        except asyncssh.KeyImportError:
            continue
