"""What the work says when it is done: any text at all, made into one short line."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spored.complete import LARGEST_BYTES, LONGEST_MESSAGE, LONGEST_STATUS, bounded, said_in


@given(st.text() | st.dictionaries(st.text(), st.text() | st.integers()).map(json.dumps))
def test_whatever_is_said_becomes_one_short_line(said: str) -> None:
    """Nobody can write more than a line on the console by it, nor anything but ASCII."""
    line = bounded(said)
    assert line.isascii()
    assert line.isprintable()
    found = json.loads(line)
    assert len(found["status"]) <= LONGEST_STATUS
    assert len(found["message"]) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("said", "status", "message"),
    [
        ('{"status": "failed", "message": "disk full"}', "failed", "disk full"),
        ("", "done", ""),
        ("all good\n", "done", "all good"),
        ("[1, 2]", "done", "[1, 2]"),
        ("null", "done", "null"),
    ],
)
def test_status_and_message_are_what_was_said(said: str, status: str, message: str) -> None:
    """A file that only exists means done; one with words of its own has them as its message."""
    assert json.loads(bounded(said)) == {"status": status, "message": message}


def test_a_file_says_what_stands_in_it(tmp_path: Path) -> None:
    """A file that is there since then counts, an empty one too; of a large one its beginning."""
    file = tmp_path / "done"
    since = time.time() - 10
    assert said_in(str(file), since) is None
    file.write_text("")
    assert said_in(str(file), since) == ""
    file.write_text("x" * 2 * LARGEST_BYTES)
    assert said_in(str(file), since) == "x" * LARGEST_BYTES
    assert said_in(str(file), time.time() + 10) is None


def test_what_is_no_file_says_nothing(tmp_path: Path) -> None:
    """No link is followed, no pipe waited for, no directory read."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "", "missing"):
        assert said_in(str(tmp_path / name), 0) is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(("owner", "counts"), [(0, True), (1000, True), (33, False), (999, False)])
def test_only_root_and_people_can_say_so(tmp_path: Path, owner: int, *, counts: bool) -> None:
    """An account that nobody logs in with, a broken web server's say, can't end the machine."""
    file = tmp_path / "done"
    file.touch()
    os.chown(file, owner, -1)
    assert (said_in(str(file), 0) is not None) is counts
