"""User-data as the texts that it is made of: gzip and MIME taken off, within limits; pure."""

from __future__ import annotations

import email
import email.policy
import zlib
from dataclasses import dataclass

# EC2 takes 16 KiB; gzip makes at most about a thousand times as much of it. What is larger than
# this when unpacked is not read: it is said to be unreadable, never said to be clean.
LARGEST_UNPACKED_BYTES = 4 * 1024 * 1024
# Each level of nesting costs the parser a level of recursion.
MOST_MULTIPARTS = 20
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, kw_only=True)
class TextPart:
    """One text; `name` is empty where user-data is that text alone."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """The texts that could be read, and whether that is all there is."""

    parts: tuple[TextPart, ...]
    is_complete: bool


def unpack(data: bytes) -> Unpacked:
    """Return the texts of user-data. Raises nothing: what can't be read is said to be missing."""
    plain = _gunzip(data)
    if plain is None or plain.count(b"multipart/") > MOST_MULTIPARTS:
        return Unpacked(parts=(), is_complete=False)
    if not _is_mime(plain):
        return _unpacked([("", plain)])
    message = email.message_from_bytes(plain, policy=email.policy.compat32)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    contents = []
    for number, leaf in enumerate(leaves, start=1):
        payload = leaf.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        contents.append((leaf.get_filename() or f"part {number}", content))
    return _unpacked(contents)


def _unpacked(contents: list[tuple[str, bytes]]) -> Unpacked:
    opened = [(name, _gunzip(content)) for name, content in contents]
    readable = [(name, plain) for name, plain in opened if plain is not None and b"\0" not in plain]
    return Unpacked(
        parts=tuple(
            TextPart(name=name, text=plain.decode(errors="replace")) for name, plain in readable
        ),
        is_complete=len(readable) == len(contents),
    )


def _gunzip(data: bytes) -> bytes | None:
    """Return the data without gzip, None where that fails or is too large."""
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        decompressor = zlib.decompressobj(wbits=_GZIP_WINDOW)
        plain = decompressor.decompress(data, LARGEST_UNPACKED_BYTES)
    except zlib.error:
        return None
    return plain if decompressor.eof else None


def _is_mime(plain: bytes) -> bool:
    head = plain[:4096].lower()
    return head.startswith((b"content-type:", b"mime-version:")) or b"\nmime-version:" in head
