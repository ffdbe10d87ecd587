"""Near words for what is unknown, as far as looking for them is worth its time."""

from __future__ import annotations

from collections.abc import Iterable

from spawn.core.nearest import did_you_mean
from spawn.iam import reference

# Looking takes some milliseconds a word among a service's actions; a policy that is wrong all
# over would take minutes.
_MOST_WORDS = 40
_LONGEST_WORD = 64


class Hints:
    """Looks for near words, for the first few words of a document."""

    def __init__(self) -> None:
        self._left = _MOST_WORDS
        self._services: dict[str, str] = {}

    def near(self, word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
        """Return "did you mean …?", "" where nothing is near, or no more is looked for."""
        if len(word) > _LONGEST_WORD or not self._left:
            return ""
        self._left -= 1
        return did_you_mean(word, known, likeness=likeness)

    def near_service(self, word: str, *, likeness: float) -> str:
        """Return the same of the prefix of a service; many actions of a policy have the same."""
        if word not in self._services:
            self._services[word] = self.near(word, reference.services(), likeness=likeness)
        return self._services[word]
