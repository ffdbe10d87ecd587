"""Small builders of what the tests of this room are about."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NoReturn

import asyncssh

from spawn.aws.ec2 import Instance, InstanceState
from spawn.aws.operation import Answer, Operation
from spawn.connect.machine import Cloud, Machine
from spawn.connect.patience import Patience
from spawn.connect.programs import Completed, Programs
from spawn.connect.publickey import PublicKey, parse_public_key
from spawn.core.errors import AwsRefusal

INSTANCE_ID = "i-0123456789abcdef0"
REGION = "eu-central-1"
LAUNCHED = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)


def public_key(kind: str = "ssh-ed25519") -> PublicKey:
    """Make a fresh key and return its public half."""
    return parse_public_key(asyncssh.generate_private_key(kind).export_public_key().decode())


def console_text(*keys: PublicKey, prefix: str = "", end: str = "\r\n") -> str:
    """Write a console as cloud-init does, with a line of something else before and after."""
    lines = [
        "[    4.2] systemd[1]: Started OpenSSH server.",
        "#############################################################",
        "-----BEGIN SSH HOST KEY FINGERPRINTS-----",
        *(f"256 {key.fingerprint} root@ip-10-0-0-9 (ED25519)" for key in keys),
        "-----END SSH HOST KEY FINGERPRINTS-----",
        "-----BEGIN SSH HOST KEY KEYS-----",
        *(f"{key.line} root@ip-10-0-0-9" for key in keys),
        "-----END SSH HOST KEY KEYS-----",
        "ip-10-0-0-9 login: ",
    ]
    return "".join(f"{prefix}{line}{end}" for line in lines)


def instance(**changed: Any) -> Instance:
    """Return a running instance with a public address, but for what is changed."""
    usual: dict[str, Any] = {
        "instance_id": INSTANCE_ID,
        "launch_time": LAUNCHED,
        "state": InstanceState(name="running"),
        "public_ip_address": "198.51.100.7",
        "private_ip_address": "10.0.0.7",
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
    }
    return Instance(**{**usual, **changed})


def machine(place: Path, programs: Programs, **changed: Any) -> Machine:
    """Return a machine that keeps its things in a directory, but for what is changed."""
    usual: dict[str, Any] = {
        "state_directory": place / "state",
        "ssh_directory": place / "ssh",
        "programs": programs,
        "aws_programs": programs,
        "own_command": ("/opt/spawn/bin/spawn",),
        "now": lambda: LAUNCHED,
        "randomness": bytes,
    }
    return Machine(**{**usual, **changed})


@dataclass
class FakeTime:
    """A clock that only sleeping moves; `slept` is how long each sleep was."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def patience(self, limit_seconds: float) -> Patience:
        """Return a patience that lives in this time."""
        return Patience(limit_seconds=limit_seconds, clock=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class ScriptedReader:
    """Answers each question by a function of its parameters, and remembers what was asked."""

    answer: Callable[[Operation, Mapping[str, Any]], Answer | AwsRefusal]
    asked: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)

    def ask(self, operation: Operation, parameters: dict[str, Any], *, region: str) -> Answer:
        """Answer as scripted; a refusal is raised."""
        self.asked.append((operation.key, parameters, region))
        answer = self.answer(operation, parameters)
        if isinstance(answer, AwsRefusal):
            raise answer
        return answer


@dataclass
class ScriptedWriter(ScriptedReader):
    """Is told things, too: `told` holds them, and each is answered like a question."""

    told: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)

    def do(self, operation: Operation, parameters: dict[str, Any], *, region: str) -> Answer:
        """Answer as scripted; a refusal is raised."""
        self.told.append((operation.key, parameters, region))
        answer = self.answer(operation, parameters)
        if isinstance(answer, AwsRefusal):
            raise answer
        return answer


def cloud(scripted: ScriptedWriter, *, callers: tuple[str, ...] = (), **changed: Any) -> Cloud:
    """Return an AWS that answers as scripted, and sees the caller with these addresses."""
    usual: dict[str, Any] = {
        "reader": scripted,
        "writer": scripted,
        "region": REGION,
        "caller_addresses": lambda: callers,
    }
    return Cloud(**{**usual, **changed})


@dataclass
class ScriptedPrograms:
    """Ends each program as scripted: its exit code, what it wrote, and what it logged with -E.

    The last of the endings is repeated. `started` holds the words, `stdin` what each was given.
    """

    endings: Sequence[tuple[Completed, str]]
    started: list[tuple[str, ...]] = field(default_factory=list)
    stdin: list[bytes | None] = field(default_factory=list)
    timeouts: list[float | None] = field(default_factory=list)

    def run(
        self, words: Sequence[str], *, stdin: bytes = b"", timeout_seconds: float | None = None
    ) -> Completed:
        """End as scripted."""
        self.timeouts.append(timeout_seconds)
        return self._end(words, stdin)

    def attach(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str] = MappingProxyType({}),
        left_to_it: tuple[signal.Signals, ...] = (),
        errors: Path | None = None,
    ) -> int:
        """End as scripted, without what it wrote."""
        return self._end(words, None).returncode

    def stream(
        self,
        words: Sequence[str],
        exchange: Callable[[IO[bytes], IO[bytes]], None],
        *,
        errors: Path,
    ) -> int:
        """End as scripted; nothing is exchanged."""
        return self._end(words, None).returncode

    def replace(
        self, words: Sequence[str], *, environment: Mapping[str, str] = MappingProxyType({})
    ) -> NoReturn:
        """Refuse: a test goes on after it."""
        raise AssertionError(f"a test became {words[0]}")

    def _end(self, words: Sequence[str], stdin: bytes | None) -> Completed:
        ended, log = self.endings[min(len(self.started), len(self.endings) - 1)]
        self.started.append(tuple(words))
        self.stdin.append(stdin)
        Path(words[words.index("-E") + 1]).write_text(log, encoding="utf-8")
        return ended
