"""What a duty sends a child for, which calls AWS: `spored NAME WORDS`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from spored.agent import Agent
from spored.step import Do, Said, Wish
from spored.voice import read

LIMIT_SECONDS = 60
# From one to the next; after each that failed it is twice as long.
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 30, 900


class Errand:
    """A duty that is an errand, sent again and again. What comes of it is said where it is news."""

    name = ""

    def __init__(self, agent: Agent, words: Sequence[str]) -> None:
        self.agent, self.words, self.said = agent, words, ""
        self.hurry()

    def hurry(self) -> None:
        """Let the next one begin at once."""
        self.due, self.pause = 0.0, PAUSE_SECONDS

    def begin(self, *words: str) -> bool:
        """Send the child, unless one is under way or was a moment ago; say whether it went."""
        command = f'exec spored calling {self.name} "$@" >/run/spored/{self.name}'
        return time.monotonic() >= self.due and self.agent.children.run(
            self.name, LIMIT_SECONDS, command, *self.words, *words
        )

    def ended(self) -> bool:
        """Say what came of the last one; return whether one ended now, and well."""
        code = self.agent.children.codes.pop(self.name, None)
        if code is None:
            return False
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS) if code else PAUSE_SECONDS
        self.due = time.monotonic() + self.pause
        words = read(f"/run/spored/{self.name}").strip() or f"failed: {self.name}: {code}"
        if words != self.said:
            self.said = words
            event, _, rest = words.partition(": ")
            self.agent.say(Said(event, rest))
        return code == 0

    def wishes(self) -> Sequence[Wish]:
        """Want nothing."""
        self.ended()
        return ()

    def act(self, deed: Do) -> None:
        """A deed leads to the end: what is under way must be done before."""
        self.hurry()
