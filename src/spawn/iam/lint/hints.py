"""Near words for what is unknown, as far as looking for them is worth its time."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from spawn.core.nearest import did_you_mean
from spawn.iam import reference

# Looking takes some milliseconds a word among a service's actions; a policy that is wrong all
# over would take minutes.
_MOST_WORDS = 40
_LONGEST_WORD = 64
_WORDS_KEPT = 1024


class Hints:
    """Looks for near words, for the first few words of a document."""

    def __init__(self) -> None:
        self._left = _MOST_WORDS
        self._services: dict[str, str] = {}

    def near(self, word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
        """Return "did you mean …?", "" where nothing is near, or no more is looked for."""
        return did_you_mean(word, known, likeness=likeness) if self._may_look(word) else ""

    def near_service(self, word: str, *, likeness: float) -> str:
        """Return the same of the prefix of a service; many actions of a policy have the same."""
        if word not in self._services:
            self._services[word] = self.near(word, reference.services(), likeness=likeness)
        return self._services[word]

    def near_action(self, name: str, service: str, *, likeness: float) -> str:
        """Return the same of an action of a service; what AWS retired stands in many policies."""
        return _near_action(name, service, likeness) if self._may_look(name) else ""

    def _may_look(self, word: str) -> bool:
        may = len(word) <= _LONGEST_WORD and self._left > 0
        self._left -= may
        return may


@functools.lru_cache(maxsize=_WORDS_KEPT)
def _near_action(name: str, service: str, likeness: float) -> str:
    known = (found.name for found in reference.actions_of(service).values())
    return did_you_mean(name, known, likeness=likeness)
