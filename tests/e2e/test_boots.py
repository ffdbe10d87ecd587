"""What a boot prints and how it ends, told by `spawn logs` and to whoever waits for it."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.boxes import REGION, wait_for
from tests.e2e.conftest import Launch
from tests.tools.programs import Program

pytestmark = pytest.mark.e2e

HERE = ("--region", REGION)
FAILING = "echo begun; sleep 1; printf '\\033[31mred\\n'; exit 7"
# Nobody is let in from here, so that only the console can tell.
CLOSED = ("--ssh-from", "192.0.2.1/32")


def test_a_failing_boot_is_told_with_its_exit_code(spawn: Program) -> None:
    """Over SSH the exit code of the script that failed is told; the instance runs, and is named."""
    done = spawn("launch", "--ttl", "30m", "--wait", "ready", "--user-data", FAILING, "-o", "ids")
    assert done.code == 6, done.stderr
    assert "its user-data failed with exit code 7" in done.stderr
    assert done.stdout.startswith("i-")


def test_a_console_alone_tells_of_a_failing_boot(spawn: Program) -> None:
    """Where nobody is let in, what the console shows of it is enough for the verdict."""
    done = spawn("launch", "--ttl", "30m", *CLOSED, "--wait", "ready", "--user-data", FAILING)
    assert done.code == 6, done.stderr
    assert "its user-data failed" in done.stderr


def test_a_good_boot_is_waited_for(launch: Launch) -> None:
    """Ready is when the user-data is through, not when SSH answers."""
    box = launch("--ttl", "30m", "--wait", "ready", "--user-data", "sleep 2; touch /run/through")
    assert box.run("ls", "/run/through").code == 0


def test_the_output_is_shown_from_either_source(launch: Launch, spawn: Program) -> None:
    """The log over SSH and the console both show what user-data printed, raw in a pipe."""
    box = launch("--ttl", "30m", "--user-data", FAILING)
    box.await_console("finished at")
    for source in ("auto", "ssh", "console"):
        done = spawn("logs", box.id, *HERE, "--source", source)
        assert done.code == 0, done.stderr
        assert "begun" in done.stdout
        assert "\x1b[31mred\n" in done.stdout
    last = spawn("logs", box.id, *HERE, "--of", "boot", "-n", "1")
    assert last.stdout.count("\n") == 1
    assert "finished at" in last.stdout
    assert spawn("logs", "nobody", *HERE).code == 5


@pytest.mark.parametrize("source", ["ssh", "console"])
def test_following_ends_with_the_instance(launch: Launch, spawn: Program, source: str) -> None:
    """What is printed later is shown when it is, and the end of the instance is a good end."""
    box = launch("--ttl", "30m")
    box.await_console("finished at")
    words = [str(spawn.path), "logs", box.id, *HERE, "--follow", "-n", "0", "--source", source]
    out = spawn.directory / f"followed-{source}"
    with out.open("wb") as sink:
        following = subprocess.Popen(words, env=dict(spawn.environment), stdout=sink, stderr=sink)
        try:
            box.sh(
                "for n in 1 2 3 4 5 6; do echo later $n >> /var/log/cloud-init-output.log; "
                "echo later $n > /dev/console; sleep 1; done"
            )
            wait_for(lambda: "later 6" in out.read_text(), "what came later")
            assert spawn("cancel", box.id, *HERE, "--yes").code == 0
            assert following.wait(40) == 0
        finally:
            following.kill()
            following.wait()
    assert out.read_text().count("later 6") == 1


def test_an_instance_that_can_not_be_reached_shows_its_console(
    launch: Launch, spawn: Program
) -> None:
    """Without a way in, `auto` says why and reads the console."""
    box = launch("--ttl", "30m", *CLOSED, "--wait", "running", "--user-data", "echo begun")
    box.await_console("finished at")
    done = spawn("logs", box.id, *HERE)
    assert done.code == 0, done.stderr
    assert "begun" in done.stdout
    assert "this is its console" in done.stderr
