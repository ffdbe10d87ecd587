"""Times programs: wall clock and own CPU, and ratios between them."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class ProgramFailed(RuntimeError):
    """A program that was to be timed did not do its work; the text holds its own words."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run of a program took: by the clock, and of CPU, its children's included."""

    wall_seconds: float
    cpu_seconds: float

    @property
    def waiting_seconds(self) -> float:
        """How long it waited for others. Never negative: threads may use two CPUs at once."""
        return max(0.0, self.wall_seconds - self.cpu_seconds)


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One figure of the bench; `target` is the most it should be, None where nothing is claimed."""

    claim: str
    measured: float
    target: float | None

    @property
    def is_met(self) -> bool:
        """Whether the claim holds; one that claims nothing always does."""
        return self.target is None or self.measured <= self.target

    def line(self) -> str:
        """Return the figure as a line of the report."""
        target = "" if self.target is None else f"  (target ≤ {self.target:g})"
        mark = "" if self.is_met else "  MISSED"
        return f"{self.measured:8.2f}  {self.claim}{target}{mark}"


def cost(words: Sequence[str], *, environment: Mapping[str, str], directory: Path) -> Cost:
    """Run a program once. Raises ProgramFailed where it does not exit with 0."""
    with tempfile.TemporaryFile() as said:
        start_seconds = time.perf_counter()
        process = subprocess.Popen(
            words,
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        # Of the standard library, only wait4 tells what this one child has used.
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - start_seconds
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        if process.returncode != 0:
            raise ProgramFailed(f"{' '.join(words)} failed:\n{said.read().decode()}")
    return Cost(wall_seconds=wall_seconds, cpu_seconds=usage.ru_utime + usage.ru_stime)


def ratio_of_medians(
    run: Callable[[], float], against: Callable[[], float], *, times: int
) -> float:
    """Measure two things in turns, so that what disturbs one disturbs the other as well."""
    pairs = [(run(), against()) for _ in range(times)]
    return statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)
