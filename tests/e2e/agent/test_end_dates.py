"""An end date holds, within a minute of the right time, whatever breaks on the instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.agent import faults
from tests.e2e.boxes import Box, client, launched, wait_for
from tests.tools.clouds import Cloud
from tests.tools.loaded import loaded_spawn
from tests.tools.programs import Program

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TTL = ("--ttl", "75s")
# What an end date may be late at the most.
LATE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Dated:
    """An instance, and when it has to end."""

    box: Box
    due: datetime

    def ends_on_time(self) -> None:
        """Wait for its end; it ends itself, not before its date and not a minute after it."""
        left = (self.due + LATE - datetime.now(UTC)).total_seconds()
        ended = self.box.await_state("terminated", seconds=left)
        assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
        assert datetime.now(UTC) >= self.due


Break = Callable[[Dated, Any], Dated]


def _shell(script: str) -> Break:
    def broken(dated: Dated, _ec2: Any) -> Dated:
        dated.box.root(script)
        return dated

    return broken


def _without_metadata(dated: Dated, ec2: Any) -> Dated:
    ec2.modify_instance_metadata_options(InstanceId=dated.box.id, HttpEndpoint="disabled")
    return dated


def _with_tag(text: str) -> Break:
    def broken(dated: Dated, ec2: Any) -> Dated:
        dated.box.tag(**{"spawn:expires-at": text})
        return dated

    return broken


def _without_tag(dated: Dated, ec2: Any) -> Dated:
    ec2.delete_tags(Resources=[dated.box.id], Tags=[{"Key": "spawn:expires-at"}])
    return dated


def _extended(dated: Dated, _ec2: Any) -> Dated:
    later = dated.due + timedelta(seconds=30)
    dated.box.tag(**{"spawn:expires-at": later.strftime("%Y-%m-%dT%H:%M:%SZ")})
    return replace(dated, due=later)


def _rebooted(dated: Dated, _ec2: Any) -> Dated:
    dated.box.run("sudo", "reboot")
    dated.box.await_console("spored: 1 ", times=2)
    return dated


FAULTS: dict[str, Break] = {
    "its agent is killed every second": _shell(faults.KILLED_AGAIN_AND_AGAIN),
    "its metadata is switched off": _without_metadata,
    "its clock jumps a day ahead": _shell(faults.CLOCK_JUMPED.format(seconds=86_400)),
    "its clock jumps a day back": _shell(faults.CLOCK_JUMPED.format(seconds=-86_400)),
    "its end date is garbled": _with_tag("whenever"),
    "its end date is never": _with_tag("9999-12-31T23:59:59Z"),
    "its end date is gone": _without_tag,
    "its disk is full": _shell(faults.DISK_FULL),
    "its console never drains": _shell(faults.CONSOLE_STALLED),
    "it can't start processes": _shell(faults.NO_MORE_PROCESSES),
    "it is rebooted": _rebooted,
    "it is extended": _extended,
}


@pytest.fixture(scope="module")
def broken(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Dated]]:
    """An instance for each fault, all of them alive at once: their ends are waited for together."""
    home = tmp_path_factory.mktemp("broken") / "home"
    environment = cloud.environment(home)
    spawn = loaded_spawn(environment, home)
    ec2 = client(cloud, "ec2")
    with ExitStack() as running:
        boxes = {}
        for name, fault in FAULTS.items():
            box = running.enter_context(launched(spawn, cloud, *TTL))
            due = datetime.fromisoformat(box.document["expires_at"])
            box.await_console("spored: 1 ")
            boxes[name] = fault(Dated(box=box, due=due), ec2)
        yield boxes


@pytest.mark.parametrize("fault", FAULTS)
def test_an_end_date_holds_though(fault: str, broken: dict[str, Dated]) -> None:
    """An instance ends by itself at its end date, with each of these wrong."""
    broken[fault].ends_on_time()


@pytest.fixture(scope="module")
def stranger(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """An instance that lives for long, for what does not end it."""
    home = tmp_path_factory.mktemp("stranger") / "home"
    environment = cloud.environment(home)
    spawn = loaded_spawn(environment, home)
    with launched(spawn, cloud, "--ttl", "2h") as box:
        yield box


def test_a_stranger_who_tags_can_not_end_it_at_once(stranger: Box) -> None:
    """An end date in the past is said aloud, and comes a quarter of an hour after it was read."""
    stranger.tag(**{"spawn:expires-at": "2026-01-01T00:00:00Z"})
    read = datetime.now(UTC)
    stranger.await_console("spored: order: ", seconds=40)
    until = stranger.heard_until()
    assert timedelta(minutes=14) < until - read < timedelta(minutes=16)


def test_a_machine_that_starts_after_its_end_date_ends(
    cloud: Cloud, spawn: Program, ec2: Any
) -> None:
    """Stopped over its end date, and started again by whoever, it ends within the minute."""
    with launched(spawn, cloud, "--ttl", "60s") as box:
        box.await_console("spored: 1 ")
        ec2.stop_instances(InstanceIds=[box.id])
        box.await_state("stopped")
        due = datetime.fromisoformat(box.document["expires_at"])
        wait_for(lambda: datetime.now(UTC) > due, "the end date to pass", seconds=90)
        ec2.start_instances(InstanceIds=[box.id])
        Dated(box=box, due=datetime.now(UTC)).ends_on_time()
