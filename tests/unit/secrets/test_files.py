"""Files and directories: what is read, what is left out, and what a mark lets pass."""

from __future__ import annotations

import base64
import gzip
import os
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

from spawn.secrets.files import LARGEST_BYTES, scan_content, scan_paths

SECRET = "DB_PASSWORD=sunflower42"


def test_a_directory_is_walked_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    """Version control's own, binaries, links and what is too large are counted, not read."""
    (tmp_path / "web").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "web" / "boot.sh").write_text(f"#!/bin/sh\n{SECRET}\n")
    (tmp_path / ".git" / "config").write_text(SECRET)
    (tmp_path / "program").write_bytes(b"\x7fELF\0" + SECRET.encode())
    (tmp_path / "large").write_bytes(b"\n" * (LARGEST_BYTES + 1))
    (tmp_path / "link").symlink_to(tmp_path / "web" / "boot.sh")
    os.mkfifo(tmp_path / "pipe")
    scanned = scan_paths([tmp_path])
    (found,) = scanned.findings
    assert (found.path, found.secret.line, found.secret.column) == (
        str(tmp_path / "web" / "boot.sh"),
        2,
        len("DB_PASSWORD=") + 1,
    )
    assert found.instead == "--secret DB_PASSWORD=secretsmanager:ID"
    assert scanned.files == 1
    assert scanned.skipped == {"binary": 1, "directory": 1, "link or device": 2, "too large": 1}


def test_a_mark_lets_its_line_and_the_next_pass(tmp_path: Path) -> None:
    """What somebody has looked at is counted as allowed; the line after next is not."""
    path = tmp_path / "boot.sh"
    path.write_text(f"{SECRET} # spawn:allow-secret\n{SECRET}\n{SECRET}\n")
    scanned = scan_paths([path])
    assert [found.secret.line for found in scanned.findings] == [3]
    assert scanned.allowed == 2


def test_windows_text_is_read() -> None:
    """UTF-16 is full of zeros, and no binary."""
    script = "$Password = 'sunflower42'\r\n"
    assert len(scan_content("s.ps1", script.encode("utf-16")).findings) == 1


def test_files_in_files_are_found_to_a_depth() -> None:
    """MIME, gzip and base64 are taken off, three deep; a bomb costs a megabyte and is no crash."""
    message = MIMEMultipart()
    message.attach(MIMEText("#!/bin/sh\ndate\n", "x-shellscript"))
    inner = base64.b64encode(gzip.compress(f"A=1\nB=2\n{SECRET}\n".encode())).decode()
    config = f"#cloud-config\nwrite_files:\n- encoding: gz+b64\n  content: {inner}\n"
    message.attach(MIMEText(config, "cloud-config"))
    (found,) = scan_content("user-data", gzip.compress(message.as_bytes())).findings
    assert (found.secret.part, found.secret.line) == ("part 2", 4)
    assert found.secret.kind.endswith("in base64")
    deep = f"{SECRET} and some more words"
    for _ in range(4):
        deep = base64.b64encode(deep.encode()).decode()
    assert scan_content("deep", deep.encode()).findings == ()
    bomb = base64.b64encode(gzip.compress(b"\n" * 50_000_000)).decode()
    assert scan_content("bomb", f"content: {bomb}\n".encode()).findings == ()


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A broken archive is no clean file, whatever its name holds."""
    path = tmp_path / os.fsdecode(b"broken\xff.gz")
    path.write_bytes(gzip.compress(SECRET.encode())[:-9])
    scanned = scan_paths([tmp_path])
    assert len(scanned.unread) == 1
    assert "broken" in scanned.unread[0]
