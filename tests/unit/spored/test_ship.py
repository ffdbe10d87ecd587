"""Each line of the agent's log reaches CloudWatch Logs once, in batches that it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spored.calling import Refused
from spored.ship import job, unsent
from tests.unit.spored.agents import FakeService

NOW_MS = 1_769_515_200_000
NO_STREAM = '{"__type":"ResourceNotFoundException","message":"no such stream"}'
THERE = '{"__type":"ResourceAlreadyExistsException","message":"it exists"}'
DENIED = '{"__type":"AccessDeniedException","Message":"User: a is not authorized"}'


def line(number: int, time: str = "2026-01-27T12:00:00Z") -> str:
    """Return a line of the log."""
    return json.dumps({"time": time, "event": "order", "words": f"{number}", "aloud": False}) + "\n"


class Machine:
    """A log, what is remembered of it, and the service."""

    def __init__(self, directory: Path) -> None:
        self.log, self.memory = directory / "spored.log", directory / "sent"
        self.service = FakeService()

    def write(self, *lines: str) -> None:
        """Add lines to the log."""
        with self.log.open("a") as file:
            file.writelines(lines)

    def ship(self) -> str:
        """Send what is new."""
        paths = {"log": str(self.log), "memory": str(self.memory)}
        return job(self.service.call, "i-1", "/spawn/spored", f"{NOW_MS}", **paths)

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """What was asked: the action, and its parameters."""
        return [
            (headers["x-amz-target"].partition(".")[2], json.loads(body))
            for _, body, headers in self.service.asked
        ]

    @property
    def messages(self) -> list[str]:
        """The lines that were put, those of refused calls among them."""
        return [
            one["message"]
            for action, asked in self.calls
            if action == "PutLogEvents"
            for one in asked["logEvents"]
        ]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that has sent nothing yet."""
    return Machine(tmp_path)


def test_lines_are_sent_once(machine: Machine) -> None:
    """What came since the last time is sent, and nothing again."""
    machine.write(line(1), line(2))
    assert machine.ship() == "ship: to /spawn/spored"
    machine.write(line(3))
    machine.ship()
    machine.ship()
    assert machine.messages == [line(number).strip() for number in (1, 2, 3)]
    (_, asked), _ = machine.calls
    assert asked["logGroupName"] == "/spawn/spored"
    assert asked["logStreamName"] == "i-1"
    assert asked["logEvents"][0]["timestamp"] == NOW_MS


def test_a_stream_is_made_where_it_is_missing(machine: Machine) -> None:
    """Group and stream are made, and the lines put once more; a group that is there is fine."""
    machine.write(line(1))
    machine.service.refusals = [Refused(400, NO_STREAM), Refused(400, THERE)]
    machine.ship()
    actions = [action for action, _ in machine.calls]
    assert actions == ["PutLogEvents", "CreateLogGroup", "CreateLogStream", "PutLogEvents"]
    machine.ship()
    assert len(machine.calls) == 4


def test_what_was_refused_is_sent_later(machine: Machine) -> None:
    """A denial says so, and loses no line."""
    machine.write(line(1))
    machine.service.refusals = [Refused(400, DENIED), Refused(400, DENIED)]
    with pytest.raises(Refused, match="not authorized"):
        machine.ship()
    machine.service.asked.clear()
    machine.ship()
    assert machine.messages == [line(1).strip()]


def test_nothing_is_sent_that_can_not_be_remembered(machine: Machine) -> None:
    """On a full disk lines wait: sent unremembered they would be sent again and again."""
    machine.write(line(1))
    machine.memory = machine.memory / "nowhere" / "sent"
    with pytest.raises(OSError, match="nowhere"):
        machine.ship()
    assert not machine.service.asked


def test_a_rotated_log_is_sent_to_its_end(machine: Machine) -> None:
    """Of a log that was renamed the rest is sent first, then the new one from its beginning."""
    machine.write(line(1))
    machine.ship()
    machine.write(line(2))
    machine.log.rename(f"{machine.log}.1")
    machine.write(line(3), line(4))
    machine.ship()
    machine.ship()
    assert machine.messages == [line(number).strip() for number in (1, 2, 3, 4)]


def test_a_log_that_was_cut_is_sent_anew(machine: Machine) -> None:
    """A file that is shorter than what was sent of it is another one in its place."""
    machine.write(line(1), line(2))
    machine.ship()
    machine.log.write_text("")
    machine.write(line(3))
    machine.ship()
    assert machine.messages[-1] == line(3).strip()


def test_batches_are_those_that_the_service_takes(machine: Machine) -> None:
    """Whatever the log's own times: in order, below 1 MiB and 10,000 events, and none too old."""
    times = [f"20{year}-01-29T12:00:00Z" for year in (26, 25, 99, 26)]
    lines = [line(number, times[number // 7000]) for number in range(28_000)]
    machine.write(*lines)
    machine.ship()
    assert machine.messages == [each.strip() for each in lines]
    moments = [one["timestamp"] for _, asked in machine.calls for one in asked["logEvents"]]
    assert moments == sorted({*moments})
    assert moments[0] == NOW_MS
    assert moments[-1] - NOW_MS < 60_000
    for _, asked in machine.calls:
        assert len(asked["logEvents"]) <= 10_000
        assert sum(len(one["message"].encode()) + 26 for one in asked["logEvents"]) < 1_048_576


@pytest.mark.parametrize("cut", [b"\n", b"\xff\xfe\n", b'{"time": "2026\n', b"half a line"])
def test_any_line_is_an_event(machine: Machine, cut: bytes) -> None:
    """A line that a full disk has cut is sent as it is: it must not hold up the others."""
    with machine.log.open("ab") as file:
        file.write(cut)
    machine.ship()
    [message] = machine.messages
    assert message


def test_without_a_log_there_is_nothing(tmp_path: Path) -> None:
    """Before the first line nothing is asked."""
    assert not [*unsent(str(tmp_path / "none"), 0, 0)]
