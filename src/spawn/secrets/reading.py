"""A text as the detectors read it: itself, in lower case, and its words. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_RUN = re.compile(r"[A-Za-z0-9]++", re.ASCII)
NAME = re.compile(r"[\w+.-]++", re.ASCII)
# Words are shorter; what is longer is a digest, an id, or a secret.
LONG_WORD = 14


@dataclass(frozen=True)
class Text:
    """A text. Looking for a word in a set of them costs less than looking through the text."""

    text: str

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, each character at its place."""
        lowered = self.text.lower()
        if len(lowered) == len(self.text):
            return lowered
        # A few letters of some languages become two: there ASCII alone is lowered.
        return "".join(one.lower() if one.isascii() else one for one in self.text)

    @cached_property
    def words(self) -> frozenset[str]:
        """Its runs of letters and digits."""
        return frozenset(_RUN.findall(self.text))

    @cached_property
    def names(self) -> frozenset[str]:
        """What programs and files may be called in it, in lower case."""
        return frozenset(NAME.findall(self.lowered))

    @cached_property
    def long_words(self) -> tuple[str, ...]:
        """Those that are longer than words are."""
        return tuple(word for word in self.words if len(word) >= LONG_WORD)

    @cached_property
    def line_starts(self) -> list[int]:
        """Where each line begins."""
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts
