"""What the work says when it is done: any text at all, made into one short line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spored.complete import LONGEST_MESSAGE, LONGEST_STATUS, bounded


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
