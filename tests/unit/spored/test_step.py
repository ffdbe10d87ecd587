"""The machine ends when it should: not before, not much later, and not at all while it is held."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spored.orders import EXPIRES_AT, NOTICE_SECONDS
from spored.step import LASTS, TRANSITIONS, Cue, Do, State, Wish
from tests.unit.spored.machines import DAY, START, machine, tags_until

HOUR = 3600.0
# The longest way from the end date to force, but for the hook's own time and one look.
TO_FORCE = LASTS[State.STOPPING] + LASTS[State.POWERING_OFF]
GARBLED = st.sampled_from(["", "never", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59Z", "١٢"])
IDLE_STOP = Wish("idle for 30m", "stop")


def test_it_ends_at_its_end_date_and_not_before() -> None:
    """At the end date the hook's turn comes at once, then processes, power, and at last force."""
    box = machine(HOUR).looks(HOUR - 5)
    assert not box.deeds
    box.looks(300)
    assert box.did(Do.RUN_HOOK) == [HOUR]
    assert box.did(Do.END_PROCESSES)[0] <= HOUR + 10
    assert box.did(Do.POWER_OFF)[0] <= HOUR + 30
    assert box.did(Do.FORCE)[0] <= HOUR + TO_FORCE + 20
    assert len(box.did(Do.FORCE)) > 3


LOOKS = st.tuples(
    st.sampled_from([0.5, 5.0, 20.0, 60.0]),
    st.none() | st.just({}) | GARBLED.map(lambda text: {EXPIRES_AT: text}),
    st.sampled_from([(), (IDLE_STOP,)]),
    st.booleans(),
)


@given(st.integers(60, 600), st.lists(LOOKS, max_size=60))
def test_nothing_that_is_seen_keeps_it_from_its_end(
    lives: int, looks: list[tuple[float, dict[str, str] | None, tuple[Wish, ...], bool]]
) -> None:
    """Garbled tags, missing ones, hooks that hang, refusals: the end comes all the same."""
    box = machine(lives, pre_stop=60.0)
    for seconds, tags, wishes, is_over in looks:
        box.look(seconds, tags=tags, wishes=wishes, is_over=is_over)
    while box.passed < lives + 60 + TO_FORCE + 60:
        box.look(5, wishes=[IDLE_STOP])
    assert box.did(Do.POWER_OFF)
    assert box.state is State.FORCING


@given(st.lists(st.tuples(st.sampled_from([5.0, 60.0, 600.0]), st.integers(1, 10_000))))
def test_whoever_tags_can_not_end_it_without_notice(orders: list[tuple[float, int]]) -> None:
    """However the end date is moved, none comes sooner than 15 minutes after it was first read."""
    box, soonest = machine(DAY), START + DAY
    for seconds, left in orders:
        ends = box.now + seconds + left
        box.look(seconds, tags=tags_until(ends))
        soonest = min(soonest, max(ends, box.now + NOTICE_SECONDS)) if ends < soonest else ends
        if box.state is State.WATCHING:
            assert box.memory.orders.until >= int(soonest)
    assert all(START + passed >= START + NOTICE_SECONDS for passed in box.did(Do.RUN_HOOK))


def test_an_end_that_is_brought_forward_is_announced() -> None:
    """A stranger's order to end now is said aloud at once, and followed 15 minutes later."""
    box = machine(DAY).look(60, tags=tags_until(START - 60))
    assert [said.event for said in box.said if said.aloud] == ["order", "warning"]
    box.looks(NOTICE_SECONDS - 5)
    assert not box.deeds
    box.looks(10)
    assert box.did(Do.RUN_HOOK)


def test_an_end_that_is_put_off_holds_at_once() -> None:
    """An hour more is an hour more, also in the last minute; the warnings come again."""
    box = machine(HOUR).looks(HOUR - 30)
    box.look(5, tags=tags_until(START + 2 * HOUR)).looks(HOUR)
    assert not box.deeds
    assert sum(said.event == "warning" for said in box.said) == 3 + 3
    assert box.looks(120).did(Do.RUN_HOOK)[0] == pytest.approx(2 * HOUR, abs=6)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "2026-03-27T12:00:00Z", "soon", ""])
def test_no_order_makes_it_live_for_ever(text: str) -> None:
    """What can't be understood, or lies too far ahead, is refused in words and changes nothing."""
    box = machine(HOUR).look(5, tags={EXPIRES_AT: text})
    assert box.memory.orders.until == START + HOUR
    assert [said.event for said in box.said] == ["order", "refused"]
    box.look(5, tags={EXPIRES_AT: text})
    assert len(box.said) == 2


def test_warnings_come_at_15_5_and_1_minutes() -> None:
    """Whoever is logged in hears of the end three times, with the time that is left."""
    box = machine(HOUR).looks(HOUR - 5)
    assert [said.words for said in box.said if said.aloud] == [
        f"powers off within {minutes} min" for minutes in (15, 5, 1)
    ]


@pytest.mark.parametrize(
    "state", [State.WATCHING, State.PREPARING, State.ASKING, State.STOPPING], ids=str
)
def test_a_hold_beats_every_ending(state: State) -> None:
    """A hold stops whatever is under way, but for the power that is going; nothing ends it then."""
    box = machine(60, pre_stop=30.0)
    if state is State.ASKING:
        box.look(5, wishes=[IDLE_STOP])
    for _ in range(1000):
        if box.state is state:
            break
        box.look(1, wishes=[IDLE_STOP] if state is State.ASKING and box.passed < 50 else [])
    assert box.state is state
    box.look(1, tags=tags_until(START + 60, hold=True))
    begun = len(box.deeds)
    box.looks(30 * DAY, every=600).look(5, wishes=[IDLE_STOP])
    assert box.state is State.HELD
    assert len(box.deeds) == begun


def test_a_held_machine_is_not_forced_off() -> None:
    """A hold that comes while the system powers off keeps the agent from helping it on."""
    box = machine(60).looks(80)
    assert box.state is State.POWERING_OFF
    box.look(1, tags=tags_until(START + 60, hold=True)).looks(600)
    assert not box.did(Do.FORCE)


def test_a_release_gives_notice() -> None:
    """Taken off a hold, a machine whose end date has passed has 15 minutes."""
    box = machine(HOUR).look(5, tags=tags_until(START + HOUR, hold=True)).looks(2 * HOUR)
    assert box.look(5, tags=tags_until(START + HOUR)).state is State.WATCHING
    box.looks(NOTICE_SECONDS - 10)
    assert not box.deeds
    assert box.looks(20).did(Do.RUN_HOOK)


def test_a_hook_has_its_time_and_no_more() -> None:
    """What is left of the hook's time is not waited for once it has ended; none is added."""
    quick, stuck = machine(60, pre_stop=120.0), machine(60, pre_stop=120.0)
    quick.looks(60).look(1, is_over=True)
    assert quick.did(Do.END_PROCESSES) == [61]
    assert stuck.looks(600).did(Do.END_PROCESSES)[0] == pytest.approx(180, abs=5)


def test_to_stop_or_hibernate_ec2_is_asked() -> None:
    """An end that keeps the disks ends no process and no power: EC2 is asked."""
    box = machine(DAY).look(5, wishes=[IDLE_STOP]).looks(10)
    assert [deed for _, deed in box.deeds] == [Do.RUN_HOOK, Do.WITHDRAW, Do.ASK]


@pytest.mark.parametrize("is_refused", [True, False])
def test_what_ec2_does_not_do_is_asked_again_later(*, is_refused: bool) -> None:
    """Refused, or hibernated and back, it goes on, and asks again a quarter of an hour later."""
    box = machine(DAY).look(5, wishes=[IDLE_STOP]).look(1)
    assert box.did(Do.ASK)
    box.look(5 if is_refused else 8 * HOUR, is_over=is_refused)
    assert box.state is State.WATCHING
    again = box.passed
    for _ in range(400):
        box.look(5, wishes=[IDLE_STOP])
    asked = box.did(Do.ASK)
    assert len(asked) > 1
    assert asked[1] - again >= 900


def test_the_end_date_does_not_wait_for_ec2() -> None:
    """An end date that comes while EC2 is asked powers off, whatever EC2 says."""
    box = machine(60).look(50, wishes=[IDLE_STOP]).look(1).look(10)
    assert [deed for _, deed in box.deeds][-1] is Do.END_PROCESSES
    assert box.looks(30).did(Do.POWER_OFF)


def test_a_changed_order_gives_notice_before_any_other_end() -> None:
    """Whoever makes a machine idle by an order waits a quarter of an hour for its end."""
    idle = Wish("idle for 1m")
    box = machine(DAY)
    tags = tags_until(START + DAY) | {"spawn:idle-timeout": "1m"}
    box.look(5, tags=tags, wishes=[idle])
    for _ in range(int(NOTICE_SECONDS / 5) - 2):
        box.look(5, wishes=[idle])
    assert not box.deeds
    for _ in range(4):
        box.look(5, wishes=[idle])
    assert box.did(Do.RUN_HOOK)


def test_an_end_date_is_not_believed_before_orders_were_read() -> None:
    """A machine that starts after its old end date waits for the new one that may have been set."""
    box = machine(-HOUR).look(5, may_be_due=False)
    assert not box.deeds
    assert box.look(5, tags=tags_until(START + HOUR)).state is State.WATCHING
    assert machine(-HOUR).look(5).did(Do.RUN_HOOK)


def test_every_state_leads_to_an_end() -> None:
    """From each state, by some cues, power goes off; force has no way back."""
    leads: set[State] = {State.FORCING}
    for _ in State:
        leads |= {state for (state, _), (then, _) in TRANSITIONS.items() if then in leads}
    assert leads == {*State}
    assert {then for (state, _), (then, _) in TRANSITIONS.items() if state is State.FORCING} == {
        State.FORCING
    }


@pytest.mark.parametrize("cue", Cue, ids=lambda cue: cue.name)
def test_every_cue_means_something(cue: Cue) -> None:
    """No cue is left over that no state heeds."""
    assert any(heeded is cue for _, heeded in TRANSITIONS)
