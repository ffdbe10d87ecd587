"""An instance sees in /proc/stat what it does itself, whatever else the machine does."""

import os

import pytest

from spawn.local.world import Instance
from tests.e2e.plane.harness import Plane, wait_for
from tests.e2e.plane.worlds import instance

pytestmark = pytest.mark.e2e

MEASURED_SECONDS = 3


def _idle_share(plane: Plane, box: Instance) -> float:
    """The idle part of the time between two looks, as a person's script would work it out."""
    words = f"head -1 /proc/stat; sleep {MEASURED_SECONDS}; head -1 /proc/stat"
    first, second = plane.ssh(box, words).output.splitlines()
    before, after = ([int(word) for word in line.split()[1:]] for line in (first, second))
    passed = [late - early for early, late in zip(before, after, strict=True)]
    assert min(passed) >= 0
    whole = MEASURED_SECONDS * os.sysconf("SC_CLK_TCK") * (os.cpu_count() or 1)
    assert sum(passed) == pytest.approx(whole, rel=0.5)  # a second early, a second late
    return passed[3] / sum(passed)


def test_work_shows_on_the_instance_that_does_it(plane: Plane) -> None:
    """A busy loop makes its own instance busy and leaves the neighbour idle; then all is quiet."""
    busy = instance(5, public_keys=(plane.public_key,))
    idle = instance(6, public_keys=(plane.public_key,))
    plane.boot(busy, idle)
    plane.ssh(busy, "for n in 1 2; do setsid yes > /dev/null 2>&1 < /dev/null & done")
    wait_for(lambda: _idle_share(plane, busy) < 0.85, "the busy instance to show it")
    # Its own login may still show, for a second.
    wait_for(lambda: _idle_share(plane, idle) > 0.9, "the neighbour to be idle")
    plane.ssh(busy, "pkill yes")
    wait_for(lambda: _idle_share(plane, busy) > 0.9, "it to be idle again")


def test_the_time_of_what_has_ended_stays_counted(plane: Plane) -> None:
    """A process that nobody of its own waits for hands its time on, and none goes back."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    plane.ssh(box, "(timeout 1 sh -c 'while :; do :; done' &) ; sleep 1.5")
    used = "awk '/^cpu / {print $2 + $4}' /proc/stat"
    wait_for(lambda: float(plane.ssh(box, used).output) >= 20, "its time to be counted")


def test_programs_can_read_it(plane: Plane) -> None:
    """top and vmstat show an instance as they show any machine."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    for command in ("top -b -n 1", "vmstat 1 2", "uptime", "ps -eo pid,time,lstart,args"):
        answer = plane.ssh(box, command)
        assert (answer.code, answer.errors) == (0, ""), command
