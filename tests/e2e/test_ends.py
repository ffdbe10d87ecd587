"""An instance ends when it should, by itself or by its backstop, and not before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.boxes import Box, client, launched, wait_for
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud
from tests.tools.loaded import loaded_spawn

pytestmark = pytest.mark.e2e

# Past its end date an instance has this long to be seen as ended: a boot's length, on a busy
# machine, and far less than the five minutes after which its backstop would end it.
GRACE_SECONDS = 30.0


@pytest.fixture(scope="module", autouse=True)
def short_lived(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """An instance of the shortest life there is, launched before the other tests, met at last."""
    home = tmp_path_factory.mktemp("short") / "home"
    environment = cloud.environment(home)
    spawn = loaded_spawn(environment, home)
    with launched(spawn, cloud, "--ttl", "1m") as box:
        yield box


def test_power_off_from_inside_ends_the_instance(launch: Launch) -> None:
    """`poweroff` on the instance terminates it: nothing is left that would be billed."""
    box = launch()
    box.run("sudo", "poweroff")
    ended = box.await_state("terminated")
    assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"


def test_a_reboot_keeps_instance_disk_and_end_date(launch: Launch) -> None:
    """After a reboot the disk is as it was, and the agent is there again."""
    box = launch()
    box.sh("echo kept > ~/file")
    first_boot = box.sh("cat /proc/sys/kernel/random/boot_id; ls -di /proc/1/ns/pid")
    box.run("sudo", "reboot")
    box.await_console("spored: 1 ", times=2)
    assert box.described()["State"]["Name"] == "running"
    assert box.sh("cat ~/file") == "kept\n"
    assert box.sh("cat /proc/sys/kernel/random/boot_id; ls -di /proc/1/ns/pid") != first_boot
    assert box.agents()


def test_the_backstop_ends_what_its_agent_does_not(launch: Launch, cloud: Cloud) -> None:
    """With the agent killed, and what restarts it, its schedule, when due, terminates it."""
    box = launch()
    box.sh("sudo pkill -KILL -f '[s]pored agent'")
    assert not box.agents()
    scheduler = client(cloud, "scheduler")
    name = move_backstop(scheduler, box, to=datetime.now(UTC) + timedelta(seconds=1))
    ended = box.await_state("terminated")
    assert ended["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    wait_for(lambda: name not in schedules(scheduler), "the schedule to go")


def test_cancel_ends_instance_and_backstop(launch: Launch, cloud: Cloud) -> None:
    """`spawn cancel` terminates, and takes the schedule with it; a wrong id stops nothing."""
    box = launch()
    done = box.spawn("cancel", "i-0123456789abcdef0", box.id, "--yes")
    assert done.code == 6
    assert "i-0123456789abcdef0" in done.stdout + done.stderr
    box.await_state("terminated")
    scheduler = client(cloud, "scheduler")
    assert not [name for name in schedules(scheduler) if box.id in name]


def test_the_end_date_powers_the_instance_off(short_lived: Box) -> None:
    """At its end date, and not before, an instance powers itself off and is gone."""
    due = datetime.fromisoformat(short_lived.document["expires_at"])
    left = (due - datetime.now(UTC)).total_seconds()
    ended = short_lived.await_state("terminated", seconds=left + GRACE_SECONDS)
    assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    assert datetime.now(UTC) >= due


def schedules(scheduler: Any) -> list[str]:
    """The names of all backstops."""
    return [one["Name"] for one in scheduler.list_schedules(GroupName="spawn")["Schedules"]]


def move_backstop(scheduler: Any, box: Box, *, to: datetime) -> str:
    """Have an instance's backstop fire at another time, by the API; its name."""
    name = next(name for name in schedules(scheduler) if box.id in name)
    schedule = scheduler.get_schedule(GroupName="spawn", Name=name)
    kept = ("FlexibleTimeWindow", "Target", "ActionAfterCompletion", "ScheduleExpressionTimezone")
    scheduler.update_schedule(
        GroupName="spawn",
        Name=name,
        ScheduleExpression=to.strftime("at(%Y-%m-%dT%H:%M:%S)"),
        **{key: schedule[key] for key in kept},
    )
    return name
