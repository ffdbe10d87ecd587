"""The bench tells waiting from computing, and says which claims don't hold."""

import itertools
import sys
from pathlib import Path

import pytest

from bench.timing import Cost, ProgramFailed, Ratio, cost, ratio_of_medians
from tests.tools.programs import clean_environment


def cost_of(program: str, home: Path) -> Cost:
    words = (sys.executable, "-c", program)
    return cost(words, environment=clean_environment(home), directory=home)


def test_sleeping_is_waiting(home: Path) -> None:
    """A program that sleeps costs time and no CPU."""
    assert cost_of("import time; time.sleep(0.5)", home).waiting_seconds >= 0.4


def test_computing_is_not_waiting(home: Path) -> None:
    """CPU that a program burns is its own, however long it takes."""
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    assert cost_of(burn, home).cpu_seconds >= 0.5


def test_waiting_is_never_negative() -> None:
    """Two threads at work may use more CPU than the clock has time."""
    assert Cost(wall_seconds=1.0, cpu_seconds=1.5).waiting_seconds == 0.0


def test_a_failure_is_not_timed(home: Path) -> None:
    """A program that fails gives no figure, but its own words."""
    with pytest.raises(ProgramFailed, match="no such thing"):
        cost_of("import sys; sys.exit('no such thing')", home)


def test_outliers_do_not_count() -> None:
    """One slow run among several does not move the ratio."""
    runs, others = itertools.cycle([2.0, 90.0, 2.2]), itertools.cycle([4.0, 4.0, 70.0])
    assert ratio_of_medians(lambda: next(runs), lambda: next(others), times=3) == pytest.approx(
        0.55
    )


@pytest.mark.parametrize(
    ("measured", "target", "is_met"),
    [(0.6, 0.6, True), (0.61, 0.6, False), (99.0, None, True)],
)
def test_missed_targets_are_marked(measured: float, target: float | None, *, is_met: bool) -> None:
    """A claim holds up to its target, and its line says so where it does not."""
    ratio = Ratio(claim="a / b", measured=measured, target=target)
    assert ratio.is_met is is_met
    assert ("MISSED" in ratio.line()) is not is_met
