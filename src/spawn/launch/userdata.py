"""The bytes that an instance starts with: spawn's boothook first, then the person's part.

cloud-init reads MIME multipart (its documentation, "User data formats"): each part has a type
that says when and how it runs. A `text/cloud-boothook` runs early at every boot, so that nothing
that the person's part does, or never stops doing, keeps the end date from being armed.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from email import message_from_bytes
from email.encoders import encode_base64
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32

from spawn.core.errors import InputError
from spawn.secrets.unpack import MOST_MULTIPARTS

# EC2 user guide, "Run commands when you launch an EC2 instance": before base64.
MOST_BYTES = 16_384
# What a compressed text of the person's may grow to: beyond it it is no script any more.
MOST_UNPACKED_BYTES = 4 * 1024 * 1024
_LONGEST_7BIT_LINE = 998
# Lines stay as long as they are: a script must not be folded.
_UNTOUCHED = compat32.clone(max_line_length=0)
_GZIP_MAGIC = b"\x1f\x8b"
_SCRIPT = "text/x-shellscript"
# Longer marks before those that they begin with; None: the text is a multipart of its own.
_KINDS: tuple[tuple[bytes, str | None], ...] = (
    (b"#!", _SCRIPT),
    (b"#cloud-boothook", "text/cloud-boothook"),
    (b"#cloud-config-archive", "text/cloud-config-archive"),
    (b"#cloud-config-jsonp", "text/cloud-config-jsonp"),
    (b"#cloud-config", "text/cloud-config"),
    (b"#include-once", "text/x-include-once-url"),
    (b"#include", "text/x-include-url"),
    (b"#part-handler", "text/part-handler"),
    (b"## template: jinja", "text/jinja2"),
    (b"Content-Type: multipart/", None),
    (b"MIME-Version:", None),
)
# Windows runs these, or what runs them is not cloud-init: they would be silently passed over.
_FOREIGN_MARKS = (b"<powershell>", b"<script>", b"<persist>")


def unpacked(user_data: bytes, *, flag: str) -> bytes:
    """Return the person's text, decompressed where it came gzipped.

    Raises InputError, naming `flag`, for a broken or bottomless archive.
    """
    if not user_data.startswith(_GZIP_MAGIC):
        return user_data
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = stream.decompress(user_data, MOST_UNPACKED_BYTES)
    except zlib.error as error:
        raise InputError(f"{flag} looks gzipped and can't be unpacked", why=str(error)) from error
    if not stream.eof:
        raise InputError(
            f"{flag} is cut off, or unpacks to more than {MOST_UNPACKED_BYTES} bytes",
            why="keep large files in a bucket, and fetch them from a short script",
        )
    return text


def assemble(boothook: bytes, user_data: bytes | None, *, flag: str) -> bytes:
    """Return the user-data of a launch: the boothook, then the person's part where there is one.

    Raises InputError, naming `flag`, for a text that does not fit, or that no part of cloud-init
    would run.
    """
    sent = packed(boothook, user_data, flag=flag)
    return _fitting(
        sent,
        f"compressed it has {len(sent)} bytes",
        why="only a script can be kept in a bucket by spawn: have one fetch the large part",
        flag=flag,
    )


def packed(boothook: bytes, user_data: bytes | None, *, flag: str) -> bytes:
    """Return the same, gzipped, however large; the same input gives the same bytes.

    Raises InputError, naming `flag`, for a text that no part of cloud-init would run.
    """
    if user_data is None:
        return gzip.compress(boothook, mtime=0)
    message = MIMEMultipart("mixed", boundary=_boundary(boothook, user_data))
    message.attach(_part("text/cloud-boothook", boothook))
    message.attach(_users_part(unpacked(user_data, flag=flag), flag=flag))
    return gzip.compress(message.as_bytes(policy=_UNTOUCHED), mtime=0)


def verbatim(user_data: bytes, *, flag: str) -> bytes:
    """Return the person's bytes as the user-data of an image that cloud-init does not serve.

    Raises InputError, naming `flag`, for too many.
    """
    return _fitting(
        user_data,
        f"it has {len(user_data)} bytes",
        why="keep the large part in a bucket, and fetch it from there",
        flag=flag,
    )


def _fitting(sent: bytes, size: str, *, why: str, flag: str) -> bytes:
    if len(sent) > MOST_BYTES:
        raise InputError(f"{flag} is too large: {size}, and EC2 takes {MOST_BYTES}", why=why)
    return sent


def _users_part(text: bytes, *, flag: str) -> Message:
    if text.lstrip().startswith(_FOREIGN_MARKS):
        raise InputError(
            f"{flag} is written for Windows", why="spawn launches Linux; write a shell script"
        )
    script = as_script(text)
    if b"\0" in text and script not in (None, text):
        raise InputError(
            f"{flag} is no text", why="only behind a first line with #! may there be anything else"
        )
    if script is not None:
        return _part(_SCRIPT, script)
    kind = next(kind for mark, kind in _KINDS if text.startswith(mark))
    return _multipart(text, flag=flag) if kind is None else _part(kind, text)


def as_script(text: bytes) -> bytes | None:
    """Return a text as it is run, where that is as a script; None for what cloud-init reads."""
    for mark, kind in _KINDS:
        if text.startswith(mark):
            return text if kind == _SCRIPT else None
    return b"#!/bin/bash\n" + text


def _multipart(text: bytes, *, flag: str) -> Message:
    """Return the person's own multipart: cloud-init walks into one within ours."""
    if text.count(b"multipart/") > MOST_MULTIPARTS:
        raise InputError(
            f"{flag} nests more than {MOST_MULTIPARTS} MIME multiparts",
            why="the search for secrets does not read that deep",
        )
    return message_from_bytes(text)


def _part(kind: str, text: bytes) -> MIMENonMultipart:
    main, _, sub = kind.partition("/")
    part = MIMENonMultipart(main, sub, charset="utf-8")
    part["Content-Disposition"] = "attachment"
    if _is_7bit(text):
        part["Content-Transfer-Encoding"] = "7bit"
        part.set_payload(text.decode("ascii"))
        return part
    part.set_payload(text)
    encode_base64(part)
    return part


def _is_7bit(text: bytes) -> bool:
    """Say whether the text may travel as it is (RFC 2045, 2.7): readable beats compact."""
    lines = text.split(b"\n")
    return text.isascii() and not {0, 13} & set(text) and max(map(len, lines)) <= _LONGEST_7BIT_LINE


def _boundary(*texts: bytes) -> str:
    whole = hashlib.sha256()
    for text in texts:
        whole.update(len(text).to_bytes(8, "big") + text)
    return f"spawn-{whole.hexdigest()[:32]}"
