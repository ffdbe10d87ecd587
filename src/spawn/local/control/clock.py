"""The cloud's one timer: waits for the next thing that is due, woken early by changes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 1.0  # bounds how late a wall clock that jumped is noticed


class Clock:
    """Calls `work` when `next_due` says, in a thread of its own."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        next_due: Callable[[], datetime | None],
        work: Callable[[], None],
    ) -> None:
        self._now, self._next_due, self._work = now, next_due, work
        self._changed = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something changed: look again what is due."""
        self._changed.set()

    def close(self) -> None:
        """End, and wait for the work at hand."""
        self._ended = True
        self._changed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            due = self._next_due()
            if due is not None and due <= self._now() and self._worked():
                continue
            self._changed.wait(self._seconds_until(due))
            self._changed.clear()

    def _worked(self) -> bool:
        """Whether the work went well; a failure is logged, and tried again after a wait."""
        try:
            self._work()
        except Exception:  # this thread's outermost border: without it no schedule fires again
            log.exception("the clock's work failed")
            time.sleep(LONGEST_WAIT_SECONDS)
            return False
        return True

    def _seconds_until(self, due: datetime | None) -> float | None:
        """None waits for a change: an idle cloud costs nothing."""
        if due is None:
            return None
        return max(0.0, min((due - self._now()).total_seconds(), LONGEST_WAIT_SECONDS))
