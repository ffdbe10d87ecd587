"""Precision and recall of a scanner over the corpus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.secrets.corpus.cases import negatives, positives

# Text -> the numbers of the lines in which a scanner finds something.
Scanner = Callable[[str], set[int]]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What a scanner made of the corpus; rows name what it missed, and where it was wrong."""

    found: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def recall(self) -> float:
        """How much of what is there was found."""
        return self.found / (self.found + len(self.missed))

    @property
    def precision(self) -> float:
        """How much of what was found is there."""
        return self.found / ((self.found + len(self.wrong)) or 1)


def measured(scanner: Scanner, *, held_back: bool = False) -> Measure:
    """Return how the scanner does; a finding in a line without a secret is wrong."""
    found, missed, wrong = 0, [], []
    for case in positives(held_back=held_back):
        lines = scanner(case.text)
        if case.line in lines:
            found += 1
        else:
            missed.append(case.row)
        if lines - {case.line}:
            wrong.append(case.row)
    wrong += [case.row for case in negatives(held_back=held_back) if scanner(case.text)]
    return Measure(found=found, missed=tuple(missed), wrong=tuple(wrong))
