"""How much is found of what there is, and how much of what is found is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.secrets.scan import scan_text
from tests.unit.secrets.corpus.cases import Case, negatives, positives
from tests.unit.secrets.corpus.measure import Measure, measured

# Reached, and not to be lost again. What is missed and what is wrong is named by the test.
LEAST_RECALL = 0.99
LEAST_PRECISION = 0.99
# Whose text may hold a word that is also a password: shorter ones stand in many a kind.
SHORTEST_TOLD = 8


def spawn_lines(text: str) -> set[int]:
    """The lines in which the scanner finds anything, certain or not."""
    return {found.line for found in scan_text(text)}


@pytest.mark.parametrize("held_back", [False, True], ids=["known rows", "rows held back"])
def test_secrets_are_found_and_little_else(*, held_back: bool) -> None:
    """At least 300 texts with a secret and 300 without are told apart as well as promised."""
    found: Measure = measured(spawn_lines, held_back=held_back)
    assert found.recall >= LEAST_RECALL, found.missed
    assert found.precision >= LEAST_PRECISION, found.wrong


def test_the_corpus_is_as_large_as_promised() -> None:
    """There are 300 of each kind, none twice."""
    for cases in (positives(), negatives()):
        assert len({case.text for case in cases}) >= 300


@pytest.mark.parametrize("case", positives(), ids=range(len(positives())))
def test_no_secret_is_told(case: Case) -> None:
    """Nothing that is said of a finding holds the secret, or more than a few letters of it."""
    told = repr(scan_text(case.text))
    for line in case.secret.split("\n"):
        if len(line) >= SHORTEST_TOLD and "PRIVATE KEY" not in line:
            assert line not in told
            assert line[:SHORTEST_TOLD] not in told


@given(st.sampled_from(positives()), st.sampled_from(positives()), st.integers(0, 400))
def test_texts_in_pieces_do_not_crash_it(one: Case, other: Case, at: int) -> None:
    """Any beginning of a text before any other is scanned, and its findings are in its lines."""
    text = one.text[:at] + other.text
    assert all(1 <= found.line <= text.count("\n") + 1 for found in scan_text(text))
    assert all(found.column >= 1 for found in scan_text(text))
