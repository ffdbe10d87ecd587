"""Waiting within a bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.connect.builders import FakeTime


@given(st.floats(min_value=0, max_value=3600), st.floats(min_value=0, max_value=30))
def test_waits_never_longer_than_the_limit(limit_seconds: float, try_seconds: float) -> None:
    """There is a first try at once and a last one at the limit; sleeping ends there."""
    time = FakeTime()
    passed = []
    for elapsed in time.patience(limit_seconds).attempts():
        passed.append(elapsed)
        time.now += try_seconds
    assert passed[0] == 0
    assert sum(time.slept) <= limit_seconds + 1e-6
    assert passed[-1] + try_seconds >= limit_seconds - 0.002


def test_pauses_grow_and_stay_bounded() -> None:
    """Early tries are close, late ones are not further apart than eight seconds."""
    time = FakeTime()
    list(time.patience(60).attempts())
    assert time.slept[:5] == [0.5, 1, 2, 4, 8]
    assert max(time.slept) == 8
