"""The journal as an observer of a launch: it writes down each step before and after."""

from __future__ import annotations

import threading

from spawn.core.clock import Clock
from spawn.core.errors import AwsRefusal
from spawn.core.journal import Entry, Finished, Journal, StepDone, StepFailed, StepStarted
from spawn.core.steps import Output, Outputs, Step


class JournalObserver:
    """Numbers the steps as they begin, whatever plan they come from.

    The first entry of a journal is written by whoever begins the launch, and must succeed. One
    that can't be written later (a full disk) is `incomplete`: that is no reason to leave an
    instance without its backstop.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._numbers: dict[int, int] = {}
        self._lock = threading.Lock()
        self.incomplete = False
        self.outputs: dict[Output, tuple[str, ...]] = {}

    def started(self, step: Step, attempt: str) -> None:
        """Write that the step begins."""
        self._write(
            StepStarted(
                at=self._clock.now(),
                step=self._number(step),
                operation=step.operation,
                region=step.region,
            )
        )

    def waiting(self, step: Step, refusal: AwsRefusal) -> None:
        """A step that is asked again has not ended: nothing to write."""

    def passed_over(self, step: Step, attempt: str, refusal: AwsRefusal) -> None:
        """Nor has one that is tried elsewhere."""

    def done(self, step: Step, outputs: Outputs) -> None:
        """Write that the step is done, and keep what it yielded."""
        self.outputs.update(outputs)
        self._write(StepDone(at=self._clock.now(), step=self._number(step), outputs=dict(outputs)))

    def failed(self, step: Step, refusal: AwsRefusal) -> None:
        """Write that the step failed."""
        self._write(StepFailed(at=self._clock.now(), step=self._number(step), code=refusal.code))

    def finished(self, *, succeeded: bool) -> None:
        """Write that nothing is left to do or to undo."""
        self._write(Finished(at=self._clock.now(), succeeded=succeeded))

    def _number(self, step: Step) -> int:
        with self._lock:
            return self._numbers.setdefault(id(step), len(self._numbers))

    def _write(self, entry: Entry) -> None:
        with self._lock:
            try:
                self._journal.write(entry)
            except OSError:
                self.incomplete = True
