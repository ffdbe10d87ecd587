"""Live progress on a terminal; silence elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TextIO

from spawn.cli.rendering.terminal import escape
from spawn.core.errors import AwsRefusal
from spawn.core.steps import Output, Step


class Silence:
    """For pipes and documents: progress is for people."""

    def started(self, step: Step, attempt: str) -> None:
        """Say nothing."""

    def waiting(self, step: Step, refusal: AwsRefusal) -> None:
        """Say nothing."""

    def done(self, step: Step, outputs: Mapping[Output, str]) -> None:
        """Say nothing."""

    def failed(self, step: Step, refusal: AwsRefusal) -> None:
        """Say nothing."""

    def phase(self, sentence: str) -> None:
        """Say nothing."""


class Lines:
    """A line for each thing that happened; several threads write to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._waited: set[int] = set()

    def started(self, step: Step, attempt: str) -> None:
        """Say where else a step is tried."""
        if attempt:
            self._line("→", f"{step.sentence}, {attempt}")

    def waiting(self, step: Step, refusal: AwsRefusal) -> None:
        """Say once that a step takes a moment."""
        with self._lock:
            is_first = id(step) not in self._waited
            self._waited.add(id(step))
        if is_first:
            self._line("…", f"{step.sentence}: AWS needs a moment ({refusal.code})")

    def done(self, step: Step, outputs: Mapping[Output, str]) -> None:
        """Say what was done, and what came of it."""
        made = ", ".join(outputs.values())
        self._line("✓", f"{step.sentence}{made and f' ({made})'}")

    def failed(self, step: Step, refusal: AwsRefusal) -> None:
        """Say what did not work; why is said at the end."""
        self._line("✗", step.sentence)

    def phase(self, sentence: str) -> None:
        """Say what begins."""
        self._line("…", sentence)

    def _line(self, mark: str, text: str) -> None:
        with self._lock:
            self._stream.write(f"  {mark} {escape(text)}\n")
            self._stream.flush()
