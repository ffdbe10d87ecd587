from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec
import pytest

from spawn.aws.operation import Answer, Operation
from spawn.aws.perform import Performer
from spawn.aws.questions import Known
from spawn.core.errors import (
    AccountError,
    AwsRefusal,
    Interrupted,
    RefusedByControl,
    Unreachable,
)
from spawn.core.steps import Parameters
from spawn.lifecycle.allow import AllowPlan, plan_allow
from spawn.lifecycle.allow_apply import SETTLED_WITHIN_SECONDS, Allowed, Allowing
from spawn.network.rules import tcp
from tests.unit.lifecycle.admissions import HOME, HOTEL, NEW, OWN, Scene, own, request
from tests.unit.lifecycle.builders import NOW
from tests.unit.lifecycle.clouds import StandingClock

MODIFY = "ec2:ModifyNetworkInterfaceAttribute"
CREATE = "ec2:CreateSecurityGroup"
TWO_INTERFACES = Scene(groups={OWN: own(HOME)}, interfaces=((OWN,), (OWN,)))
Trouble = Callable[[], None]


@dataclass
class World:
    """Performs writes on a scene; `troubles` come before, `afterwards` after the nth call."""

    scene: Scene
    troubles: dict[tuple[str, int], Trouble] = field(default_factory=dict)
    afterwards: dict[tuple[str, int], Trouble] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Answer no reads: facts come from the scene."""
        raise AssertionError(f"{operation.key} is asked of nobody here")

    def do(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Do what is asked."""
        self.calls.append(operation.key)
        here = (operation.key, self.calls.count(operation.key))
        self.troubles.get(here, _nothing)()
        self.scene = self.scene.after_call(operation.key, parameters)
        self.afterwards.get(here, _nothing)()
        return {"GroupId": NEW}

    def plan(self) -> AllowPlan:
        """Plan from what there is now."""
        return plan_allow(request(), self.scene.facts(callers=Known(("203.0.113.99",))), now=NOW)

    def allow(self) -> Allowed:
        """Plan and perform."""
        performer = Performer(writer=self, clock=StandingClock())
        return Allowing(performer=performer, replan=self.plan, phase=_ignore).apply(self.plan())


def _nothing() -> None:
    pass


def _ignore(sentence: str) -> None:
    pass


def raising(error: BaseException) -> Trouble:
    def trouble() -> None:
        raise error

    return trouble


def denial(code: str = "UnauthorizedOperation") -> AwsRefusal:
    return AwsRefusal("AWS refused", code=code, operation=MODIFY)


def test_both_interfaces_are_changed() -> None:
    """All interfaces come into the new group, and what is seen afterwards has nothing left."""
    world = World(TWO_INTERFACES)
    allowed = world.allow()
    assert world.scene.interfaces == ((NEW,), (NEW,))
    assert allowed.seen.is_done
    assert allowed.plan.lets_in == allowed.seen.lets_in == (HOTEL,)


def test_a_refusal_at_the_second_puts_the_first_back() -> None:
    """Where one interface can't be changed the other one is as it was, and the error says so."""
    world = World(TWO_INTERFACES, {(MODIFY, 2): raising(denial())})
    with pytest.raises(AwsRefusal) as caught:
        world.allow()
    assert world.scene.interfaces == TWO_INTERFACES.interfaces
    assert caught.value.aftermath == (f"done: put eni-0 back into {OWN}",)
    assert NEW in world.scene.groups


def test_what_may_have_been_changed_is_put_back() -> None:
    """A change whose answer was lost is taken for done, and put back as well."""
    lost = Unreachable("no answer", code="EndpointConnectionError", operation=MODIFY)
    world = World(TWO_INTERFACES, afterwards={(MODIFY, 2): raising(lost)})
    with pytest.raises(Unreachable) as caught:
        world.allow()
    assert world.scene.interfaces == TWO_INTERFACES.interfaces
    assert len(caught.value.aftermath) == 2


def test_what_can_not_be_put_back_is_named() -> None:
    """Where putting back fails as well, the error says which interface is left."""
    world = World(TWO_INTERFACES, {(MODIFY, 2): raising(denial()), (MODIFY, 3): raising(denial())})
    with pytest.raises(AwsRefusal) as caught:
        world.allow()
    assert caught.value.aftermath == (f"left undone: put eni-0 back into {OWN}",)


def test_a_refusal_at_the_first_changes_nothing() -> None:
    """There is nothing to put back then, and that is said."""
    world = World(TWO_INTERFACES, {(MODIFY, 1): raising(denial())})
    with pytest.raises(AwsRefusal) as caught:
        world.allow()
    assert world.calls.count(MODIFY) == 1
    assert caught.value.aftermath == ("no interface was changed",)


def test_ctrl_c_puts_back() -> None:
    """A person who stops it in between finds the instance as it was."""
    world = World(TWO_INTERFACES, afterwards={(MODIFY, 1): raising(KeyboardInterrupt())})
    with pytest.raises(Interrupted) as caught:
        world.allow()
    assert world.scene.interfaces == TWO_INTERFACES.interfaces
    assert caught.value.aftermath == (f"done: put eni-0 back into {OWN}",)


def test_a_collision_is_planned_anew() -> None:
    """The group that somebody made at the same moment is read back and used."""
    world = World(TWO_INTERFACES)

    def made_by_another() -> None:
        world.scene = world.scene.after(world.plan())
        world.scene = Scene(groups=world.scene.groups, interfaces=TWO_INTERFACES.interfaces)
        raise denial("InvalidGroup.Duplicate")

    world.troubles[CREATE, 1] = made_by_another
    world.allow()
    assert world.scene.interfaces == ((NEW,), (NEW,))
    assert world.calls.count(CREATE) == 1


def test_collisions_without_end_are_given_up() -> None:
    """A group that is never there and always in the way ends it, with nothing changed."""
    duplicate = raising(denial("InvalidGroup.Duplicate"))
    world = World(TWO_INTERFACES, {(CREATE, number): duplicate for number in range(1, 9)})
    with pytest.raises(AccountError, match="keeps changing"):
        world.allow()
    assert world.scene == TWO_INTERFACES


def test_a_change_that_does_not_show_is_put_back() -> None:
    """What AWS does not show within its time to settle has failed."""
    world = World(TWO_INTERFACES)
    world.afterwards[MODIFY, 2] = lambda: setattr(
        world, "scene", Scene(groups=world.scene.groups, interfaces=((NEW,), (OWN,)))
    )
    with pytest.raises(AccountError, match="is not as it was planned") as caught:
        world.allow()
    assert "still to do: put eni-1 into" in caught.value.why
    assert world.scene.interfaces == TWO_INTERFACES.interfaces
    assert len(caught.value.aftermath) == 2


def test_a_change_may_take_a_moment_to_show() -> None:
    """Answers that lag behind are asked for again, within the time that AWS has to settle."""
    world = World(TWO_INTERFACES)
    performer = Performer(writer=world, clock=StandingClock())
    begun = performer.clock.monotonic()
    stale = world.plan()

    def replan() -> AllowPlan:
        waited = performer.clock.monotonic() - begun
        return stale if waited < SETTLED_WITHIN_SECONDS / 2 else world.plan()

    allowed = Allowing(performer=performer, replan=replan, phase=_ignore).apply(world.plan())
    assert allowed.seen.is_done


def test_what_is_refused_afterwards_is_put_back() -> None:
    """A group that somebody widens between its making and its use lets nobody in for long."""
    world = World(TWO_INTERFACES)

    def widened() -> None:
        rules = world.scene.groups[NEW].rules
        wide = msgspec.structs.replace(rules, ingress=rules.ingress | {tcp(22, "0.0.0.0/0")})
        group = replace(world.scene.groups[NEW], rules=wide)
        world.scene = replace(world.scene, groups=world.scene.groups | {NEW: group})

    world.afterwards[MODIFY, 2] = widened
    with pytest.raises(RefusedByControl, match="is not as spawn made it"):
        world.allow()
    assert world.scene.interfaces == TWO_INTERFACES.interfaces
