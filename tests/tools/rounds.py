"""Counts sequential rounds: how often a program has to wait for AWS before it can ask again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Span:
    """When a request was under way, in seconds of one monotonic clock."""

    start_seconds: float
    end_seconds: float


def sequential_rounds(spans: Iterable[Span]) -> int:
    """Return the length of the longest chain of requests of which none overlaps the next.

    A request that begins after another's end may depend on it; two that overlap can't. Taking, in
    the order of their ends, each span that begins after the last taken one's end gives the longest
    chain (interval scheduling: Kleinberg and Tardos, "Algorithm Design", 4.1). Latency injected
    into every request has to dwarf what the program computes in between.
    """
    rounds = 0
    free_from_seconds = float("-inf")
    for span in sorted(spans, key=lambda span: span.end_seconds):
        if span.start_seconds >= free_from_seconds:
            rounds += 1
            free_from_seconds = span.end_seconds
    return rounds
