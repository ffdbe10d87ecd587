"""A machine's life: what `spawn launch` sends it brings the agent, runs the person's part, ends it.

One machine for all tests, which follow each other: the last one sees its end.
"""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.boxes import wait_for
from tests.vm.conftest import Boot
from tests.vm.machine import Machine

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

# cloud-init runs `runcmd` among the scripts, by their names: the one that never returns is last.
USER_DATA = b"""\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="-"

---
Content-Type: text/cloud-config

#cloud-config
runcmd:
- echo "commands ran, the agent is $(systemctl is-active spored)"
---
Content-Type: text/x-shellscript
Content-Disposition: attachment; filename="work.sh"

#!/bin/sh
echo "the script ran"
sleep infinity
echo "the script returned"
-----
"""
# What AWS's own schedule would do is five minutes away: an end within one is the agent's.
PUNCTUAL = timedelta(minutes=1)
PUT_OFF = timedelta(minutes=2)
LARGEST_RESIDENT_KIB = 20 * 1024


@pytest.fixture(scope="module")
def machine(boot: Boot) -> Machine:
    return boot(USER_DATA)


@pytest.fixture(scope="module")
def visited(machine: Machine) -> Machine:
    """The machine, once it admits logins."""
    machine.await_console("the script ran")
    machine.await_login()
    return machine


@pytest.fixture(scope="module")
def session(visited: Machine) -> Iterator[Machine]:
    """The machine, with somebody logged in at a terminal, whose screen is a file."""
    screen = visited.directory / "screen"
    with screen.open("wb") as file:
        words = (*visited.ssh[:1], "-tt", *visited.ssh[1:], "cat")
        process = subprocess.Popen(
            words, env=visited.environment, stdin=subprocess.PIPE, stdout=file
        )
        yield visited
        process.kill()
        process.communicate()


def test_both_of_the_persons_parts_run_once_the_agent_does(machine: Machine) -> None:
    """A cloud-config's commands and a script of one multipart run, and find the agent active."""
    shown = machine.await_console("the script ran")
    assert "commands ran, the agent is active" in shown
    assert shown.index("spored: 1 ") < shown.index("commands ran")


def test_the_agent_tells_its_end_date_on_the_console(machine: Machine) -> None:
    """Heartbeats come out of the serial console, and bear the end date of the launch."""
    machine.await_console("spored: 2 ")
    first, second, *_ = machine.beats()
    assert (first.number, first.state, first.until) == (1, "watching", machine.due)
    assert (second.number, second.until) == (2, machine.due)


def test_cloud_init_finds_nothing_wrong(visited: Machine) -> None:
    """cloud-init has taken all of the multipart, without an error or a warning of its own."""
    assert visited.sh("sudo cloud-init schema --system").startswith("Valid cloud-config")
    assert not visited.sh("sudo grep -E 'WARNING|ERROR|Traceback' /var/log/cloud-init.log || true")
    assert not visited.sh("sudo journalctl -b -q -u spored -p warning")
    assert not visited.sh("sudo journalctl -b -q | grep -i 'ordering cycle' || true")


def test_the_agent_is_confined(visited: Machine) -> None:
    """systemd has put the unit's hardening in force, on the process itself."""
    shown = visited.sh("systemctl show spored")
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "OOMScoreAdjust=-1000"):
        assert line in shown.splitlines()
    status = process_status(visited)
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    # capabilities(7): 14 is CAP_IPC_LOCK, 22 is CAP_SYS_BOOT.
    assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 1 << 14 | 1 << 22
    assert visited.sh(f"cat /proc/{main_pid(visited)}/oom_score_adj") == "-1000\n"
    judged = visited.sh("systemd-analyze security --no-pager spored").splitlines()[-1]
    assert "OK" in judged


def test_the_agent_stays_small_and_in_memory(visited: Machine) -> None:
    """It holds no more than 20 MiB, and all of it is locked."""
    status = process_status(visited)
    assert int(status["VmRSS"].split()[0]) <= LARGEST_RESIDENT_KIB
    assert int(status["VmLck"].split()[0]) > 0


def test_a_killed_agent_is_started_again(visited: Machine) -> None:
    """After SIGKILL systemd starts it again; it goes on with what it knew, and says so."""
    killed, before = main_pid(visited), len(visited.beats())
    visited.sh(f"sudo kill -KILL {killed}")
    wait_for(lambda: main_pid(visited) not in (killed, "0"), "another agent", seconds=30)
    again = wait_for(lambda: visited.beats()[before:], "its heartbeat", seconds=60)[0]
    assert (again.number, again.until) == (1, visited.due)


def test_an_end_put_off_is_followed(visited: Machine) -> None:
    """The tag moved later while it runs: the next heartbeat bears the new end date."""
    visited.move_end(PUT_OFF)
    wait_for(lambda: visited.beats()[-1].until == visited.due, "the new date", seconds=90)


def test_what_it_did_is_in_the_log_and_the_journal(visited: Machine) -> None:
    """An order that was followed is a line of its log, which the journal has as well."""
    line = '"event": "order"'
    wait_for(lambda: line in visited.sh("cat /var/log/spored.log"), "the log", seconds=30)
    assert line in visited.sh("sudo journalctl -b -q -u spored -o cat")


def test_whoever_is_logged_in_is_warned(session: Machine) -> None:
    """A minute before the end date at the latest, a terminal shows that the machine will end."""
    screen = session.directory / "screen"
    left = (session.due - datetime.now(UTC)).total_seconds()
    wait_for(lambda: b"spored: warning" in screen.read_bytes(), "the warning", seconds=left)
    assert datetime.now(UTC) < session.due


def test_the_machine_ends_on_time(machine: Machine) -> None:
    """At its end date it powers itself off, though the person's script never returned."""
    ended = machine.await_end((machine.due - datetime.now(UTC) + 2 * PUNCTUAL).total_seconds())
    assert machine.due <= ended <= machine.due + PUNCTUAL
    shown = machine.console()
    assert "spored: powering off" in shown
    assert "spored: forcing" not in shown
    assert "the script returned" not in shown


def main_pid(machine: Machine) -> str:
    """The agent's process on the machine, "0" for none."""
    return machine.sh("systemctl show -P MainPID spored").strip()


def process_status(machine: Machine) -> dict[str, str]:
    """What the kernel says of the agent's process: proc(5), /proc/PID/status."""
    lines = machine.sh(f"cat /proc/{main_pid(machine)}/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
