"""Live progress on a terminal; silence elsewhere."""

from __future__ import annotations

import threading
from typing import TextIO

from spawn.cli.rendering.terminal import escape
from spawn.core.errors import AwsRefusal
from spawn.core.steps import Output, Outputs, Step

# What a person may want to copy of all that a step yields.
_SHOWN = (Output.INSTANCE_ID, Output.SECURITY_GROUP_ID)


class Silence:
    """For pipes and documents: progress is for people."""

    def started(self, step: Step, attempt: str) -> None:
        """Say nothing."""

    def waiting(self, step: Step, refusal: AwsRefusal) -> None:
        """Say nothing."""

    def passed_over(self, step: Step, attempt: str, refusal: AwsRefusal) -> None:
        """Say nothing."""

    def done(self, step: Step, outputs: Outputs) -> None:
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
        self._tried: dict[int, str] = {}  # the alternative that a step has come to

    def started(self, step: Step, attempt: str) -> None:
        """Say where else a step is tried."""
        if attempt:
            with self._lock:
                self._tried[id(step)] = attempt
            self._line("→", f"else {attempt}")

    def waiting(self, step: Step, refusal: AwsRefusal) -> None:
        """Say once that a step takes a moment."""
        with self._lock:
            is_first = id(step) not in self._waited
            self._waited.add(id(step))
        if is_first:
            self._line("…", f"{step.sentence}: AWS needs a moment ({refusal.code})")

    def passed_over(self, step: Step, attempt: str, refusal: AwsRefusal) -> None:
        """Say why it is tried elsewhere."""
        self._line("✗", f"{attempt or step.sentence}: {refusal.code}")

    def done(self, step: Step, outputs: Outputs) -> None:
        """Say what was done, and what came of it."""
        made = ", ".join(one for kind in _SHOWN for one in outputs.get(kind, ()))
        with self._lock:
            what = self._tried.get(id(step), step.sentence)
        self._line("✓", f"{what}{made and f' ({made})'}")

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
