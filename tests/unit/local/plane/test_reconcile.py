"""What is done about an instance follows from what is wanted and what runs."""

import signal

import pytest

from spawn.local.plane.reconcile import Action, Machine, Phase, ending_of, next_action
from spawn.local.world import DesiredState, Ending
from tests.e2e.plane.worlds import instance

OFF, ON, ENDING = Phase.OFF, Phase.ON, Phase.ENDING
RUN, STOP, END = DesiredState.RUNNING, DesiredState.STOPPED, DesiredState.TERMINATED


@pytest.mark.parametrize(
    ("state", "boot", "machine", "action"),
    [
        (RUN, 1, Machine(), Action.BOOT),
        (RUN, 1, Machine(phase=ON, boot=1), Action.NOTHING),
        (RUN, 2, Machine(phase=ON, boot=1), Action.END),
        (RUN, 2, Machine(phase=OFF, boot=1), Action.BOOT),
        (RUN, 1, Machine(phase=OFF, boot=1), Action.NOTHING),
        (RUN, 1, Machine(phase=OFF, boot=1, restarts=True), Action.BOOT),
        (RUN, 2, Machine(phase=ENDING, boot=1), Action.NOTHING),
        (STOP, 1, Machine(phase=ON, boot=1, has_disk=True), Action.END),
        (STOP, 1, Machine(boot=1, restarts=True, has_disk=True), Action.NOTHING),
        (END, 1, Machine(phase=ON, boot=1, has_disk=True), Action.END),
        (END, 1, Machine(boot=1, has_disk=True), Action.WIPE),
        (END, 1, Machine(boot=1), Action.NOTHING),
        (None, 0, Machine(phase=ON, boot=1), Action.END),
        (None, 0, Machine(phase=ENDING, boot=1), Action.NOTHING),
        (None, 0, Machine(boot=1), Action.FORGET),
    ],
)
def test_the_next_action(
    state: DesiredState | None, boot: int, machine: Machine, action: Action
) -> None:
    """Booted only when due, ended when not wanted, wiped when terminated, forgotten when gone."""
    wanted = None if state is None else instance(5, state=state, boot=boot)
    assert next_action(wanted, machine) is action


def test_endings() -> None:
    """How the first process ended tells a power-off from a reboot, an order and a crash."""
    running, ordered = Machine(phase=ON, boot=1), Machine(phase=ENDING, boot=1)
    assert ending_of(-signal.SIGINT, running) is Ending.POWER_OFF
    assert ending_of(-signal.SIGHUP, running) is Ending.REBOOT
    assert ending_of(-signal.SIGHUP, ordered) is Ending.ORDERED
    assert ending_of(0, ordered) is Ending.ORDERED
    assert ending_of(-signal.SIGKILL, running) is Ending.CRASHED
