"""Time as a parameter: nothing below the command line asks the system for it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What the time is, and how to let some pass."""

    def now(self) -> datetime:
        """Return the wall clock's time, with its zone."""

    def monotonic(self) -> float:
        """Return seconds from some fixed point, never going back."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
