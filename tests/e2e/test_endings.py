"""Endings that are moved, held and kept, with an agent that really runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from spawn.core.instants import format_instant, parse_instant
from spawn.lifecycle.heard import Heartbeat, read_console
from tests.e2e.boxes import REGION, Box, client, launched, wait_for
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud
from tests.tools.loaded import loaded_spawn

pytestmark = pytest.mark.e2e

# The agent reads its tags every 20 seconds; the rest is for a busy machine.
FOLLOWS_SECONDS = 45.0
GRACE_SECONDS = 30.0


class ShortLived(NamedTuple):
    """Instances of the shortest life there is: one is held, one keeps its disks."""

    held: Box
    kept: Box


@pytest.fixture(scope="module", autouse=True)
def short_lived(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShortLived]:
    """Launched before the other tests, and met when their end dates have come."""
    home = tmp_path_factory.mktemp("short") / "home"
    spawn = loaded_spawn(cloud.environment(home), home)
    with ExitStack() as running:
        held, kept = (
            running.enter_context(launched(spawn, cloud, "--ttl", "1m", *words))
            for words in ((), ("--on-expiry", "stop"))
        )
        said = held.spawn("hold", held.id, "--region", REGION, "--reason", "a key was found")
        assert said.code == 0, said.stderr
        yield ShortLived(held, kept)
        protection = {"InstanceId": held.id, "DisableApiTermination": {"Value": False}}
        client(cloud, "ec2").modify_instance_attribute(**protection)


def ask(box: Box, command: str, *words: str) -> Any:
    """Run a command of `spawn` on the instance; what its document says."""
    done = box.spawn(command, box.id, "--region", REGION, *words, "-o", "json")
    assert done.code == 0, done.stderr
    return done.document()


def beat(box: Box) -> Heartbeat | None:
    """The agent's last heartbeat on the console."""
    return read_console(box.console()).heartbeat


def await_beat(
    box: Box, what: Callable[[Heartbeat], bool], *, seconds: float = FOLLOWS_SECONDS
) -> Heartbeat:
    """Wait until the agent's last heartbeat is such a one."""

    def look() -> Heartbeat | None:
        found = beat(box)
        return found if found is not None and what(found) else None

    return wait_for(look, f"such a heartbeat of {box.id}", seconds=seconds)


def end_of(box: Box) -> datetime:
    return parse_instant(box.document["expires_at"])


def test_an_extension_is_followed(launch: Launch) -> None:
    """The agent is heard to go by the new date before the command ends; status agrees."""
    box = launch("--ttl", "30m")
    found = ask(box, "extend", "1h")
    assert found["agent"]["following"] == "follows"
    until = end_of(box) + timedelta(hours=1)
    assert parse_instant(found["until"]) == until
    heard = ask(box, "status")["instance"]["agent"]
    assert (heard["state"], heard["doing"], heard["difference"]) == ("HEARD", "watching", "")
    assert parse_instant(heard["until"]) == until


def test_an_earlier_end_is_followed_with_notice(launch: Launch) -> None:
    """What is brought nearer comes a quarter of an hour after it was read, and that is told."""
    box = launch("--ttl", "2h")
    soon = datetime.now(UTC) + timedelta(minutes=2)
    found = ask(box, "extend", "--until", format_instant(soon), "--yes")
    assert found["agent"]["following"] == "follows"
    assert "15 minutes' notice" in found["agent"]["why"]
    now = beat(box)
    assert now is not None
    assert timedelta(minutes=14) < now.until - datetime.now(UTC) <= timedelta(minutes=15)


def test_a_running_agent_is_heard(box: Box) -> None:
    """In a listing and in the status of one's own, with what it does and until when."""
    wait_for(lambda: beat(box), "a heartbeat")
    done = box.spawn("list", "--region", REGION, "-o", "json")
    (row,) = [one for one in done.document()["instances"] if one["id"] == box.id]
    assert row["agent"]["state"] == "HEARD"
    shown = box.spawn("status", box.id, "--region", REGION).stdout
    assert f"watching, until {box.document['expires_at']}" in shown


def test_orders_that_are_not_followed_are_a_warning(launch: Launch, cloud: Cloud) -> None:
    """With its agent killed, new orders are not followed, and status says so."""
    box = launch("--ttl", "30m")
    wait_for(lambda: beat(box), "a heartbeat")
    box.sh("sudo pkill -KILL -f '[s]pored agent'")
    later = format_instant(end_of(box) + timedelta(hours=3))
    tag = [{"Key": "spawn:expires-at", "Value": later}]
    client(cloud, "ec2").create_tags(Resources=[box.id], Tags=tag)
    heard = ask(box, "status")["instance"]["agent"]
    assert "other orders than its tags give" in heard["difference"]
    assert "warning: " in box.spawn("status", box.id, "--region", REGION).stdout


SAID = {"status": "success", "message": "42 frames\x1b[2J"}


def test_a_completion_is_shown_and_remembered(launch: Launch, cloud: Cloud) -> None:
    """What the work says on the console when it is done is in status, and in the registry once."""
    box = launch("--ttl", "30m")
    tag = [{"Key": "spawn:on-complete", "Value": "terminate"}]
    client(cloud, "ec2").create_tags(Resources=[box.id], Tags=tag)
    line = json.dumps(SAID)
    box.sh(f"printf '\\r\\nspored: completed: %s\\r\\n' '{line}' | sudo tee /dev/console")
    box.await_console("spored: completed")
    found = ask(box, "status")["completion"]
    assert found == {"status": "success", "message": "42 frames\\x1b[2J"}
    table = client(cloud, "dynamodb")
    key = {"instance_id": {"S": box.id}, "record": {"S": "COMPLETED"}}
    (item,) = [table.get_item(TableName="spawn-instances", Key=key)["Item"]]
    assert (item["status"], item["message"]) == ({"S": "success"}, {"S": "42 frames\\x1b[2J"})
    again = box.spawn("list", "--region", REGION)
    assert "has completed" not in again.stderr
    assert box.spawn("cancel", box.id, "--region", REGION, "--yes").code == 0


def test_what_is_held_lives_past_its_end_date(short_lived: ShortLived) -> None:
    """The agent holds still past the end date; released, it ends with notice and not at once."""
    box = short_lived.held
    left = (end_of(box) - datetime.now(UTC)).total_seconds()
    seconds = max(left, 0) + 60 + GRACE_SECONDS
    held = await_beat(box, lambda one: one.at > end_of(box), seconds=seconds)
    assert held.doing == "held"
    assert box.described()["State"]["Name"] == "running"
    document = ask(box, "status")
    assert {one["state"] for one in document["hold"]} == {"holds"}
    assert document["instance"]["agent"]["doing"] == "held"
    ask(box, "unhold", "--reason", "nothing was found", "--yes")
    released = await_beat(box, lambda one: one.doing == "watching")
    assert timedelta(minutes=14) < released.until - datetime.now(UTC) <= timedelta(minutes=15)
    assert box.described()["State"]["Name"] == "running"


def test_kept_disks_stop_at_the_end_date(short_lived: ShortLived) -> None:
    """At its end date it powers itself off, is stopped and not gone, and is said to be kept."""
    box = short_lived.kept
    left = (end_of(box) - datetime.now(UTC)).total_seconds()
    box.await_state("stopped", seconds=max(left, 0) + GRACE_SECONDS)
    assert datetime.now(UTC) >= end_of(box)
    found = ask(box, "status")["instance"]
    assert (found["ending"], found["backstop"]) == ("KEPT", "ARMED")
    assert parse_instant(found["gone_at"]) == end_of(box) + timedelta(days=7)
    refused = box.spawn("start", box.id, "--region", REGION, "--yes")
    assert refused.code == 2
    assert f"spawn extend {box.id} 2h" in refused.stderr
    assert ask(box, "extend", "30m")["changed"]
    assert box.spawn("start", box.id, "--region", REGION, "--yes").code == 0
    box.await_state("running")
    again = await_beat(box, lambda one: one.until > datetime.now(UTC))
    assert again.doing == "watching"
