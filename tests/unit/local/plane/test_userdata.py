"""User-data is taken apart as by cloud-init."""

import gzip
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.local.plane.cloudinit_config import command_line, file_content
from spawn.local.plane.userdata import (
    PartKind,
    UserDataError,
    boothook_program,
    split_user_data,
)


def kinds(user_data: bytes) -> list[PartKind]:
    return [part.kind for part in split_user_data(user_data)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"#!/bin/sh\n", PartKind.SCRIPT),
        (b"#cloud-config\nruncmd: []\n", PartKind.CLOUD_CONFIG),
        (b"#cloud-boothook\n#!/bin/sh\n", PartKind.BOOTHOOK),
        (b"\n#!/bin/sh\n", PartKind.UNHANDLED),
        (b"echo hello\n", PartKind.UNHANDLED),
        (b"#cloud-config-archive\n- x\n", PartKind.UNHANDLED),
    ],
)
def test_the_first_line_tells_the_kind(text: bytes, kind: PartKind) -> None:
    """A known first line counts, and only as the very first; gzip makes no difference."""
    assert kinds(text) == [kind]
    assert kinds(gzip.compress(text)) == [kind]


def test_a_multipart_keeps_its_order_and_names() -> None:
    """Parts come in order, by declared type or first line, and names lose their directories."""
    message = MIMEMultipart()
    for content, subtype, name in (
        ("#!/bin/sh\nhook\n", "cloud-boothook", "arm"),
        ("#!/bin/sh\nuser\n", "plain", "../../etc/passwd"),
        ("runcmd: []\n", "cloud-config", "config"),
        ("?", "x-unheard-of", "odd"),
    ):
        part = MIMEText(content, subtype)
        part.add_header("Content-Disposition", "attachment", filename=name)
        message.attach(part)
    parts = split_user_data(gzip.compress(message.as_bytes()))
    assert [(part.kind, part.name) for part in parts] == [
        (PartKind.BOOTHOOK, "arm"),
        (PartKind.SCRIPT, "passwd"),
        (PartKind.CLOUD_CONFIG, "config"),
        (PartKind.UNHANDLED, "odd"),
    ]
    assert parts[0].content == b"#!/bin/sh\nhook\n"


def test_an_archive_that_unpacks_to_too_much_is_refused() -> None:
    """A small archive can't fill the instance's memory; a broken one is named."""
    with pytest.raises(UserDataError, match="unpacks to over"):
        split_user_data(gzip.compress(bytes(17 * 1024 * 1024)))
    with pytest.raises(UserDataError, match="can't be unpacked"):
        split_user_data(gzip.compress(b"#!/bin/sh\n")[:-4])


def test_a_boothook_runs_without_its_header() -> None:
    """What is left begins with its interpreter's line, with Unix line ends."""
    assert boothook_program(b"#cloud-boothook\r\n#!/bin/sh\r\nx\r\n") == b"#!/bin/sh\nx\n"


@given(st.binary())
def test_no_bytes_break_it(user_data: bytes) -> None:
    """Anything is either taken apart or refused as an archive."""
    try:
        parts = split_user_data(user_data)
    except UserDataError:
        return
    assert all("/" not in part.name and part.name for part in parts)


def test_run_commands_are_quoted_where_they_are_lists() -> None:
    """A list is an argument vector, a string a line of shell."""
    assert command_line(["echo", "a b", "$x", 3]) == "echo 'a b' '$x' 3"
    assert command_line("echo $x | cat") == "echo $x | cat"


def test_written_files_are_decoded() -> None:
    """`write_files` takes text, base64 and gzip in base64."""
    assert file_content("a: é", "") == "a: é".encode()
    assert file_content("aGVsbG8=", "b64") == b"hello"
    packed = "H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA=="
    assert file_content(packed, "gz+b64") == b"hello"
    with pytest.raises(ValueError, match="base64"):
        file_content("a", "b64")
