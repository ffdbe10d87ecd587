"""The agent knows the time, however the machine's own clock is set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spored.clock import Clock

SECONDS = st.floats(0, 1e9)
JUMPS = st.floats(-1e8, 1e8)


@given(SECONDS, SECONDS, JUMPS)
def test_a_clock_that_is_set_changes_nothing(boot: float, passed: float, jump: float) -> None:
    """Once a header told the time, only CLOCK_BOOTTIME counts on."""
    date = 1.8e9
    clock = Clock(date - boot, date)
    assert abs(clock.now(date + jump, boot + passed) - (date + passed)) < 1e-3


@given(JUMPS)
def test_before_that_time_does_not_run_back(jump: float) -> None:
    """Without a header in this boot the machine's own clock counts, but never what was before."""
    seen = 1.8e9
    assert Clock(None, seen).now(seen + jump, 1.0) == max(seen, seen + jump)
