"""The pre-stop hook: the person's own command, as root, before the machine ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spored.step import Do, Said, State, Wish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spored.agent import Agent

# With systemd it is a unit of its own, outside of what ours may do. $1 is the command, $2 its
# time in seconds; it may ask its environment why it runs.
RUN = """export SPAWN_WHY="$3"
[ -d /run/systemd/system ] || exec sh -c "$1"
exec systemd-run -q --wait --collect -E SPAWN_WHY -p RuntimeMaxSec="$2" sh -c "$1"
"""


class Duty:
    """Runs the command of `words`, for as long as the orders give it."""

    def __init__(self, agent: Agent, words: Mapping[str, str]) -> None:
        self._agent, self._command = agent, words["command"]

    def wishes(self) -> Sequence[Wish]:
        """Want nothing."""
        return ()

    def act(self, deed: Do) -> None:
        """Run it when its time is, and say how it ended when that is over."""
        children, memory = self._agent.children, self._agent.memory
        seconds = self._agent.limits["pre_stop"]
        if deed is Do.RUN_HOOK:
            children.run(
                State.PREPARING, seconds, RUN, self._command, f"{seconds}", memory.why or "spot"
            )
        if deed in (Do.ASK, Do.END_PROCESSES):
            code = children.codes.get(State.PREPARING, "none: its time is up")
            self._agent.say(Said("hook", f"exit code {code}"))
