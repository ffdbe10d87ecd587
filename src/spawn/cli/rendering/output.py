"""An instance's output as it comes: raw into a pipe, harmless onto a terminal."""

from __future__ import annotations

from typing import BinaryIO, TextIO

from spawn.cli.rendering.terminal import escape

# A line that never ends is shown in pieces.
_LONGEST_LINE_BYTES = 64 * 1024


class RawOutput:
    """Bytes as they are, for whatever reads the pipe."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink

    def show(self, piece: bytes) -> None:
        """Write a piece, at once."""
        self._sink.write(piece)
        self._sink.flush()

    def finish(self) -> None:
        """There is nothing left to write."""


class EscapedOutput:
    """Lines for a person: what could act on the terminal is written out."""

    def __init__(self, sink: TextIO) -> None:
        self._sink = sink
        self._rest = b""

    def show(self, piece: bytes) -> None:
        """Write the lines that the piece completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LONGEST_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        self._write(lines)

    def finish(self) -> None:
        """Write what has no line end."""
        if self._rest:
            self._write([self._rest])
            self._rest = b""

    def _write(self, lines: list[bytes]) -> None:
        texts = (line.decode("utf-8", "replace").rstrip("\r").expandtabs() for line in lines)
        self._sink.writelines(f"{escape(text)}\n" for text in texts)
        self._sink.flush()


def output_to(sink: TextIO) -> RawOutput | EscapedOutput:
    """Return what writes an instance's output to a stream, as befits it."""
    return EscapedOutput(sink) if sink.isatty() else RawOutput(sink.buffer)
