"""An instance's output on a terminal and in a pipe."""

from __future__ import annotations

import io
import itertools
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from spawn.cli.rendering.output import EscapedOutput, RawOutput


@given(st.lists(st.binary(max_size=40)))
def test_a_pipe_gets_every_byte(pieces: list[bytes]) -> None:
    """Nothing is added, changed or kept back."""
    sink = io.BytesIO()
    output = RawOutput(sink)
    for piece in pieces:
        output.show(piece)
        assert sink.getvalue().endswith(piece)
    output.finish()
    assert sink.getvalue() == b"".join(pieces)


@given(st.binary(), st.lists(st.integers(min_value=0, max_value=60)))
def test_a_terminal_gets_nothing_that_acts(output: bytes, cuts: list[int]) -> None:
    """However the output is cut into pieces, the same lines come out, without any control."""
    once, cut = io.StringIO(), io.StringIO()
    whole = EscapedOutput(once)
    whole.show(output)
    whole.finish()
    pieces = EscapedOutput(cut)
    edges = sorted({0, len(output), *(cut for cut in cuts if cut < len(output))})
    for start, end in itertools.pairwise(edges):
        pieces.show(output[start:end])
    pieces.finish()
    assert cut.getvalue() == once.getvalue()
    assert not {
        character
        for character in once.getvalue()
        if character != "\n" and unicodedata.category(character).startswith("C")
    }


def test_lines_stay_lines() -> None:
    """Line ends of a console and tabs look as they are meant; an escape sequence is written out."""
    sink = io.StringIO()
    output = EscapedOutput(sink)
    output.show("one\ttwo\r\n\x1b[31mred\nüber".encode())
    assert sink.getvalue() == "one     two\n\\x1b[31mred\n"
    output.finish()
    assert sink.getvalue().endswith("\nüber\n")


def test_a_line_without_an_end_is_shown() -> None:
    """Memory is bounded: what never ends its line is shown in pieces."""
    sink = io.StringIO()
    output = EscapedOutput(sink)
    output.show(b"x" * 200_000)
    assert len(sink.getvalue()) > 100_000
