"""/proc/stat of an instance: its own use of the processors, where the machine's would stand.

Source: proc_stat(5), proc_pid_stat(5). A process that ends hands its time to the parent that
waits for it, and an orphan's goes to the first process: so the sum over all processes is what the
instance has used. Lines are padded to a length that never changes, so that whoever reads while
they are written anew finds whole ones.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

PATH = Path("/proc/stat")
REFRESHED_EVERY_SECONDS = 1.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_LINE_BYTES = 96  # room for the ten numbers of a processor
_STAT_LIMIT_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class Load:
    """What some processes have used, in ticks, and how many of them run or wait for a disk.

    `newest` is the greatest number of a process so far: about as many have been started.
    """

    user: int = 0
    system: int = 0
    running: int = 0
    blocked: int = 0
    newest: int = 0


def load_of(texts: Iterable[bytes]) -> Load:
    """The sum over processes, from the texts of their /proc/PID/stat."""
    user = system = running = blocked = newest = 0
    for text in texts:
        # The name in parentheses may hold anything.
        number, fields = int(text.split(b" ", 1)[0]), text.rpartition(b")")[2].split()
        newest = max(newest, number)
        running += fields[0] == b"R"
        blocked += fields[0] == b"D"
        user += int(fields[11]) + int(fields[13])  # its own, and that of children waited for
        system += int(fields[12]) + int(fields[14])
    return Load(user=user, system=system, running=running, blocked=blocked, newest=newest)


def added(total: Load, before: Load, now: Load) -> Load:
    """The total, grown by what was used since: a sum that shrank has lost some, and adds none."""
    return replace(
        now,
        user=total.user + max(0, now.user - before.user),
        system=total.system + max(0, now.system - before.system),
        newest=max(total.newest, now.newest),
    )


def render(load: Load, *, idle: int, processors: int, boot_time: str) -> bytes:
    """The file's text: load and idle ticks, spread over the processors."""
    spent = (load.user, load.system, idle)
    lines = [_processor("cpu ", *spent)]
    for number in range(processors):
        # Rounded so that the parts add up.
        part = [(ticks + number) // processors for ticks in spent]
        lines.append(_processor(f"cpu{number}", *part))
    lines += ["intr 0", "ctxt 0", f"btime {boot_time}", f"processes {load.newest}"]
    lines += [f"procs_running {load.running}", f"procs_blocked {load.blocked}"]
    lines += ["softirq 0 0 0 0 0 0 0 0 0 0 0"]
    return "".join(f"{line:<{_LINE_BYTES - 1}}\n" for line in lines).encode()


def _processor(name: str, user: int, system: int, idle: int) -> str:
    """Neither niced nor interrupted, nor kept waiting by a hypervisor."""
    return f"{name} {user} 0 {system} {idle} 0 0 0 0 0 0"


class ProcessorTime:
    """Keeps the file of the instance whose first process this is."""

    def __init__(self) -> None:
        self._file = os.open(PATH, os.O_RDWR | os.O_CLOEXEC)
        machine = PATH.read_text().splitlines()  # so far it is a copy of the machine's own
        self._processors = sum(line.startswith("cpu") for line in machine) - 1
        self._boot_time = next(line.split()[1] for line in machine if line.startswith("btime"))
        self._began = time.monotonic()
        self._total = self._seen = Load()
        self._idle = 0
        os.truncate(self._file, 0)
        self.refresh()

    def refresh(self) -> None:
        """Write the file anew. Raises OSError."""
        seen = load_of(_processes())
        if seen.user < self._seen.user or seen.system < self._seen.system:
            # One ended between the look at its parent and at itself; or its parent does not want
            # to know, and what it used is lost. The second look tells which.
            seen = load_of(_processes())
        self._total, self._seen = added(self._total, self._seen, seen), seen
        passed = int((time.monotonic() - self._began) * _TICKS_PER_SECOND) * self._processors
        # What is counted late must not take idle time back.
        self._idle = max(self._idle, passed - self._total.user - self._total.system)
        text = render(
            self._total,
            idle=self._idle,
            processors=self._processors,
            boot_time=self._boot_time,
        )
        os.pwrite(self._file, text, 0)


def _processes() -> Iterator[bytes]:
    """Each process's stat, parents before children as far as their numbers tell."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - a path for each would cost more than all else
        if name.isdigit():
            try:
                file = os.open(f"/proc/{name}/stat", os.O_RDONLY)
                try:
                    yield os.read(file, _STAT_LIMIT_BYTES)
                finally:
                    os.close(file)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
