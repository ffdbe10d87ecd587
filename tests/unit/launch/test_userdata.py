"""Whatever a person gives as user-data reaches the instance, byte for byte, as what it is."""

from __future__ import annotations

import gzip
import random
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.launch.userdata import MOST_BYTES, MOST_UNPACKED_BYTES, assemble, unpacked
from tests.unit.launch.mime import Part, parts_of

BOOTHOOK = b"#cloud-boothook\n#!/bin/sh\npoweroff\n"
KINDS = (
    (b"#!/bin/sh\n", "text/x-shellscript"),
    (b"#!/usr/bin/env python3\n", "text/x-shellscript"),
    (b"#cloud-config\n", "text/cloud-config"),
    (b"#cloud-config-archive\n", "text/cloud-config-archive"),
    (b"#cloud-boothook\n", "text/cloud-boothook"),
    (b"#include\n", "text/x-include-url"),
    (b"#include-once\n", "text/x-include-once-url"),
    (b"#part-handler\n", "text/part-handler"),
    (b"## template: jinja\n", "text/jinja2"),
)
# Random bytes and, more often, what breaks mail: ends of lines, dots, boundaries, long lines.
NASTY = st.lists(
    st.binary(max_size=200)
    | st.sampled_from((b"\r\n", b"\n", b"\r", b".\n", b"--", b"From me\n", b"=20", b"\0"))
    | st.sampled_from((b"x" * 1_100, "ä€🙂\n".encode())),
    max_size=12,
).map(b"".join)


def users_part(user_data: bytes) -> Part:
    """Return the person's part, having seen that the boothook comes first and whole."""
    sent = assemble(BOOTHOOK, user_data, flag="--user-data")
    first, users = parts_of(sent)
    assert first == Part("text/cloud-boothook", BOOTHOOK)
    return users


@given(st.sampled_from(KINDS), NASTY)
def test_a_known_header_keeps_its_kind_and_every_byte(
    known: tuple[bytes, str], body: bytes
) -> None:
    """A text with a header that cloud-init knows is handed on as that, unchanged."""
    head, kind = known
    assert users_part(head + body) == Part(kind, head + body)


@given(NASTY)
def test_a_text_without_a_header_runs_under_bash(body: bytes) -> None:
    """cloud-init would pass over it: it is given a first line, and nothing else of it changes."""
    text = b"\necho " + body.replace(b"\0", b"0")
    assert users_part(text) == Part("text/x-shellscript", b"#!/bin/bash\n" + text)


@pytest.mark.parametrize("head", ["#cloud-config\n", "#!/bin/sh\n"])
def test_what_came_gzipped_is_unpacked(head: str) -> None:
    """A compressed text is what it is when unpacked; packed, its header could not be seen."""
    text = head.encode() + b"hello\n" * 9
    assert users_part(gzip.compress(text)).content == text


@given(NASTY)
def test_a_multipart_keeps_its_parts(body: bytes) -> None:
    """A person's own multipart goes inside: cloud-init meets its parts in their order."""
    theirs = MIMEMultipart()
    script = "#!/bin/sh\n" + body.decode("latin-1")
    theirs.attach(MIMEText(script, "x-shellscript", "utf-8"))
    theirs.attach(MIMEText("#cloud-config\n{}\n", "cloud-config", "us-ascii"))
    sent = assemble(BOOTHOOK, theirs.as_bytes(), flag="--user-data")
    _, *users = parts_of(sent)
    assert [part.kind for part in users] == ["text/x-shellscript", "text/cloud-config"]
    assert users[0].content == script.encode()


def test_without_user_data_there_is_the_boothook_alone() -> None:
    """Every instance has its end date, asked or not; its first line tells cloud-init its kind."""
    assert gzip.decompress(assemble(BOOTHOOK, None, flag="-")) == BOOTHOOK


@given(NASTY)
def test_the_same_text_makes_the_same_bytes(body: bytes) -> None:
    """A client token repeats a request only with identical parameters."""
    text = b"#!/bin/sh\n" + body
    assert assemble(BOOTHOOK, text, flag="-") == assemble(BOOTHOOK, text, flag="-")


def test_a_large_script_is_compressed() -> None:
    """All of it is gzipped, so that far more than EC2 takes fits, and arrives whole."""
    large = b"#!/bin/sh\n" + b"# a comment\n" * 4_000
    sent = assemble(BOOTHOOK, large, flag="-")
    assert len(sent) <= MOST_BYTES < len(large)
    assert parts_of(sent)[-1].content == large


def test_what_does_not_fit_is_refused() -> None:
    """What EC2 would refuse is refused before, with the flag and another way."""
    noise = random.Random(1).randbytes(MOST_BYTES)
    with pytest.raises(InputError, match=r"^--user-data is too large") as refused:
        assemble(BOOTHOOK, b"#cloud-config\n" + noise, flag="--user-data")
    assert "bucket" in refused.value.why


def test_what_is_no_text_is_refused() -> None:
    """Only what names its own program may hold anything: a packed program behind a script, say."""
    program = b"\x7fELF\0\0"
    with pytest.raises(InputError, match=r"^--user-data is no text"):
        assemble(BOOTHOOK, program, flag="--user-data")
    assert users_part(b"#!/bin/sh\n" + program).content == b"#!/bin/sh\n" + program


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (gzip.compress(b"echo hello\n" * 99)[:-9], "cut off"),
        (b"\x1f\x8b\x08\x00 and no more", "can't be unpacked"),
        (gzip.compress(bytes(MOST_UNPACKED_BYTES + 1)), "unpacks to more"),
    ],
    ids=["cut off", "damaged", "bottomless"],
)
def test_a_broken_or_bottomless_archive_is_refused(archive: bytes, words: str) -> None:
    """An archive is unpacked up to a limit, and one that is damaged is not sent on."""
    with pytest.raises(InputError, match=words):
        unpacked(archive, flag="--user-data")


@pytest.mark.parametrize("mark", [b"<powershell>", b"\n <script>", b"<persist>true</persist>"])
def test_windows_scripts_are_refused(mark: bytes) -> None:
    """Nothing on Linux would run them: they would be passed over without a word."""
    with pytest.raises(InputError, match="Windows"):
        assemble(BOOTHOOK, mark + b"dir", flag="--user-data")


def test_a_bottomless_multipart_is_refused() -> None:
    """Parts within parts without end are the person's mistake, and exhaust nothing."""
    head = b"MIME-Version: 1.0\n"
    levels = [
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(2000)
    ]
    with pytest.raises(InputError, match="nests more than"):
        assemble(b"#cloud-boothook\n", head + b"".join(levels), flag="--user-data")
    script = b"#!/bin/sh\n" + b"curl -H 'Content-Type: multipart/form-data' http://x\n" * 30
    assert assemble(b"#cloud-boothook\n", script, flag="--user-data")
