"""Who may log in on an instance: the keys that its SSH server admits, looked up at each login.

1. The user's own `authorized_keys`, as the file is now: user-data may have added to it.
2. Keys sent by EC2 Instance Connect, where the image has its package.
3. Certificates of the authorities that `TrustedUserCAKeys` in sshd_config(5) names, for whoever
   `AuthorizedPrincipalsFile` says, or by the user's own name where there is no such file.

The instance's own sshd_config may switch the first two off, and `RevokedKeys` takes from all three.
"""

from __future__ import annotations

import asyncio
import base64
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from spawn.local.plane.accounts import home_of
from spawn.local.plane.image import ImageSoftware
from spawn.local.plane.instance_connect import ask_for_keys
from spawn.local.plane.sshd_settings import file_named, is_switched_off, lines_of, own_settings

_REVOCATION_LIST = b"SSHKRL\n\0"  # OpenSSH, PROTOCOL.krl


@dataclass(frozen=True, kw_only=True)
class Access:
    """The rules of one instance."""

    instance_id: str
    software: ImageSoftware

    async def keys_of(self, username: str) -> asyncssh.SSHAuthorizedKeys | None:
        """What may log in as a user; None where nothing may."""
        if username not in self.software.login_users:
            return None
        settings = own_settings()
        lines: list[str] = []
        if not is_switched_off(settings, "authorizedkeysfile"):
            lines += lines_of(home_of(username) / ".ssh/authorized_keys")
        is_asked = not is_switched_off(settings, "authorizedkeyscommand")
        if self.software.has_instance_connect and is_asked:
            lines += await asyncio.to_thread(ask_for_keys, username, instance_id=self.instance_id)
        names = file_named(settings, "authorizedprincipalsfile", user=username)
        authorities = file_named(settings, "trustedusercakeys")
        if names is not None and authorities is not None:
            lines += authority_lines(lines_of(authorities), lines_of(names))
        return _readable_keys(lines)

    def trusts(self, username: str, authority: asyncssh.SSHKey) -> bool:
        """Whether certificates of an authority may log in as a user whom they name."""
        settings = own_settings()
        authorities = file_named(settings, "trustedusercakeys")
        is_by_name = file_named(settings, "authorizedprincipalsfile") is None
        if username not in self.software.login_users or authorities is None or not is_by_name:
            return False
        return authority in _plain_keys(lines_of(authorities))

    async def is_revoked(self, blob: bytes) -> bool:
        """Whether a key or a certificate, in SSH's binary form, is not admitted any more.

        A list that can't be read admits nothing, as with sshd.
        """
        path = file_named(own_settings(), "revokedkeys")
        if path is None:
            return False
        try:
            revoked = path.read_bytes()
        except OSError:
            return True
        line = key_line(blob)
        if revoked.startswith(_REVOCATION_LIST):
            return await asyncio.to_thread(_is_on_list, path, line)
        return line in {" ".join(each.split()[:2]) for each in lines_of(path)}


def authority_lines(authorities: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    """Yield authorities as authorized_keys has them, for certificates with one of these names.

    Names that could stand for more than themselves there are left out.
    """
    principals = [name for name in map(str.strip, names) if name and not set(name) & set('#*?!," ')]
    if principals:
        for key in authorities:
            yield f'cert-authority,principals="{",".join(principals)}" {key}'


def key_line(blob: bytes) -> str:
    """Return a key or a certificate as OpenSSH's files have it: its kind, and itself."""
    size = int.from_bytes(blob[:4], "big")
    kind = blob[4 : 4 + size].decode("ascii", "replace")
    return f"{kind} {base64.b64encode(blob).decode('ascii')}"


def _is_on_list(path: Path, line: str) -> bool:
    """Ask OpenSSH itself: 0 says that it is not on the list, all else that it is, or may be."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.write(f"{line}\n")
        file.flush()
        words = ["ssh-keygen", "-Q", "-f", str(path), file.name]
        return subprocess.run(words, capture_output=True, check=False).returncode != 0


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
