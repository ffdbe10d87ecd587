"""A machine on which the agent's step runs: time passes, and something is seen at each look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from spored.instants import format_instant
from spored.orders import EXPIRES_AT, HOLD, Orders
from spored.step import Do, Memory, Said, Seen, State, Wish, step

DAY = 86_400.0
# Tuesday, 27 January 2026, noon; the machine has been on for a day by then.
START = 1_769_515_200.0
BOOT = DAY
LIMITS = {"longest": 30 * DAY, "pre_stop": 0.0}


def tags_until(until: float, *, hold: bool = False, **others: str) -> dict[str, str]:
    """Return the tags that order an end date, and what else is said."""
    tags = {EXPIRES_AT: format_instant(until)} | others
    return tags | ({HOLD: "case-1"} if hold else {})


def fresh(until: float) -> Memory:
    """Return what the agent of a new machine remembers."""
    return Memory(Orders(until, hold=False, not_before=0, tags=tags_until(until)))


@dataclass
class Machine:
    """A machine, what its agent did, when, and what it said. `passed` is in seconds."""

    memory: Memory
    limits: Mapping[str, float] = field(default_factory=lambda: dict(LIMITS))
    passed: float = 0.0
    deeds: list[tuple[float, Do]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    @property
    def now(self) -> float:
        """The true time."""
        return START + self.passed

    @property
    def state(self) -> State:
        """Where the machine is on the way to its end."""
        return self.memory.state

    def look(
        self,
        seconds: float = 0,
        *,
        tags: Mapping[str, str] | None = None,
        wishes: Iterable[Wish] = (),
        is_over: bool = False,
        may_be_due: bool = True,
    ) -> Machine:
        """Let so much time pass, and the agent look and decide once."""
        self.passed += seconds
        seen = Seen(
            boot=BOOT + self.passed,
            now=self.now,
            tags=tags,
            wishes=tuple(wishes),
            is_over=is_over,
            may_be_due=may_be_due,
        )
        self.memory, deeds, said = step(self.limits, seen, self.memory)
        self.deeds += [(self.passed, deed) for deed in deeds]
        self.said += said
        return self

    def looks(self, seconds: float, *, every: float = 5.0) -> Machine:
        """Let time pass in which nothing is seen, with a look every few seconds."""
        for _ in range(int(seconds / every)):
            self.look(every)
        return self

    def did(self, deed: Do) -> list[float]:
        """Return after how many seconds it did that."""
        return [passed for passed, done in self.deeds if done is deed]

    def restarted(self) -> Machine:
        """Return the machine as it is after its agent was killed, and started again."""
        return replace(self)


def machine(lives: float, **limits: float) -> Machine:
    """Return a machine whose end date is so many seconds away."""
    return Machine(fresh(START + lives), limits=LIMITS | limits)
