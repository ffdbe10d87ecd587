"""Idleness: for so long nobody was logged in and nothing worked.

Processor time and traffic are what came between two looks. Logins are established connections to
sshd, sessions that logind knows and Session Manager's workers: a terminal left open is none.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from glob import glob
from importlib import import_module
from typing import TYPE_CHECKING, Any

from spored.ordering import Order
from spored.step import Do, Wish
from spored.voice import read

if TYPE_CHECKING:
    from spored.agent import Agent

SAMPLE_SECONDS = 10
# A look comes every few seconds; after a longer gap the machine slept, and wakes to be used.
GAP_SECONDS = 120
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_TICKS = os.sysconf("SC_CLK_TCK")


def parse_duration(text: str) -> float:
    """Read `90s`, `30m`, `1d12h` as seconds, more than none. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(text)
    days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def cpu_seconds(stat: str) -> float:
    """Return the processor time in use, of /proc/stat: not idle, nor waiting, nor stolen."""
    user, nice, system, _, _, irq, softirq = map(int, stat.split()[1:8])
    return (user + nice + system + irq + softirq) / _TICKS


def network_bytes(dev: str) -> int:
    """Return the bytes that came and went, of /proc/net/dev, over all but the loopback."""
    rows = [line.partition(":") for line in dev.splitlines() if ":" in line]
    counts = [numbers.split() for name, _, numbers in rows if name.strip() != "lo"]
    return sum(int(each[0]) + int(each[8]) for each in counts)


def established(tcp: str) -> set[int]:
    """Return the local ports of established connections, of /proc/net/tcp and tcp6."""
    rows = [line.split() for line in tcp.splitlines()]
    return {int(row[1][-4:], 16) for row in rows if row[3] == "01"}


def is_session(text: str) -> bool:
    """Say whether one of logind's files, of /run/systemd/sessions, is of somebody logged in."""
    return "CLASS=user" in text.split() and "STATE=closing" not in text.split()


class Duty:
    """Looks now and then, and counts how long nothing happened.

    `words`: how much of one processor in percent (`cpu`) and how many bytes a second (`network`)
    are nothing; `processes` and `ports` that are always something; what each ending that can be
    ordered means (`able`); modules that know of `more`.
    """

    def __init__(self, agent: Agent, words: Mapping[str, Any]) -> None:
        self._words = words
        self._timeout = Order(agent, "spawn:idle-timeout", parse_duration)
        self._means = Order(agent, "spawn:on-idle", words["able"].__getitem__)
        self._more = [import_module(f"spored.{name}").Work(agent) for name in words["more"]]
        self._at = self._busy_at = self._cpu = self._network = 0.0

    def wishes(self) -> Sequence[Wish]:
        """Want the end that is ordered once nothing happened for as long as is ordered."""
        timeout, means = self._timeout.now(), self._means.now()
        boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        if boot >= self._at + SAMPLE_SECONDS and self._is_busy(boot):
            self._busy_at = boot
        idle = boot - self._busy_at
        return [Wish(f"idle for {int(idle)} s", means)] if idle >= timeout else ()

    def act(self, deed: Do) -> None:
        """Do nothing."""

    def _is_busy(self, boot: float) -> bool:
        """Look once: say whether anything happened since the last look."""
        cpu, network = cpu_seconds(read("/proc/stat")), network_bytes(read("/proc/net/dev"))
        seconds, used, sent = boot - self._at, cpu - self._cpu, network - self._network
        self._at, self._cpu, self._network = boot, cpu, network
        ports = established(read("/proc/net/tcp") + read("/proc/net/tcp6"))
        return (
            seconds > GAP_SECONDS
            or used * 100 > self._words["cpu"] * seconds
            or sent > self._words["network"] * seconds
            or bool(ports & {*_ssh_ports(), *self._words["ports"]})
            or any(is_session(read(path)) for path in glob("/run/systemd/sessions/*[0-9]"))
            or _runs({"ssm-session-wor", *self._words["processes"]})
            or any(more.is_busy() for more in self._more)
        )


def _ssh_ports() -> set[int]:
    paths = ["/etc/ssh/sshd_config", *glob("/etc/ssh/sshd_config.d/*.conf")]
    found = re.findall(r"(?mi)^\s*port[\s=]+(\d+)", "".join(map(read, paths)))
    return {22, *map(int, found)}


def _runs(names: set[str]) -> bool:
    """Say whether a process of one of these names runs: its own, its program's or its script's."""
    for path in glob("/proc/[0-9]*/"):
        words = [os.path.basename(word) for word in read(f"{path}cmdline").split("\0")[:2]]
        if names & {read(f"{path}comm").strip(), *words}:
            return True
    return False
