"""Work on a GPU, as the driver's own program tells it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from spored.voice import read

if TYPE_CHECKING:
    from spored.agent import Agent

PROBE_SECONDS = 60
# A card that draws a desktop or is merely watched is in use for a few percent.
IDLE_PERCENT = 5
ASK = "nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits >/run/spored/gpu"


class Work:
    """The cards' use, probed each minute. A driver that can't be asked tells of no work."""

    def __init__(self, agent: Agent) -> None:
        self._agent, self._at = agent, 0.0

    def is_busy(self) -> bool:
        """Say whether a card was in use at the last probe."""
        if time.monotonic() >= self._at + PROBE_SECONDS:
            self._at = time.monotonic()
            self._agent.children.run("gpu", 30, ASK)
        use = [word for word in read("/run/spored/gpu").split() if word.isdigit()]
        return any(int(word) > IDLE_PERCENT for word in use)
