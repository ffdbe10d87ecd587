"""SSH certificates beside the person's keys: read from their bytes, and whether they hold now.

Form: OpenSSH, PROTOCOL.certkeys. Whether the instance trusts who signed it is the instance's
matter; what has ended, or is for somebody else, is not offered at all.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from spawn.connect.private_files import open_without_waiting
from spawn.connect.publickey import PublicKey, public_key_of, ssh_string, take_string
from spawn.core.instants import format_instant

_CERTIFICATE = "-cert-v01@openssh.com"
# How many strings the public key itself takes, between the nonce and the serial number.
_KEY_FIELDS = {
    "ssh-ed25519-cert-v01@openssh.com": 1,
    "ssh-rsa-cert-v01@openssh.com": 2,
    "ecdsa-sha2-nistp256-cert-v01@openssh.com": 2,
    "ecdsa-sha2-nistp384-cert-v01@openssh.com": 2,
    "ecdsa-sha2-nistp521-cert-v01@openssh.com": 2,
    "sk-ssh-ed25519-cert-v01@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com": 3,
}
USER_CERTIFICATE = 1  # SSH_CERT_TYPE_USER
_FOREVER = 2**64 - 1
_NUMBER_BYTES = {"serial": 8, "type": 4, "time": 8}
# The longest that OpenSSH itself writes is some KB: a key, names, and the signature.
_LONGEST_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate; `ends` is None where it never does, no `principals` mean anybody.

    key         the key that it is for, None for one of a kind that is only passed on
    key_id      the words that the server's log shows
    options     what must be understood, or else nobody is let in: names with their values
    extensions  what the server allows beyond a command
    signed_by   the key of the authority, None for one of a kind that is only passed on
    """

    is_for_users: bool
    principals: tuple[str, ...]
    begins: datetime
    ends: datetime | None
    serial: int = 0
    key: PublicKey | None = None
    key_id: str = ""
    options: tuple[tuple[str, str], ...] = ()
    extensions: tuple[str, ...] = ()
    signed_by: PublicKey | None = None


def parse_certificate(line: str) -> Certificate:
    """Read the one line of a `-cert.pub` file. Raises ValueError for anything else."""
    words = line.split(maxsplit=2)
    if len(words) < 2 or words[0] not in _KEY_FIELDS:
        raise ValueError("it is not an OpenSSH certificate")
    try:
        rest = base64.b64decode(words[1], validate=True)
    except binascii.Error as error:
        raise ValueError("its base64 is damaged") from error
    name, rest = take_string(rest)
    if name.decode("ascii", "replace") != words[0]:
        raise ValueError("it is of another kind inside than outside")
    _, rest = take_string(rest)  # the nonce
    key, rest = _take_key(words[0], rest)
    serial, rest = _take_number(rest, "serial")
    kind, rest = _take_number(rest, "type")
    key_id, rest = take_string(rest)
    principals, rest = take_string(rest)
    begins, rest = _take_number(rest, "time")
    ends, rest = _take_number(rest, "time")
    options, rest = take_string(rest)
    extensions, rest = take_string(rest)
    _, rest = take_string(rest)  # reserved
    authority, _ = take_string(rest)
    return Certificate(
        is_for_users=kind == USER_CERTIFICATE,
        principals=_names(principals),
        begins=_instant(begins) or datetime.max.replace(tzinfo=UTC),
        ends=_instant(ends),
        serial=serial,
        key=key,
        key_id=key_id.decode("utf-8", "replace"),
        options=_pairs(options),
        extensions=tuple(name for name, _ in _pairs(extensions)),
        signed_by=_known_key(authority),
    )


def why_unusable(certificate: Certificate, *, user: str | None, now: datetime) -> str:
    """Return why it would let nobody in, "" where it may.

    `user` is None where the names in it are no names of users: the instance knows them.
    """
    if not certificate.is_for_users:
        return "it is a host's"
    if user is not None and certificate.principals and user not in certificate.principals:
        return f"it is for {', '.join(certificate.principals)}, not for {user}"
    if now < certificate.begins:
        return f"it holds only from {format_instant(certificate.begins)}"
    if certificate.ends is not None and certificate.ends <= now:
        return f"it ended at {format_instant(certificate.ends)}"
    return ""


def certificate_beside(key: Path) -> tuple[Path, str] | None:
    """Return the certificate that ssh takes for a key's, and its text; None where there is none."""
    place = key.with_name(f"{key.name}-cert.pub")
    try:
        with open(place, "rb", opener=open_without_waiting) as file:
            return place, file.read(_LONGEST_BYTES).decode("ascii", "replace")
    except OSError:
        return None


def _take_number(data: bytes, kind: str) -> tuple[int, bytes]:
    size = _NUMBER_BYTES[kind]
    if len(data) < size:
        raise ValueError("the certificate is cut short")
    return int.from_bytes(data[:size], "big"), data[size:]


def _take_key(kind: str, data: bytes) -> tuple[PublicKey | None, bytes]:
    """Return the key that a certificate is for: its strings stand there without their name."""
    rest = data
    for _ in range(_KEY_FIELDS[kind]):
        _, rest = take_string(rest)
    own = data[: len(data) - len(rest)]
    algorithm = kind.removesuffix(_CERTIFICATE)
    return _known_key(ssh_string(algorithm.encode("ascii")) + own), rest


def _known_key(blob: bytes) -> PublicKey | None:
    try:
        return public_key_of(blob)
    except ValueError:
        return None


def _pairs(data: bytes) -> tuple[tuple[str, str], ...]:
    """Read names with their values, each a string within a string where there is one."""
    pairs = []
    while data:
        name, data = take_string(data)
        value, data = take_string(data)
        inner = take_string(value)[0] if value else b""
        pairs.append((name.decode("utf-8", "replace"), inner.decode("utf-8", "replace")))
    return tuple(pairs)


def _names(data: bytes) -> tuple[str, ...]:
    names = []
    while data:
        name, data = take_string(data)
        names.append(name.decode("utf-8", "replace"))
    return tuple(names)


def _instant(seconds: int) -> datetime | None:
    """Return the time, None for one that no calendar has: it never comes."""
    try:
        return None if seconds == _FOREVER else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
