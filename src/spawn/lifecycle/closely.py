"""The caller's own instances, looked at more closely than a listing does, all at once.

What a listing lacks is when a schedule fires and what it does, and what the agent says. Both are
asked of the caller's own instances alone, of so many at the most, and only where there are any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.lifecycle.backstop import Behind, judge_backstop
from spawn.lifecycle.backstop_facts import ask_behind
from spawn.lifecycle.heard import NOT_ASKED, Heard
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.listening import ask_agents, may_be_heard
from spawn.lifecycle.mend import MOST_LOOKED_AT


@dataclass(frozen=True, kw_only=True)
class Closely:
    """What was seen of them, by their ids."""

    behind: Mapping[str, Behind] = field(default_factory=dict)
    agents: Mapping[str, Heard] = field(default_factory=dict)

    def added_to(
        self, rows: Iterable[ListedInstance], *, now: datetime
    ) -> tuple[ListedInstance, ...]:
        """Return the rows with what was seen of them."""
        return tuple(self._added(row, now) for row in rows)

    def _added(self, row: ListedInstance, now: datetime) -> ListedInstance:
        seen = self.behind.get(row.id)
        state = row.backstop if seen is None else judge_backstop(seen, row, now=now).state
        agent = self.agents.get(row.id, NOT_ASKED)
        return msgspec.structs.replace(row, backstop=state, agent=agent)


def look_closely(
    asker: Asker, rows: Iterable[ListedInstance], *, caller: Identity, now: datetime
) -> Closely:
    """Look at the caller's own among the rows, the first ones in their order; raises nothing."""
    own = [row for row in rows if row.is_mine]
    living = [row for row in own if not row.has_ended][:MOST_LOOKED_AT]
    behind = ask_behind(asker, living, caller=caller)
    audible = [row for row in own if may_be_heard(row)]
    audible.sort(key=lambda row: row.state != "running")
    agents = ask_agents(asker, audible[:MOST_LOOKED_AT], now=now)
    return Closely(behind=behind(), agents=agents())
