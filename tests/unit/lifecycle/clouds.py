"""An account in memory: answers reads, takes writes, notes both. For tests without a server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from spawn.aws.operation import Answer, Operation
from spawn.core.errors import AwsRefusal
from spawn.core.steps import Parameters
from tests.unit.lifecycle.builders import NOW

Reply = Mapping[str, Any] | AwsRefusal


@dataclass
class StandingClock:
    """A clock on which time passes only by sleeping."""

    seconds: float = NOW.timestamp()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        """Return the same in seconds."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


@dataclass
class Account:
    """Asks `reply` for every call's answer: it is given operation key, parameters, region."""

    reply: Callable[[str, Parameters, str], Reply]
    calls: list[tuple[str, Parameters, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Answer a read."""
        return self.do(operation, parameters, region=region)

    def do(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Answer any call."""
        with self.lock:
            self.calls.append((operation.key, parameters, region))
        answer = self.reply(operation.key, parameters, region)
        if isinstance(answer, AwsRefusal):
            raise answer
        return answer

    def called(self, key: str) -> list[Parameters]:
        """Return the parameters of each call of an operation."""
        return [parameters for name, parameters, _ in self.calls if name == key]
