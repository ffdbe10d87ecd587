"""KMS's forms of keys and signatures, as SSH writes them. Pure.

KMS gives a public key as a SubjectPublicKeyInfo (RFC 5280, 4.1; RFC 5480, 2; RFC 8410, 4), and an
ECDSA signature as two integers in DER (RFC 3279, 2.2.3); an Ed25519 one is its 64 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from spawn.connect.publickey import PublicKey, public_key_of, ssh_string

_SEQUENCE, _INTEGER, _BITS = 0x30, 0x02, 0x03
_LONG = 0x80
_P256_BYTES = 32
_ED25519_SIGNATURE_BYTES = 64


@dataclass(frozen=True, kw_only=True)
class KeyForm:
    """A kind of key that can be an authority's: KMS's names for it, and SSH's."""

    spec: str
    signing_algorithm: str
    ssh_algorithm: str
    identifier: bytes


# The identifier is all of the AlgorithmIdentifier: its content in DER.
FORMS = (
    KeyForm(
        spec="ECC_NIST_P256",
        signing_algorithm="ECDSA_SHA_256",
        ssh_algorithm="ecdsa-sha2-nistp256",
        identifier=bytes.fromhex("06072a8648ce3d020106082a8648ce3d030107"),
    ),
    KeyForm(
        spec="ECC_NIST_EDWARDS25519",
        signing_algorithm="ED25519_SHA_512",
        ssh_algorithm="ssh-ed25519",
        identifier=bytes.fromhex("06032b6570"),
    ),
)
SPECS = tuple(form.spec for form in FORMS)


def form_of(key: PublicKey) -> KeyForm:
    """Return how KMS signs with a key. Raises ValueError for a kind that it does not have here."""
    for form in FORMS:
        if form.ssh_algorithm == key.algorithm:
            return form
    raise ValueError(f"KMS signs nothing with {key.algorithm} here")


def public_key_from_kms(info: bytes) -> PublicKey:
    """Return the key that GetPublicKey gives. Raises ValueError for any other than the `FORMS`."""
    outer, rest = _take(info, _SEQUENCE)
    if rest:
        raise ValueError("something follows the public key")
    identifier, rest = _take(outer, _SEQUENCE)
    bits, rest = _take(rest, _BITS)
    if rest or not bits or bits[0] != 0:
        raise ValueError("the public key is no whole number of bytes")
    for form in FORMS:
        if form.identifier == identifier:
            name = form.ssh_algorithm.encode("ascii")
            _, _, curve = form.ssh_algorithm.rpartition("-sha2-")
            middle = ssh_string(curve.encode("ascii")) if "-sha2-" in form.ssh_algorithm else b""
            return public_key_of(ssh_string(name) + middle + ssh_string(bits[1:]))
    raise ValueError("it is neither a NIST P-256 nor an Ed25519 key")


def signature_from_kms(signature: bytes, key: PublicKey) -> bytes:
    """Return the signature as SSH has it (RFC 5656, 3.1.2; RFC 8709, 6).

    Raises ValueError for what is none of that key's kind.
    """
    name = ssh_string(key.algorithm.encode("ascii"))
    if key.algorithm == "ssh-ed25519":
        if len(signature) != _ED25519_SIGNATURE_BYTES:
            raise ValueError("an Ed25519 signature has 64 bytes")
        return name + ssh_string(signature)
    outer, rest = _take(signature, _SEQUENCE)
    if rest:
        raise ValueError("something follows the signature")
    r, rest = _take(outer, _INTEGER)
    s, rest = _take(rest, _INTEGER)
    if rest:
        raise ValueError("an ECDSA signature has two numbers")
    return name + ssh_string(_number(r) + _number(s))


def _number(content: bytes) -> bytes:
    """Return an integer's content as an mpint: DER and SSH (RFC 4251, 5) have the same bytes."""
    is_short = len(content) > 1 and content[0] == 0 and content[1] < _LONG
    number = int.from_bytes(content, "big")
    if not content or content[0] >= _LONG or is_short or not 0 < number < 1 << 8 * _P256_BYTES:
        raise ValueError("a number of the signature is not one of P-256")
    return ssh_string(content)


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the element at the beginning, and what follows it (X.690, 8.1)."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError("it is not what was expected in DER")
    length, start = data[1], 2
    if length >= _LONG:
        size = length - _LONG
        start += size
        length = int.from_bytes(data[2:start], "big")
        if not 1 <= size <= 2 or length < _LONG:
            raise ValueError("a length in DER can't be so")
    end = start + length
    if len(data) < end:
        raise ValueError("the DER is cut short")
    return data[start:end], data[end:]
