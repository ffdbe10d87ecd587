"""/proc/stat of an instance: sums over processes that never go back, and add up to the time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spawn.local.plane.processor_time import Load, added, load_of, render

COUNTS = st.integers(0, 10**12)


def stat(name: str, state: str, *times: int) -> bytes:
    """The text of /proc/PID/stat, cut off behind what is read of it."""
    fields = f"7 ({name}) {state} 1 7 7 0 -1 4194304 100 0 0 0 {' '.join(map(str, times))} 20 0 1 0"
    return fields.encode()


def shown(text: bytes) -> dict[str, list[int]]:
    """The file's lines as programs read them."""
    lines = [line.split() for line in text.decode().splitlines()]
    return {name: [int(number) for number in numbers] for name, *numbers in lines}


def rendered(load: Load, idle: int = 1000, processors: int = 3) -> bytes:
    return render(load, idle=idle, processors=processors, boot_time="1769500000")


def test_a_process_counts_with_the_children_it_waited_for() -> None:
    """Own and children's time, user and system apart; a name can't shift the fields."""
    load = load_of([stat("x) R 9 9", "S", 5, 7, 11, 13), stat("yes", "R", 1, 2, 0, 0)])
    assert load == Load(user=17, system=22, running=1, newest=7)
    assert load_of([stat("dd", "D", 0, 0, 0, 0)]).blocked == 1


def test_a_sum_that_shrinks_takes_nothing_back() -> None:
    """Time that got lost with a process stays counted, and later time comes on top."""
    total = seen = Load(user=100, system=10, newest=9)
    for user, expected in ((40, 100), (45, 105), (200, 260)):
        now = Load(user=user, system=10, newest=5)
        total, seen = added(total, seen, now), now
        assert (total.user, total.system, total.newest) == (expected, 10, 9)


@given(COUNTS, COUNTS, COUNTS, st.integers(1, 200))
def test_the_processors_add_up(user: int, system: int, idle: int, processors: int) -> None:
    """The lines of the processors sum up to the first."""
    lines = shown(rendered(Load(user=user, system=system), idle, processors))
    each = [lines[f"cpu{n}"] for n in range(processors)]
    assert [sum(column) for column in zip(*each, strict=True)] == lines["cpu"]
    assert lines["cpu"] == [user, 0, system, idle, 0, 0, 0, 0, 0, 0]


@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=2))
def test_every_line_keeps_its_length(loads: list[tuple[int, int]]) -> None:
    """A reader that comes in pieces finds each line where it was."""
    texts = [rendered(Load(user=user, system=system)) for user, system in loads]
    lengths = [[len(line) for line in text.splitlines()] for text in texts]
    assert all(one == other for one, other in pairwise(lengths))


def test_what_programs_look_for_is_there() -> None:
    """Every line of proc_stat(5) that top, vmstat and psutil read."""
    lines = shown(rendered(Load(running=1, newest=42)))
    assert (lines["btime"], lines["processes"]) == ([1769500000], [42])
    assert {"intr", "ctxt", "procs_running", "procs_blocked", "softirq"} <= set(lines)
