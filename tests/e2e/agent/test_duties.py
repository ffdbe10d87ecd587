"""What ends an instance besides its end date, and what happens before: on instances that run."""

from __future__ import annotations

import json

import pytest

from tests.e2e.boxes import Box, wait_for
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud

pytestmark = pytest.mark.e2e

HOOK = 'echo "hook: $SPAWN_WHY" >/dev/console; sleep 1; exit 3'
LIVES = ("--ttl", "1h")
# A look comes every five seconds, and ten pass between the end and the power.
DONE = "/srv/done"
ENDS_WITHIN_SECONDS = 45.0


def ended_by_itself(box: Box) -> str:
    """Wait until it has powered itself off; what its console shows."""
    ended = box.await_state("terminated", seconds=ENDS_WITHIN_SECONDS)
    assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    return box.console()


def test_completion_ends_it_after_its_hook(launch: Launch) -> None:
    """`spored complete` is said with its status, the hook runs and is told why, and it ends."""
    box = launch(
        *LIVES,
        *("--on-complete", "terminate", "--completion-delay", "1s", "--pre-stop", HOOK),
    )
    box.run("spored", "complete", "--status", "failed", "--message", 'no "data" \x1b[31m')
    shown = ended_by_itself(box)
    [said] = [line for line in shown.splitlines() if line.startswith("spored: completed: ")]
    assert json.loads(said.removeprefix("spored: completed: ")) == {
        "status": "failed",
        "message": 'no "data" \x1b[31m',
    }
    assert said.isprintable()
    assert "hook: its work is done" in shown
    assert "spored: hook: exit code 3" in shown


def test_a_file_says_so_too(launch: Launch) -> None:
    """A file that user-data was told to leave means that the work is done."""
    box = launch(
        *LIVES,
        *("--on-complete", "terminate", "--completion-delay", "1s"),
        *("--completion-file", DONE, "--user-data", f"sleep 1; touch {DONE}"),
    )
    assert '{"status": "done", "message": ""}' in ended_by_itself(box)


def test_a_hook_that_hangs_is_waited_for_no_longer_than_it_may(launch: Launch) -> None:
    """A hook has the time that was given; the end comes then, whatever it does."""
    box = launch(
        *LIVES,
        *("--on-complete", "terminate", "--completion-delay", "1s"),
        *("--pre-stop", "trap '' TERM; sleep 1000", "--pre-stop-timeout", "5s"),
    )
    box.run("spored", "complete")
    assert "spored: hook: exit code" in ended_by_itself(box)


def test_a_spot_notice_runs_the_hook_at_once(launch: Launch, cloud: Cloud) -> None:
    """A notice of interruption is said, and the hook runs; a recommendation is said alone."""
    box = launch(*LIVES, "--spot", "--pre-stop", "echo hooked >/dev/console")
    cloud.set_switches(rebalance_notices={box.id: "2026-01-27T12:00:00Z"})
    box.await_console("recommendations/rebalance")
    assert "hooked" not in box.console()
    notice = {"action": "terminate", "time": "2026-01-27T12:02:00Z"}
    cloud.set_switches(spot_notices={box.id: notice})
    shown = box.await_console("hooked")
    assert '"action": "terminate"' in shown
    assert box.described()["State"]["Name"] == "running"


def test_status_on_the_instance_is_for_people_and_programs(launch: Launch) -> None:
    """`spored status` is a line with state and end date, and JSON where that is asked for."""
    box = launch(*LIVES)
    box.await_console("spored: 1 ")
    until = box.document["expires_at"]
    assert f"watching until {until}" in box.sh("spored status")
    found = json.loads(box.sh("spored status -o json"))
    assert found["orders"]["tags"] == {"spawn:expires-at": until}
    assert found["state"] == "watching"
    assert wait_for(lambda: "SHA256:" in box.sh("cat /run/spored/key"), "the host key")
