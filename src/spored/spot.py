"""Spot notices: AWS takes the instance back in two minutes, or says that it may soon.

Source: EC2 User Guide, "Spot Instance interruption notices" and "EC2 instance rebalance
recommendations": both paths answer 404 until there is something to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spored.step import Do, Said, Wish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spored.agent import Agent

NOTICES = {
    "spot/instance-action": (Do.RUN_HOOK, Do.WITHDRAW),
    "events/recommendations/rebalance": (),
}


class Duty:
    """Looks for both at each tick; what is new is said aloud and acted on, once."""

    def __init__(self, agent: Agent, _words: Mapping[str, str]) -> None:
        self._agent = agent
        self._seen: dict[str, str | None] = {}

    def wishes(self) -> Sequence[Wish]:
        """Want nothing: AWS ends the machine itself."""
        for path, deeds in NOTICES.items():
            try:
                notice = self._agent.metadata.get(path)
            except (OSError, ValueError):
                return ()
            if notice and notice != self._seen.get(path):
                for deed in deeds if path not in self._seen else ():
                    self._agent.act(deed)
                self._agent.say(Said("spot", f"{path} {notice[:80]}", aloud=True))
                self._seen[path] = notice
        return ()

    def act(self, deed: Do) -> None:
        """Do nothing: it is this duty that has deeds done."""
