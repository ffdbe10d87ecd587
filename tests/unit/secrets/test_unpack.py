"""User-data is read through gzip and MIME, and what can't be read is never called clean."""

from __future__ import annotations

import base64
import gzip
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from hypothesis import given
from hypothesis import strategies as st

from spawn.secrets.unpack import LARGEST_UNPACKED_BYTES, unpack

SCRIPT = "#!/bin/sh\necho hello\n"


def multipart() -> bytes:
    """A script and a configuration, as cloud-init takes them."""
    message = MIMEMultipart()
    script = MIMEText(SCRIPT, "x-shellscript", "utf-8")
    script.add_header("Content-Disposition", "attachment", filename="setup.sh")
    message.attach(script)
    message.attach(MIMEText("#cloud-config\n", "cloud-config"))
    return message.as_bytes()


def test_plain_text_is_one_part() -> None:
    """A script alone is read as it stands."""
    unpacked = unpack(SCRIPT.encode())
    assert [(part.name, part.text) for part in unpacked.parts] == [("", SCRIPT)]
    assert unpacked.is_complete


def test_parts_are_decoded_and_named() -> None:
    """Each part of a gzipped multipart is read without its transfer encoding."""
    assert base64.b64encode(SCRIPT.encode()) in multipart()
    unpacked = unpack(gzip.compress(multipart()))
    assert [(part.name, part.text.strip()) for part in unpacked.parts] == [
        ("setup.sh", SCRIPT.strip()),
        ("part 2", "#cloud-config"),
    ]
    assert unpacked.is_complete


def test_a_bomb_is_not_read() -> None:
    """What grows beyond the limit is left unread, and said to be so."""
    unpacked = unpack(gzip.compress(b"\n" * (LARGEST_UNPACKED_BYTES + 1)))
    assert unpacked.parts == ()
    assert not unpacked.is_complete


def test_parts_within_parts_without_end_are_not_read() -> None:
    """A nesting that would take the parser's whole stack is left unread, and said to be so."""
    nested = "".join(f"Content-Type: multipart/mixed; boundary={n}\n\n--{n}\n" for n in range(2000))
    assert not unpack(nested.encode()).is_complete


def test_broken_compression_and_binaries_are_not_read() -> None:
    """Neither a truncated archive nor a program counts as read."""
    assert not unpack(gzip.compress(SCRIPT.encode())[:-9]).is_complete
    assert not unpack(b"\x7fELF\x00\x00").is_complete


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: b"\x1f\x8b" + data))
def test_unpacking_never_raises(data: bytes) -> None:
    """Any bytes at all are unpacked, or said not to be readable."""
    unpacked = unpack(data)
    assert unpacked.is_complete or len(unpacked.parts) <= 1
