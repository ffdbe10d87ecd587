"""Waiting for a boot's end where only the console tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from spawn.aws.operation import Answer, Operation
from spawn.connect.boot import BootOutcome, BootState
from spawn.connect.ready import wait_until_ready
from spawn.core.errors import AccountError, AwsRefusal
from tests.unit.connect.builders import INSTANCE_ID, REGION, FakeTime, ScriptedReader

BEGUN = "Cloud-init v. 22.2.2 running 'modules:final' at Tue, 27 Jan 2026 09:29:48 +0000.\n"
DONE = f"{BEGUN}Cloud-init v. 22.2.2 finished at Tue, 27 Jan 2026 09:30:00 +0000.\n"


@dataclass
class Booting:
    """An instance with a console for each look, the last one repeated, and a state likewise."""

    consoles: Sequence[str]
    states: Sequence[str] = ("running",)
    time: FakeTime = field(default_factory=FakeTime)
    told: list[str] = field(default_factory=list)
    _looks: dict[str, int] = field(default_factory=dict)

    def wait(self, seconds: float) -> BootOutcome:
        """Wait for so long."""
        return wait_until_ready(
            INSTANCE_ID,
            ScriptedReader(self._answer),
            region=REGION,
            way=None,
            patience=self.time.patience(seconds),
            progress=self.told.append,
        )

    def _answer(self, operation: Operation, _: Mapping[str, Any]) -> Answer | AwsRefusal:
        if operation.name == "GetConsoleOutput":
            return {"Output": self._next("console", self.consoles)}
        state = self._next("state", self.states)
        if not state:
            return {"Reservations": []}
        described = {
            "InstanceId": INSTANCE_ID,
            "ImageId": "ami-1",
            "LaunchTime": datetime(2026, 1, 27, tzinfo=UTC),
            "State": {"Name": state},
            "StateReason": {"Code": "x", "Message": "it powered itself off"},
        }
        return {"Reservations": [{"Instances": [described]}]}

    def _next(self, what: str, answers: Sequence[str]) -> str:
        at = self._looks[what] = self._looks.get(what, 0) + 1
        return answers[min(at, len(answers)) - 1]


def test_the_end_of_a_boot_ends_the_waiting() -> None:
    """As soon as the console shows the end, it is returned; until then each change is told once."""
    box = Booting(consoles=[BEGUN, BEGUN, BEGUN, DONE])
    assert box.wait(600).state is BootState.DONE
    assert len(box.told) == 1
    assert "modules:final" in box.told[0]


def test_time_that_is_up_leaves_a_boot_running() -> None:
    """What does not end in time is returned as it is, and no longer is slept than that."""
    box = Booting(consoles=[BEGUN])
    assert box.wait(60).state is BootState.RUNNING
    assert sum(box.time.slept) == 60


@pytest.mark.parametrize("state", ["terminated", "shutting-down", "stopped"])
def test_an_instance_that_ends_is_not_waited_for(state: str) -> None:
    """A boot that will never end any more is told at once, with why it ended."""
    box = Booting(consoles=[BEGUN], states=["running", state])
    with pytest.raises(AccountError, match="it ended before its boot did"):
        box.wait(3600)
    assert sum(box.time.slept) < 60


def test_what_is_not_described_yet_is_waited_for() -> None:
    """Describe-calls lag behind a launch: not to be seen is not to be gone."""
    assert Booting(consoles=["", DONE], states=["", "running"]).wait(60).state is BootState.DONE
