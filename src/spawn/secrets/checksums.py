"""What issuers build into their tokens so that a false one can be told offline. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK_DIGITS = 6
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_STEPS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
# Format 2, a field of type 1 with its length: the index's host, or its test site's.
_INDEX = b".".join((b"pypi", b"org"))
_MACAROON_LOCATIONS = (b"\x02\x01\x08" + _INDEX, b"\x02\x01\x0dtest." + _INDEX)


def has_crc_tail(token: str) -> bool:
    """Say whether the last six digits are the rest's checksum, as GitHub and npm append it.

    It is the CRC-32 of what stands between the prefix's `_` and the tail, in base 62 ("Behind
    GitHub's new authentication token formats", 2021).
    """
    body = token.partition("_")[2]
    rest, tail = zlib.crc32(body[:-_CHECK_DIGITS].encode()), ""
    for _ in range(_CHECK_DIGITS):
        rest, digit = divmod(rest, 62)
        tail = _BASE62[digit] + tail
    return body.endswith(tail)


def is_pypi_macaroon(token: str) -> bool:
    """Say whether it is a macaroon, of format 2, for one of PyPI's two sites."""
    data = url64_decoded(token.removeprefix("pypi-"))
    return data is not None and data.startswith(_MACAROON_LOCATIONS)


def is_age_key(token: str) -> bool:
    """Say whether a text is well-formed Bech32 (BIP 173), as age writes its keys."""
    human, _, data = token.lower().rpartition("1")
    if not human or any(letter not in _BECH32 for letter in data):
        return False
    spread = [ord(one) >> 5 for one in human] + [0] + [ord(one) & 31 for one in human]
    return _polymod([*spread, *(_BECH32.index(letter) for letter in data)]) == 1


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for at, step in enumerate(_BECH32_STEPS):
            check ^= step if (top >> at) & 1 else 0
    return check


def is_json_web_token(token: str) -> bool:
    """Say whether the first part is a header that names an algorithm (RFC 7515)."""
    data = url64_decoded(token.partition(".")[0])
    try:
        header = json.loads(data or b"")
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header


def url64_decoded(text: str) -> bytes | None:
    """Return what URL-safe base64 without padding says, None where it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
