"""An agent as its duties see it, and an AWS as their calls do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from spored import agent
from spored.orders import Orders
from spored.step import Memory, Said, State


@dataclass
class FakeMetadata:
    """Answers what it is told to; silent, it raises as the service does where it is off."""

    values: dict[str, str] = field(default_factory=dict)
    is_silent: bool = False

    def get(self, path: str) -> str | None:
        """Return what stands at a path."""
        if self.is_silent:
            raise OSError(401)
        return self.values.get(path)


@dataclass
class FakeChildren:
    """Takes note of what would be started; `end` ends it."""

    begun: list[tuple[str, ...]] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    codes: dict[str, int] = field(default_factory=dict)

    def run(self, name: str, seconds: float, command: str, *words: str) -> bool:
        """Begin it, unless one of that name runs."""
        assert 0 < seconds <= 60
        assert command.startswith(f"exec spored calling {name} ")
        if name in self.running:
            return False
        self.running.add(name)
        self.begun.append(words)
        return True

    def end(self, name: str, code: int = 0) -> None:
        """End it with an exit code."""
        self.running.remove(name)
        self.codes[name] = code


@dataclass
class FakeAgent:
    """What duties use of the agent."""

    metadata: FakeMetadata = field(default_factory=FakeMetadata)
    children: FakeChildren = field(default_factory=FakeChildren)
    memory: Memory = field(
        default_factory=lambda: Memory(Orders(0, hold=False, not_before=0, tags={}))
    )
    said: list[Said] = field(default_factory=list)
    now: float = 1_769_515_200.0

    def say(self, said: Said) -> None:
        """Take note of it."""
        self.said.append(said)

    def turn(self, state: State, means: str = "") -> None:
        """Come into a state."""
        self.memory = Memory(self.memory.orders, state, means=means)

    @property
    def as_agent(self) -> agent.Agent:
        """The same, as duties take it."""
        return cast("agent.Agent", self)


@dataclass
class FakeService:
    """One of AWS's services: keeps what it is asked, and refuses as often as it is told to."""

    asked: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    refusals: list[OSError] = field(default_factory=list)

    def call(
        self, request: str = "POST /", body: bytes = b"", headers: dict[str, str] | None = None
    ) -> bytes:
        """Answer as `spored.calling.call` does, once its service is given."""
        self.asked.append((request, body, headers or {}))
        if self.refusals:
            raise self.refusals.pop(0)
        return b""
