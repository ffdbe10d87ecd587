"""Waiting for what takes a while, never longer than a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

# The pause doubles up to this: a booting instance is met soon after it is ready, and AWS is not
# asked more often than it refreshes what it shows.
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 8.0
# A clock may not move at all for less: what is left of the limit then is nothing.
_RESOLUTION_SECONDS = 0.001

Progress = Callable[[str], None]


def in_silence(_: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to keep trying. `clock` is monotonic, in seconds; `sleep` takes seconds."""

    limit_seconds: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def attempts(self) -> Iterator[float]:
        """Yield the seconds that have passed, once for each try: at once, then after pauses.

        There is always a first try, and a last one when the limit is reached.
        """
        start = self.clock()
        pause = _FIRST_PAUSE_SECONDS
        yield 0.0
        while (left := self.limit_seconds - (self.clock() - start)) > _RESOLUTION_SECONDS:
            self.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            yield self.clock() - start
