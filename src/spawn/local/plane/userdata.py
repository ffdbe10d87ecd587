"""Takes user-data apart as cloud-init does: bytes in, parts in order out.

The formats are those of https://cloudinit.readthedocs.io/en/latest/explanation/format.html:
plain or gzipped, one part or a MIME multipart of them, each known by its declared type or its
first line.
"""

from __future__ import annotations

import email
import enum
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from io import BytesIO

# A small archive can unpack to anything; EC2 takes 16 KiB of user-data, this is 1,000 times that.
_UNPACKED_LIMIT_BYTES = 16 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
# cloud-init looks for the header only so far into the text.
_MIME_HEADER_WITHIN_BYTES = 4096


class PartKind(enum.Enum):
    """What cloud-init does with a part, by the MIME type that stands for it."""

    BOOTHOOK = "text/cloud-boothook"
    CLOUD_CONFIG = "text/cloud-config"
    SCRIPT = "text/x-shellscript"
    SCRIPT_PER_BOOT = "text/x-shellscript-per-boot"
    SCRIPT_PER_INSTANCE = "text/x-shellscript-per-instance"
    SCRIPT_PER_ONCE = "text/x-shellscript-per-once"
    UNHANDLED = "text/x-not-multipart"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of user-data. `declared_type` is what it called itself, for messages."""

    kind: PartKind
    name: str
    content: bytes
    declared_type: str


class UserDataError(Exception):
    """The user-data can't be read: a broken archive, or one that unpacks to too much."""


_FIRST_LINES = (
    (b"#!", PartKind.SCRIPT),
    (b"#cloud-config", PartKind.CLOUD_CONFIG),
    (b"#cloud-boothook", PartKind.BOOTHOOK),
)
# First lines that cloud-init knows and this does not: they are unhandled, never taken for another.
_FOREIGN_FIRST_LINES = (b"#cloud-config-archive", b"#cloud-config-jsonp")
_TYPES_TO_LOOK_INTO = ("text/plain", "text/x-not-multipart", "application/octet-stream")


def split_user_data(user_data: bytes) -> tuple[Part, ...]:
    """All parts in their order. Raises UserDataError where an archive can't be unpacked."""
    content = _unpacked(user_data)
    if not content.strip():
        return ()
    if b"mime-version:" not in content[:_MIME_HEADER_WITHIN_BYTES].lower():
        return (_part(content, declared_type=PartKind.UNHANDLED.value, name="part-001"),)
    message = email.message_from_bytes(content)
    return tuple(_message_parts(message))


def _message_parts(message: Message) -> Iterator[Part]:
    leaves = (leaf for leaf in message.walk() if not leaf.is_multipart())
    for number, leaf in enumerate(leaves, 1):
        payload = leaf.get_payload(decode=True)
        content = _unpacked(payload if isinstance(payload, bytes) else b"")
        name = leaf.get_filename() or f"part-{number:03d}"
        yield _part(content, declared_type=leaf.get_content_type(), name=name)


def _part(content: bytes, *, declared_type: str, name: str) -> Part:
    # A name becomes a file name on the instance: only its last piece, so that it stays in place.
    safe_name = name.replace("\\", "/").rpartition("/")[2].strip(".") or "part"
    return Part(
        kind=_kind(content, declared_type),
        name=safe_name,
        content=content,
        declared_type=declared_type,
    )


def _kind(content: bytes, declared_type: str) -> PartKind:
    if declared_type in _TYPES_TO_LOOK_INTO:
        return _kind_by_first_line(content)
    try:
        return PartKind(declared_type)
    except ValueError:
        return PartKind.UNHANDLED


def _kind_by_first_line(content: bytes) -> PartKind:
    if content.startswith(_FOREIGN_FIRST_LINES):
        return PartKind.UNHANDLED
    for first_line, kind in _FIRST_LINES:
        if content.startswith(first_line):
            return kind
    return PartKind.UNHANDLED


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        with gzip.open(BytesIO(content)) as archive:
            unpacked = archive.read(_UNPACKED_LIMIT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserDataError(f"the gzipped part can't be unpacked: {error}") from error
    if len(unpacked) > _UNPACKED_LIMIT_BYTES:
        raise UserDataError(f"the gzipped part unpacks to over {_UNPACKED_LIMIT_BYTES} bytes")
    return unpacked


def boothook_program(content: bytes) -> bytes:
    """The file that a boothook runs as: Unix line ends, without the line that names its kind."""
    text = content.replace(b"\r\n", b"\n")
    return text.removeprefix(b"#cloud-boothook").lstrip()
