"""Answers of the metadata service, as bytes, into what they say."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spored.metadata import parse

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Tue, 27 Jan 2026 12:00:00 GMT\r\n"
    b"Server: EC2ws\r\n\r\nspawn:expires-at\nowner"
)


def test_an_answer_is_taken_apart() -> None:
    """Status, time and text are what the service said."""
    assert parse(ANSWER) == (200, 1_769_515_200.0, "spawn:expires-at\nowner")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        ANSWER.replace(b"Date", b"Dame"),
        ANSWER.replace(b"GMT", b"CET"),
        ANSWER.replace(b"Jan", b"Foo"),
        ANSWER.replace(b"200", b"OK!"),
    ],
)
def test_what_is_no_answer_is_told(answer: bytes) -> None:
    """A proxy's page, a cut line, no date: a ValueError, which the agent takes for silence."""
    with pytest.raises(ValueError):  # noqa: PT011  whichever it is
        parse(answer)


@given(st.binary() | st.binary().map(lambda rest: ANSWER[:60] + rest))
def test_any_bytes_are_an_answer_or_none(answer: bytes) -> None:
    """Whatever answers at that address, the agent lives on."""
    with contextlib.suppress(ValueError):
        parse(answer)
