"""What time it is, whatever the machine's own clock says. Pure.

CLOCK_BOOTTIME counts on through sleep and stepped clocks; what it lacks is a date. That comes from
the `Date` header of metadata answers: the difference of the two is trusted. Until a header was seen
in this boot the machine's clock counts, but for what is earlier than was trusted before.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """What is known of the time, in seconds since 1970.

    offset   the time when CLOCK_BOOTTIME was nought, None for not known
    trusted  the last time that was known: it can't be earlier
    """

    offset: float | None = None
    trusted: float = 0

    def now(self, wall: float, boot: float) -> float:
        """Return the time; `wall` is the machine's own, `boot` CLOCK_BOOTTIME's."""
        return max(wall, self.trusted) if self.offset is None else boot + self.offset
