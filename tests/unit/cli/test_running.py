"""What `spawn run` says of the files that it sends."""

from __future__ import annotations

import os
from pathlib import Path

from spawn.cli.running import some_of, what_goes
from spawn.connect.archive import list_directory


def test_what_leaves_this_machine_is_said(tmp_path: Path) -> None:
    """How much goes, what of it often holds secrets, and what does not go, before it goes."""
    (tmp_path / "main.py").write_text("print()")
    (tmp_path / ".env").write_text("TOKEN=x")
    (tmp_path / ".git").mkdir()
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    counted, secret, left_out = what_goes(list_directory(tmp_path))
    assert counted.endswith(": 2 files, 14 bytes")
    assert secret.endswith(": .env")
    assert all(name in left_out for name in (".git", "passwd", "pipe"))


def test_ten_thousand_names_are_counted() -> None:
    """Nobody reads the names of ten thousand files, and an instance may send more."""
    assert some_of(["a"] * 10_000) == "a; a; a; a; a; and 9995 more"
    assert some_of(["a", "b"]) == "a; b"
