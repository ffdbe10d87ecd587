"""The agent: looks, decides by `step`, does it, says it; again every few seconds.

The end date needs nothing of what else is here: a duty that fails is noted, and the others go on.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

from spored.children import Children
from spored.clock import Clock
from spored.instants import format_instant, parse_instant
from spored.metadata import Metadata
from spored.orders import EXPIRES_AT, HOLD, Orders, order_id
from spored.power import END_PROCESSES, POWER_OFF, force_off, stay_in_memory
from spored.step import Do, Memory, Said, Seen, State, step
from spored.voice import console, read

ORDERS = "/opt/spored/orders.json"
# What /run holds is gone with the boot, and so is what an end that was under way had come to.
NOW, KEPT = "/run/spored/state.json", "/var/lib/spored/state.json"
STATUS = "/run/spored/status"
LOG, LARGEST_LOG_BYTES = "/var/log/spored.log", 1_000_000
KEY = "/run/spored/key"
ASK_FOR_KEY = f"ssh-keygen -lf /etc/ssh/*ed25519*.pub >{KEY}"
TICK_SECONDS, ORDERS_SECONDS, HEARTBEAT_SECONDS = 5, 20, 60
# While something is awaited that was begun, or the end date is about to come.
SHORT_TICK_SECONDS = 0.5
# What a boot may take until the network is up; until then no end date is believed to have passed.
BOOT_SECONDS = 60


class Agent:
    """What the agent is made of; `told` is what user-data says."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told
        self.limits: Mapping[str, float] = told["limits"]
        self.children, self.metadata, self.clock = Children(), Metadata(), Clock()
        self.heard, self.now, self.beats, self.lines = False, 0.0, 0, ""
        self.asked_at = self.beat_at = 0.0
        self.notes: dict[str, str] = {}
        tags = told["tags"]
        self.memory = Memory(Orders(parse_instant(tags[EXPIRES_AT]), HOLD in tags, 0, tags))
        self.guarded(self.remember)
        self.duties = [
            import_module(f"spored.{name}").Duty(self, words)
            for name, words in told["duties"].items()
        ]

    def remember(self) -> None:
        """Take up what was kept."""
        text = read(NOW) or read(KEPT)
        if text:
            kept = json.loads(text)
            orders, state = Orders(**kept.pop("orders")), State(kept.pop("state"))
            self.clock = Clock(**kept.pop("clock"))
            self.memory = Memory(orders, state, **kept)

    def tick(self) -> float:
        """Look, decide and act once; return after how many seconds to do so again."""
        self.children.reap()
        boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        tags = self.read_tags(boot) if boot >= self.asked_at + ORDERS_SECONDS else None
        self.now = self.clock.now(time.time(), boot)
        state = self.memory.state
        code = self.children.codes.get(state)
        seen = Seen(
            boot,
            self.now,
            tags,
            may_be_due=self.heard or boot >= BOOT_SECONDS,
            wishes=[wish for duty in self.duties for wish in self.guarded(duty.wishes) or ()],
            is_over=bool(code) or (code == 0 and state is State.PREPARING),
        )
        self.memory, deeds, said = step(self.limits, seen, self.memory)
        for deed in deeds:
            self.act(deed)
        for one in said:
            self.say(one)
        if said or boot >= self.beat_at + HEARTBEAT_SECONDS:
            self.beat_at = boot
            self.beat()
        if (
            self.memory.state is State.WATCHING
            and self.memory.orders.until > self.now + TICK_SECONDS
        ):
            return TICK_SECONDS
        return SHORT_TICK_SECONDS

    def read_tags(self, boot: float) -> Mapping[str, str] | None:
        """Return the tags that are orders, None where they can't be read."""
        self.asked_at = boot
        try:
            self.metadata.renew()
            names = self.metadata.get("tags/instance")
            wanted = {HOLD, *self.told["tags"]} & {*(names or "").split()}
            tags = {name: self.metadata.get(f"tags/instance/{name}") or "" for name in wanted}
        except (OSError, ValueError):
            return None
        self.heard = True
        self.clock = Clock(self.metadata.date - boot, self.metadata.date)
        return None if names is None else tags

    def guarded(self, duty: Callable[..., Any], *words: object) -> Any:  # noqa: ANN401
        """Do what a duty does; its failure is noted, and keeps nothing else from being done."""
        try:
            return duty(*words)
        except Exception as error:  # noqa: BLE001  the border round each duty
            self.say(Said("failed", f"{duty.__qualname__}: {error!r}"))
            return None

    def act(self, deed: Do) -> None:
        """Do it, and have the duties do what is theirs of it."""
        if deed is Do.END_PROCESSES:
            self.children.run(State.STOPPING, 10, END_PROCESSES)
        if deed is Do.POWER_OFF:
            self.children.run(State.POWERING_OFF, 600, POWER_OFF)
        if deed is Do.FORCE:
            force_off()
        for duty in self.duties:
            self.guarded(duty.act, deed)

    def say(self, said: Said) -> None:
        """Say it on the console and in the log; aloud also to whoever is logged in."""
        words = f"{said.event}: {said.words}"
        console(words)
        if said.aloud:
            self.children.run("wall", 10, 'wall "$1"', f"spored: {words}")
        self.lines += json.dumps({"time": format_instant(self.now), **asdict(said)}) + "\n"

    def beat(self) -> None:
        """Tell on the console that we live, and until when; keep what has to be kept."""
        self.beats += 1
        memory, clock = self.memory, self.clock
        orders, notes, lines = memory.orders, json.dumps(self.notes), self.lines
        line = (
            f"{self.beats} {format_instant(self.now)} {memory.state.value}"
            f" until {format_instant(orders.until)} order {order_id(orders.tags)} {read(KEY)[4:54]}"
        )
        console(line)
        self.guarded(replace_file, STATUS, f"{line}\n{notes}\n")
        self.guarded(replace_file, NOW, written(memory, clock))
        later = written(Memory(orders), Clock(None, clock.trusted))
        if self.children.start("disk", lambda: keep(later, lines)):
            self.lines = ""
        if not read(KEY):
            self.children.run("key", 10, ASK_FOR_KEY)


def written(memory: Memory, clock: Clock) -> str:
    """Write down what is remembered."""
    return json.dumps({**asdict(memory), "clock": asdict(clock)}) + "\n"


def keep(state: str, lines: str) -> None:
    """Write to disk what shall outlive this boot, and the log; the journal has the log as well."""
    replace_file(KEPT, state)
    with open(LOG, "a") as file:
        if file.tell() < LARGEST_LOG_BYTES:
            file.write(lines)
    os.write(1, lines.encode())


def replace_file(path: str, text: str) -> None:
    """Write a file whole: whoever reads it sees the old one or the new one."""
    with open(f"{path}.new", "w") as file:
        file.write(text)
    os.replace(f"{path}.new", path)


def main(_words: Sequence[str]) -> None:
    """Be the agent, until the machine ends."""
    stay_in_memory()
    agent = Agent(json.loads(read(ORDERS)))
    while True:
        time.sleep(agent.tick())
