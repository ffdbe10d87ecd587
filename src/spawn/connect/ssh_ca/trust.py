"""Whose certificates an instance admits, and which revocation list it has: told by a tag. Pure.

The tag is a memory, no authority: the instance goes by its own files. A tag that lies makes a
connection fail, or offer a certificate in vain; it lets nobody in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from spawn.connect.publickey import PublicKey, parse_public_key
from spawn.connect.ssh_ca.authority import Authority
from spawn.connect.ssh_ca.revocations import Revocations
from spawn.core.tags import Tag

_TRUST = re.compile(r"(SHA256:[A-Za-z0-9+/]{43}) ([0-9]{1,9})", re.ASCII)


class SshTrust(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance is told: whom to believe, and what was taken back.

    public_line  the authority's public key on one line
    number       the revocation list's, 0 for none
    krl          the list in OpenSSH's form, empty for none
    """

    public_line: str
    number: int = 0
    krl: bytes = b""

    @property
    def public_key(self) -> PublicKey:
        """The authority's public key. Raises ValueError where the line holds none."""
        return parse_public_key(self.public_line)

    @property
    def mark(self) -> str:
        """What the instance's tag says of it."""
        return f"{self.public_key.fingerprint} {self.number}"


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What a tag says: the authority's fingerprint, and the number of the revocation list."""

    fingerprint: str
    number: int


def trust_in(authority: Authority, revocations: Revocations) -> SshTrust:
    """Return what an instance is told today."""
    return SshTrust(
        public_line=authority.public_line, number=revocations.number, krl=revocations.krl
    )


def read_mark(tags: Mapping[str, str]) -> Marked | None:
    """Return what an instance's tags say of it, None where they say nothing that makes sense."""
    return parse_mark(tags.get(Tag.SSH_CA, ""))


def parse_mark(text: str) -> Marked | None:
    """Read the tag's value, None for anything that spawn does not write."""
    match = _TRUST.fullmatch(text)
    return None if match is None else Marked(fingerprint=match[1], number=int(match[2]))
