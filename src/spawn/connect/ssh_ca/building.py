"""A certificate's bytes, as OpenSSH's PROTOCOL.certkeys has them, but for the signature. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from spawn.connect.certificates import USER_CERTIFICATE
from spawn.connect.publickey import PublicKey, split_strings, ssh_string

_CERTIFICATE = "-cert-v01@openssh.com"
SERIAL_BYTES = 8
NONCE_BYTES = 32
# PROTOCOL.certkeys, "Extensions" and "Critical options"; both lists are in the order of the names.
TERMINAL = "permit-pty"
FORWARDING = "permit-port-forwarding"
SOURCE_ADDRESS = "source-address"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a certificate is to say.

    begins, ends      in whole seconds: what is less is lost
    forwards          whether ports may be forwarded, and so whether it leads on to other hosts
    source_addresses  networks that it may be used from; none for any
    """

    key: PublicKey
    serial: int
    key_id: str
    principals: tuple[str, ...]
    begins: datetime
    ends: datetime
    forwards: bool = False
    source_addresses: tuple[str, ...] = ()

    @property
    def extensions(self) -> tuple[str, ...]:
        """What it allows beyond a command: a terminal, and no agent, X11 or file of the login's."""
        return (FORWARDING, TERMINAL) if self.forwards else (TERMINAL,)


def unsigned(wanted: Wanted, *, authority: PublicKey, nonce: bytes) -> bytes:
    """Return what the authority signs: all of the certificate but the signature."""
    kind = _kind(wanted.key)
    _, *fields = split_strings(wanted.key.blob)
    addresses = ",".join(wanted.source_addresses)
    options = ((SOURCE_ADDRESS, ssh_string(addresses.encode("ascii"))),) if addresses else ()
    return b"".join(
        (
            ssh_string(kind.encode("ascii")),
            ssh_string(nonce),
            *map(ssh_string, fields),
            wanted.serial.to_bytes(SERIAL_BYTES, "big"),
            USER_CERTIFICATE.to_bytes(4, "big"),
            ssh_string(wanted.key_id.encode("utf-8")),
            ssh_string(b"".join(ssh_string(one.encode("utf-8")) for one in wanted.principals)),
            _time(wanted.begins),
            _time(wanted.ends),
            ssh_string(_pairs(options)),
            ssh_string(_pairs((one, b"") for one in wanted.extensions)),
            ssh_string(b""),  # reserved
            ssh_string(authority.blob),
        )
    )


def certificate_line(wanted: Wanted, signed: bytes, signature: bytes) -> str:
    """Return the line of a `-cert.pub` file; `signature` is one of SSH's, with its algorithm."""
    whole = base64.b64encode(signed + ssh_string(signature)).decode("ascii")
    return f"{_kind(wanted.key)} {whole} {wanted.key_id}"


def _kind(key: PublicKey) -> str:
    return f"{key.algorithm}{_CERTIFICATE}"


def _time(instant: datetime) -> bytes:
    return int(instant.timestamp()).to_bytes(8, "big")


def _pairs(pairs: Iterable[tuple[str, bytes]]) -> bytes:
    return b"".join(ssh_string(name.encode("ascii")) + ssh_string(data) for name, data in pairs)
