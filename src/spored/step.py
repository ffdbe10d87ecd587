"""What the agent does next, decided in one pure step. No clock, no file and no network in here.

    (limits, observations, memory) -> (memory, deeds, words)

1. The tags that were read are followed (`orders.follow`).
2. Whoever is logged in is warned before the end date.
3. What was seen gives the state a cue, or none. State and cue name an entry of TRANSITIONS: the
   next state, and the deeds on the way. A pair that has none changes nothing.

House rules: doubt ends the machine, it never prolongs its life. Nothing that powers it off waits
for a program, a disk or a network without a limit. What is said is said after the deed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from spored.instants import format_instant
from spored.orders import Orders, follow, order_id

WARN_MINUTES = 15, 5, 1
ASK_AGAIN_SECONDS = 900


class State(str, Enum):
    """Where the machine is on the way to its end."""

    WATCHING = "watching"
    HELD = "held"
    PREPARING = "preparing"  # the pre-stop hook runs
    ASKING = "asking"  # EC2 was asked to stop or hibernate it
    STOPPING = "stopping"  # the user's processes were asked to end
    POWERING_OFF = "powering off"
    FORCING = "forcing"


class Cue(Enum):
    """What was seen that bears on a state."""

    HOLD = 1
    RELEASE = 2
    END = 3  # an end is wanted
    READY = 4  # what was begun with the state is over, or its time is up
    READY_TO_ASK = 5  # the same, and the disks are to be kept


class Do(Enum):
    """A deed."""

    RUN_HOOK = 1
    WITHDRAW = 2  # what others know of the machine: its name in DNS
    ASK = 3
    END_PROCESSES = 4
    POWER_OFF = 5
    FORCE = 6


TRANSITIONS: Mapping[tuple[State, Cue], tuple[State, tuple[Do, ...]]] = {
    (State.WATCHING, Cue.HOLD): (State.HELD, ()),
    (State.PREPARING, Cue.HOLD): (State.HELD, ()),
    (State.ASKING, Cue.HOLD): (State.HELD, ()),
    (State.STOPPING, Cue.HOLD): (State.HELD, ()),
    (State.HELD, Cue.RELEASE): (State.WATCHING, ()),
    (State.WATCHING, Cue.END): (State.PREPARING, (Do.RUN_HOOK, Do.WITHDRAW)),
    (State.PREPARING, Cue.READY_TO_ASK): (State.ASKING, (Do.ASK,)),
    (State.ASKING, Cue.READY_TO_ASK): (State.WATCHING, ()),
    (State.ASKING, Cue.END): (State.STOPPING, (Do.END_PROCESSES,)),
    (State.PREPARING, Cue.READY): (State.STOPPING, (Do.END_PROCESSES,)),
    (State.STOPPING, Cue.READY): (State.POWERING_OFF, (Do.POWER_OFF,)),
    (State.POWERING_OFF, Cue.READY): (State.FORCING, (Do.FORCE,)),
    (State.FORCING, Cue.READY): (State.FORCING, (Do.FORCE,)),
}
# How many seconds a state lasts at the most; PREPARING as long as the hook may run.
LASTS = {
    # EC2 User Guide, "Stop and start": a guest that doesn't follow is stopped by force in minutes.
    State.ASKING: 300.0,
    # What container runtimes give between SIGTERM and SIGKILL; systemd gives 90 s more.
    State.STOPPING: 10.0,
    # systemd gives a unit 90 s before it kills it; whoever is stuck longer is not waited for.
    State.POWERING_OFF: 120.0,
    State.FORCING: 10.0,
}


@dataclass(frozen=True)
class Wish:
    """An end that is wanted now, and why; `means` is "power off", "stop" or "hibernate"."""

    why: str
    means: str = "power off"


@dataclass(frozen=True)
class Seen:
    """What was looked at since the last step. Times are in seconds.

    boot        CLOCK_BOOTTIME, for lengths of time
    now         the trusted time since 1970
    tags        those of the instance that are orders, None where they were not read
    may_be_due  orders were read since the boot, or have been waited for long enough
    wishes      what other duties want
    is_over     what was begun with the state has ended, or was refused
    """

    boot: float
    now: float
    tags: Mapping[str, str] | None = None
    may_be_due: bool = True
    wishes: Sequence[Wish] = ()
    is_over: bool = False


@dataclass(frozen=True)
class Memory:
    """What is kept from step to step.

    since      when the state began, by CLOCK_BOOTTIME
    why        why the end that is under way came, "" for none; `means` is its
    warned     how many minutes before the end date was announced last
    ask_after  EC2 is not asked again before this, by CLOCK_BOOTTIME
    """

    orders: Orders
    state: State = State.WATCHING
    since: float = 0
    why: str = ""
    means: str = ""
    warned: int = 0
    ask_after: float = 0


@dataclass(frozen=True)
class Said:
    """Words for console and log, and where they are `aloud` for whoever is logged in."""

    event: str
    words: str
    aloud: bool = False


def step(
    limits: Mapping[str, float], seen: Seen, memory: Memory
) -> tuple[Memory, tuple[Do, ...], list[Said]]:
    """Decide: see the top of this file.

    `limits` are what user-data says and no tag can change, in seconds: how far ahead an end date
    may lie (`longest`), and how long the pre-stop hook may take (`pre_stop`).
    """
    said: list[Said] = []
    memory = _follow(limits, seen, memory, said)
    memory = _warn(seen, memory, said)
    memory, deeds = _move(limits, seen, memory, said)
    return memory, deeds, said


def _follow(limits: Mapping[str, float], seen: Seen, memory: Memory, said: list[Said]) -> Memory:
    before = memory.orders
    if seen.tags is None or seen.tags == before.tags:
        return memory
    orders, complaint = follow(before, seen.tags, seen.now, limits["longest"])
    words = f"{order_id(orders.tags)} until {format_instant(orders.until)}"
    said.append(Said("order", words, orders.until < before.until))
    if complaint:
        said.append(Said("refused", complaint))
    return replace(memory, orders=orders)


def _warn(seen: Seen, memory: Memory, said: list[Said]) -> Memory:
    left = memory.orders.until - seen.now
    due = min([minutes for minutes in WARN_MINUTES if 0 < left <= minutes * 60], default=0)
    if due and due != memory.warned and memory.state is State.WATCHING:
        words = f"powers off within {due} min"
        said.append(Said("warning", words, aloud=True))
    return replace(memory, warned=due)


def _move(
    limits: Mapping[str, float], seen: Seen, memory: Memory, said: list[Said]
) -> tuple[Memory, tuple[Do, ...]]:
    wish = _wish(seen, memory)
    if wish:
        memory = replace(memory, why=wish.why, means=wish.means)
    cue = _cue(limits, seen, memory)
    if (memory.state, cue) not in TRANSITIONS:
        return memory, ()
    state, deeds = TRANSITIONS[memory.state, cue]  # type: ignore[index]
    said.append(Said(state.value, f"{memory.means} {memory.why}", aloud=True))
    if state is State.WATCHING:
        memory = replace(memory, why="", means="", ask_after=seen.boot + ASK_AGAIN_SECONDS)
    return replace(memory, state=state, since=seen.boot), deeds


def _wish(seen: Seen, memory: Memory) -> Wish | None:
    """Return the end that is wanted from now on, None for the one under way or none at all."""
    orders = memory.orders
    if seen.may_be_due and orders.until <= seen.now and memory.means != Wish.means:
        return Wish("its end date has come")
    if orders.not_before <= seen.now and not memory.why:
        for wish in seen.wishes:
            if wish.means == Wish.means or memory.ask_after <= seen.boot:
                return wish
    return None


def _cue(limits: Mapping[str, float], seen: Seen, memory: Memory) -> Cue | None:
    state, asks = memory.state, memory.means != Wish.means
    if memory.orders.hold:
        return Cue.HOLD
    if state is State.HELD:
        return Cue.RELEASE
    if state is State.WATCHING or (state is State.ASKING and not asks):
        return Cue.END if memory.why else None
    if not seen.is_over and seen.boot - memory.since < LASTS.get(state, limits["pre_stop"]):
        return None
    return Cue.READY_TO_ASK if asks else Cue.READY
