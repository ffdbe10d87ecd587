"""An order that only one duty heeds, read from its tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spored.step import Said

if TYPE_CHECKING:
    from collections.abc import Callable

    from spored.agent import Agent


class Order:
    """What a tag orders. What can't be read is noted, and the last good order stands.

    `understand` raises KeyError or ValueError for what can't be followed.
    """

    def __init__(self, agent: Agent, key: str, understand: Callable[[str], object]) -> None:
        self._agent, self._key, self._understand = agent, key, understand
        self._text = agent.told["tags"][key]
        self._stands = understand(self._text)

    def now(self) -> Any:  # noqa: ANN401  whatever is ordered
        """Return what is ordered now."""
        text = self._agent.memory.orders.tags.get(self._key, "")
        if text != self._text:
            self._text = text
            try:
                self._stands = self._understand(text)
            except (KeyError, ValueError):
                self._agent.say(Said("refused", f"{self._key} can't be read: {ascii(text)[:40]}"))
        return self._stands
