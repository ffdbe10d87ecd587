"""SSH public keys as they are written on one line: `ssh-ed25519 AAAA… comment`.

A key is taken only when its bytes are whole, to the last one: what is read here comes from
serial consoles and files, where a line may be cut anywhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

# How many strings follow the algorithm's name in a key, and how long each must be (None: any).
# RFC 8709 section 4 (Ed25519), RFC 4253 section 6.6 (RSA: e, n), RFC 5656 section 3.1 (ECDSA:
# curve, uncompressed point).
_FIELD_LENGTHS: dict[str, tuple[int | None, ...]] = {
    "ssh-ed25519": (32,),
    "ssh-rsa": (None, None),
    "ecdsa-sha2-nistp256": (8, 65),
    "ecdsa-sha2-nistp384": (8, 97),
    "ecdsa-sha2-nistp521": (8, 133),
}
ALGORITHMS = tuple(_FIELD_LENGTHS)
_LENGTH_BYTES = 4


@dataclass(frozen=True, kw_only=True, order=True)
class PublicKey:
    """A public key of a person or of a host; `blob` is the key as SSH transmits it."""

    algorithm: str
    blob: bytes

    @property
    def line(self) -> str:
        """The key on one line, without a comment."""
        return f"{self.algorithm} {base64.b64encode(self.blob).decode('ascii')}"

    @property
    def fingerprint(self) -> str:
        """The fingerprint as OpenSSH writes it: `SHA256:` and unpadded base64."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii")
        return f"SHA256:{digest.rstrip('=')}"


def parse_public_key(line: str) -> PublicKey:
    """Read `algorithm base64 [comment]`. Raises ValueError for a key that is not whole."""
    words = line.split(maxsplit=2)
    if len(words) < 2:
        raise ValueError("a public key is an algorithm and its base64")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error as error:
        raise ValueError("the key is not base64") from error
    key = public_key_of(blob)
    if key.algorithm != words[0]:
        raise ValueError(f"the key says {words[0]} outside and {key.algorithm} inside")
    return key


def public_key_of(blob: bytes) -> PublicKey:
    """Read a key from its bytes. Raises ValueError for unknown algorithms and missing bytes."""
    name, *fields = split_strings(blob)
    algorithm = name.decode("ascii", "replace")
    lengths = _FIELD_LENGTHS.get(algorithm)
    if lengths is None:
        raise ValueError(f"no known key algorithm: {algorithm!r}")
    if len(fields) != len(lengths) or not all(
        field and length in (None, len(field))
        for field, length in zip(fields, lengths, strict=True)
    ):
        raise ValueError(f"not a whole {algorithm} key")
    return PublicKey(algorithm=algorithm, blob=blob)


def split_strings(data: bytes) -> tuple[bytes, ...]:
    """Split what consists of SSH strings alone (RFC 4251 section 5: length, then bytes).

    Raises ValueError where the last one is cut, and for no data at all.
    """
    strings: list[bytes] = []
    rest = data
    while rest or not strings:
        string, rest = take_string(rest)
        strings.append(string)
    return tuple(strings)


def take_string(data: bytes) -> tuple[bytes, bytes]:
    """Return the SSH string at the beginning and what follows it. Raises ValueError if cut."""
    end = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "big")
    if len(data) < max(end, _LENGTH_BYTES):
        raise ValueError("the key is cut short")
    return data[_LENGTH_BYTES:end], data[end:]


def ssh_string(data: bytes) -> bytes:
    """Return the bytes as an SSH string: their length, then they themselves."""
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data
