"""Makes secrets by the forms that their issuers document: always the same ones for the same seed.

A form is a text with fields: `<base62:36>` is 36 characters of that alphabet, `<crc:30>` 30 of
them and the checksum that GitHub and npm append, `<pem:RSA >` a private key's block.
"""

from __future__ import annotations

import base64
import json
import random
import re
import zlib
from collections.abc import Callable

_DIGITS = "0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = _UPPER.lower()
_BASE62 = _DIGITS + _UPPER + _LOWER
_ALPHABETS = {
    "base62": _BASE62,
    "base64url": _BASE62 + "-_",
    "base32": _UPPER + "234567",
    "hex": _DIGITS + "abcdef",
    "HEX": _DIGITS + "ABCDEF",
    "digits": _DIGITS,
    "lower": _LOWER,
    "letters": _LOWER + _UPPER,
    "lower36": _LOWER + _DIGITS,
    "upper36": _UPPER + _DIGITS,
    "password-safe": _BASE62 + "~._-",
}
_FIELD = re.compile(r"<(?P<kind>[\w-]+)(?::(?P<of>[^<>]*))?>")
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_WORDS = ("sunflower", "Copper", "harbour", "Velvet", "tiger", "Monsoon", "pepper", "Granite")


class Maker:
    """Fills forms from a seed."""

    def __init__(self, seed: object) -> None:
        self._random = random.Random(str(seed))
        self._fields: dict[str, Callable[[str], str]] = {
            "b64": lambda of: base64.b64encode(self._random.randbytes(int(of))).decode(),
            "crc": self._checked,
            "pem": self._pem,
            "jwt": self._jwt,
            "macaroon": self._macaroon,
            "age": self._age,
            "uuid": self._uuid,
            "p": self._password,
        }

    def fill(self, form: str) -> str:
        """Return the form with every field made."""
        return _FIELD.sub(self._field, form)

    def _field(self, match: re.Match[str]) -> str:
        kind, of = match["kind"], match["of"] or ""
        if kind in _ALPHABETS:
            return self._some(kind, int(of))
        return self._fields[kind](of) if kind in self._fields else match[0]

    def _some(self, alphabet: str, count: int) -> str:
        """Draw until a long text of several classes has a letter and a digit, as nearly all do."""
        letters = _ALPHABETS[alphabet]
        while True:
            text = "".join(self._random.choices(letters, k=count))
            mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
            if mixed or count < 8 or alphabet in {"digits", "letters", "lower"}:
                return text

    def _checked(self, of: str) -> str:
        """GitHub, "Behind GitHub's new authentication token formats": CRC-32 in base 62."""
        body = self._some("base62", int(of))
        rest, tail = zlib.crc32(body.encode()), ""
        for _ in range(6):
            rest, digit = divmod(rest, 62)
            tail = _BASE62[digit] + tail
        return body + tail

    def _pem(self, of: str) -> str:
        body = base64.b64encode(self._random.randbytes(180)).decode()
        lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
        return f"-----BEGIN {of}PRIVATE KEY-----\n{lines}\n-----END {of}PRIVATE KEY-----"

    def _jwt(self, _of: str) -> str:
        claims = {"sub": self._some("hex", 12), "exp": 1_900_000_000}
        parts = [json.dumps(one).encode() for one in ({"alg": "HS256", "typ": "JWT"}, claims)]
        return ".".join(_url64(part) for part in (*parts, self._random.randbytes(32)))

    def _macaroon(self, of: str) -> str:
        """libmacaroons' format 2, as PyPI issues it: location, identifier, a caveat, signature."""
        location, identifier = f"{of}.org".encode(), self._uuid("").encode()
        packed = b"\x02" + _packet(1, location) + _packet(2, identifier) + b"\x00"
        caveat = b'[3,"' + self._uuid("").encode() + b'"]'
        packed += _packet(2, caveat) + b"\x00\x00" + _packet(6, self._random.randbytes(32))
        return _url64(packed)

    def _age(self, _of: str) -> str:
        """BIP 173's encoding, in capitals, of 32 bytes: what age-keygen prints."""
        bits = "".join(f"{byte:08b}" for byte in self._random.randbytes(32)) + "0000"
        data = [int(bits[at : at + 5], 2) for at in range(0, 260, 5)]
        human = "age-secret-key-"
        spread = [ord(one) >> 5 for one in human] + [0] + [ord(one) & 31 for one in human]
        check = _polymod([*spread, *data, *[0] * 6]) ^ 1
        tail = [(check >> 5 * (5 - at)) & 31 for at in range(6)]
        return (human + "1" + "".join(_BECH32[one] for one in (*data, *tail))).upper()

    def _uuid(self, _of: str) -> str:
        return "-".join(self._some("hex", count) for count in (8, 4, 4, 4, 12))

    def _password(self, _of: str) -> str:
        """Return a password as people choose them, of characters that no shell minds."""
        word = self._random.choice(_WORDS)
        number = self._random.randrange(10, 9999)
        forms = (
            f"{word}{number}",
            f"{word}-{number}-{self._random.choice(_WORDS)}",
            f"{word.capitalize()}@{number}",
            self._some("base62", 12),
            self._some("password-safe", 18).strip("-.~_") + "7a",
        )
        return self._random.choice(forms)


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _packet(kind: int, data: bytes) -> bytes:
    return bytes((kind, len(data))) + data


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for at, generator in enumerate(
            (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
        ):
            check ^= generator if (top >> at) & 1 else 0
    return check
