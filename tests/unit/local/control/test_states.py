"""The life of an instance, by its table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.local.control import states
from spawn.local.control.states import LAUNCHED, Life, State, WrongState
from spawn.local.world import DesiredState, Ending


def _running(boot: int = 1) -> Life:
    return Life(state=State.RUNNING, desired=DesiredState.RUNNING, boot=boot)


def test_a_life_from_launch_to_end() -> None:
    """Pending, running, stopping, stopped, pending again, running, shutting down, terminated."""
    life = states.booted(LAUNCHED, 1)
    assert life.state is State.RUNNING
    life = states.stop(life)
    assert (life.state, life.desired) == (State.STOPPING, DesiredState.STOPPED)
    life = states.ended(life, 1, Ending.ORDERED, terminates_on_shutdown=True)
    assert life.state is State.STOPPED
    life = states.start(life)
    assert (life.state, life.boot) == (State.PENDING, 2)
    life = states.terminate(states.booted(life, 2))
    assert (life.state, life.desired) == (State.SHUTTING_DOWN, DesiredState.TERMINATED)
    life = states.ended(life, 2, Ending.ORDERED, terminates_on_shutdown=False)
    assert life.state is State.TERMINATED


@pytest.mark.parametrize(
    ("terminates", "state"), [(True, State.TERMINATED), (False, State.STOPPED)]
)
def test_powering_off_means_the_shutdown_behaviour(terminates: bool, state: State) -> None:
    """An instance that powers itself off stops or terminates as it was told at launch."""
    life = states.ended(_running(), 1, Ending.POWER_OFF, terminates_on_shutdown=terminates)
    assert life.state is state
    assert life.reason is states.BY_ITSELF


def test_a_word_of_an_older_boot_changes_nothing() -> None:
    """After a reboot was ordered, the end of the boot before it is no end."""
    life = states.reboot(_running())
    assert life.boot == 2
    assert states.ended(life, 1, Ending.ORDERED, terminates_on_shutdown=True) == life
    assert states.booted(states.start(_stopped(boot=4)), 4).state is State.PENDING


def _stopped(boot: int) -> Life:
    return Life(state=State.STOPPED, desired=DesiredState.STOPPED, boot=boot)


def test_a_crash_on_the_first_boot_is_a_failed_launch() -> None:
    """It goes from pending to terminated, as on EC2; a later crash leaves the disk."""
    failed = states.ended(LAUNCHED, 1, Ending.CRASHED, terminates_on_shutdown=False)
    assert (failed.state, failed.reason) == (State.TERMINATED, states.BROKEN_ON_LAUNCH)
    crashed = states.ended(_running(), 1, Ending.CRASHED, terminates_on_shutdown=True)
    assert crashed.state is State.STOPPED


def test_impossible_orders_are_refused() -> None:
    """What is over can't be started, stopped or rebooted; what is stopped can't be rebooted."""
    over = states.terminate(_running())
    for order in (states.start, states.stop, states.reboot):
        with pytest.raises(WrongState):
            order(over)
    with pytest.raises(WrongState):
        states.reboot(_stopped(boot=1))


ORDERS = st.sampled_from([states.start, states.stop, states.reboot, states.terminate])
FACTS = st.tuples(st.sampled_from([*Ending, None]), st.integers(0, 5), st.booleans())


@given(st.lists(st.one_of(ORDERS, FACTS), max_size=30))
def test_the_end_is_the_end(happenings: list[Any]) -> None:
    """Whatever happens in whichever order: boots only grow, and nobody rises from terminated."""
    life = LAUNCHED
    for happening in happenings:
        before = life
        if callable(happening):
            try:
                life = happening(life)
            except WrongState:
                continue
        else:
            ending, boot, terminates = happening
            life = (
                states.booted(life, boot)
                if ending is None
                else states.ended(life, boot, ending, terminates_on_shutdown=terminates)
            )
        assert life.boot >= before.boot
        if before.state is State.TERMINATED:
            assert life == before
        if life.state is State.TERMINATED:
            assert life.desired is DesiredState.TERMINATED
