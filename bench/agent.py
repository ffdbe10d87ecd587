"""What the agent weighs: in user-data, in memory, in processor time, in questions to metadata."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.timing import Ratio
from spawn.core.instants import format_instant
from spawn.core.tags import Tag
from spawn.launch.agent import agent_boothook, read_agent_source
from spawn.launch.bootstrap import BASE, boothook
from tests.tools.programs import Program

KIB = 1024
MINUTES = 10
# All that looks at the machine again and again, but for the probe of a GPU.
DUTIES = (
    *("--spot", "--idle-timeout", "1h", "--on-complete", "terminate", "--pre-stop", "true"),
    *("--active-processes", "nothing", "--active-ports", "8888"),
)
# Of the agent: resident memory in KiB, processor time in ticks; connections that were opened.
QUESTION = """
pid=$(pgrep -f '/opt/[s]pored agent')
sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$pid/status
sed 's/.*) //' /proc/$pid/stat | cut -d' ' -f12-15
getconf CLK_TCK
sed -n 's/^Tcp: [0-9]* [0-9]* [0-9]* [0-9-]* \\([0-9]*\\) .*/\\1/p' /proc/net/snmp
"""


def sizes() -> Iterator[Ratio]:
    """Yield what of user-data's sixteen KiB is the agent's."""
    now = datetime.now(UTC)
    tags = {Tag.EXPIRES_AT.value: format_instant(now + timedelta(hours=8))}
    source = read_agent_source()
    base = agent_boothook(source, tags, now=now, expires_at=now + timedelta(hours=8))
    orders = {"limits": {}, "tags": tags, "duties": {}}
    yield _size("bootstrap and base", base, 6)
    yield _size("all of the agent", boothook(source, orders), 12)
    assert source.keys() > {*BASE}


def _size(what: str, text: bytes, kib: float) -> Ratio:
    packed = len(gzip.compress(text, mtime=0))
    return Ratio(claim=f"{what}, gzipped, in KiB", measured=packed / KIB, target=kib)


@dataclass(frozen=True)
class Use:
    """What the agent has used so far; `at` is by the clock of whoever looks."""

    at: float
    memory_kib: int
    cpu_seconds: float
    connections: int


class Agent:
    """The agent of an instance on the embedded cloud where nothing happens, but for its duties."""

    def __init__(self, spawn: Program) -> None:
        self._spawn = spawn
        launched = spawn("launch", "--ttl", "1h", *DUTIES, "-o", "json").document()
        self._id = str(launched["id"])
        self._before = self._use()

    def footprint(self) -> Iterator[Ratio]:
        """Wait until ten minutes have passed, and yield what it took in them."""
        time.sleep(max(0.0, self._before.at + MINUTES * 60 - time.monotonic()))
        before, after = self._before, self._use()
        seconds = after.at - before.at
        cpu = (after.cpu_seconds - before.cpu_seconds) / seconds
        # The second look is a login of its own, which opens nothing from inside.
        calls = (after.connections - before.connections) / seconds
        yield Ratio(claim="agent: resident MiB", measured=after.memory_kib / KIB, target=20)
        yield Ratio(claim="agent: percent of a processor", measured=cpu * 100, target=0.1)
        yield Ratio(claim="agent: metadata calls a second", measured=calls, target=1)
        self._spawn("cancel", self._id, "--yes")

    def _use(self) -> Use:
        words = ("connect", self._id, "--region", "us-east-1", "--", "sh", "-c", QUESTION)
        said = self._spawn(*words).stdout.split()
        memory, *ticks, hertz, connections = map(int, said)
        return Use(time.monotonic(), memory, sum(ticks) / hertz, connections)
