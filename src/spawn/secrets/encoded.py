"""Texts within a text: base64, gzipped or not, as cloud-config and one-liners carry files. Pure."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

# What one text may unfold to, in bytes: user-data has 16 KiB, and gzip makes a thousand times that.
LARGEST_UNFOLDED = 1024 * 1024
_MOST_RUNS = 400
# Shorter runs hold no line that says what it is.
_RUN = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/]{24,}+(?:\r?\n[ \t]{0,40}+[A-Za-z0-9+/]{24,}+)*+"
    r"(?:\r?\n[ \t]{0,40}+[A-Za-z0-9+/]{1,23}+(?==|[ \t]*+\r?$))?+={0,2}",
    re.ASCII | re.MULTILINE,
)
_BLANK = re.compile(r"\s++")
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_UNPRINTABLE = 0.02


@dataclass(frozen=True, kw_only=True)
class Unfolded:
    """A text that stood encoded in another, at `start` to `end` of that."""

    text: str
    start: int
    end: int


def unfolded(text: str, budget: int) -> Iterator[Unfolded]:
    """Yield the readable texts of so many bytes together; what is binary is left alone."""
    for number, match in enumerate(_RUN.finditer(text)):
        if number >= _MOST_RUNS or budget <= 0:
            return
        plain = _decoded(_BLANK.sub("", match[0]), budget)
        if plain is not None:
            budget -= len(plain)
            yield Unfolded(text=plain, start=match.start(), end=match.end())


def _decoded(coded: str, budget: int) -> str | None:
    coded = coded.rstrip("=")
    try:
        data = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if data.startswith(_GZIP_MAGIC):
        data = _gunzipped(data, budget)
    try:
        plain = data[:budget].decode()
    except UnicodeDecodeError:
        return None
    return plain if _is_readable(plain) else None


def _gunzipped(data: bytes, most: int) -> bytes:
    """Return what gzip holds, up to so many bytes: also where the rest is cut off."""
    try:
        return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(data, most)
    except zlib.error:
        return b""


def _is_readable(plain: str) -> bool:
    odd = sum(not (one.isprintable() or one in "\n\r\t") for one in plain)
    return bool(plain) and odd <= _MOST_UNPRINTABLE * len(plain)
