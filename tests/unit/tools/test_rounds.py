"""Sequential rounds are the longest chain of requests that don't overlap."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.rounds import Span, sequential_rounds


def span(start_seconds: float, end_seconds: float) -> Span:
    return Span(start_seconds=start_seconds, end_seconds=end_seconds)


@pytest.mark.parametrize(
    ("spans", "rounds"),
    [
        ([], 0),
        ([span(0, 1)], 1),
        ([span(0, 1), span(0.1, 1.1), span(0.2, 1.2)], 1),
        ([span(0, 1), span(1, 2)], 2),
        ([span(0, 9), span(0, 1), span(2, 3), span(4, 5)], 3),
        ([span(2, 3), span(0, 1), span(0.5, 2.5)], 2),
    ],
)
def test_rounds_of_known_timelines(spans: list[Span], rounds: int) -> None:
    """Side by side counts once, one after the other each time; the order of report is nothing."""
    assert sequential_rounds(spans) == rounds


whole_spans = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(
    lambda pair: span(pair[0], pair[0] + pair[1])
)


@given(st.lists(whole_spans, max_size=7))
def test_rounds_are_the_longest_chain(spans: list[Span]) -> None:
    """No subset of the requests forms a longer chain than the count says, and one is as long."""
    chains = (
        chain
        for size in range(len(spans) + 1)
        for chain in itertools.combinations(
            sorted(spans, key=lambda each: each.start_seconds), size
        )
        if all(a.end_seconds <= b.start_seconds for a, b in itertools.pairwise(chain))
    )
    assert sequential_rounds(spans) == max(len(chain) for chain in chains)
