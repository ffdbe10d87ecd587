"""What `--on-expiry stop` makes of a launch: disks that are kept for a week, and an end then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from spawn.core.endings import End
from spawn.core.errors import InputError
from spawn.launch.plan import LaunchPlan
from spawn.posture.controls.control import Outcome
from spawn.prices.facts import PriceFacts, Unpriced
from tests.unit.launch.accounts import fresh_account, plan_of, spec
from tests.unit.launch.requests import launches_of, tags_of


def planned(on_expiry: End = End.STOP, **fields: Any) -> LaunchPlan:
    return plan_of(spec(on_expiry=on_expiry, **fields))


def schedules(plan: LaunchPlan) -> dict[str, str]:
    """Return what each schedule of the plan calls, by when it does."""
    made = [step.parameters for step in plan.secure if step.operation == "scheduler:CreateSchedule"]
    return {one["ScheduleExpression"]: one["Target"]["Arn"].rpartition(":")[2] for one in made}


def at(plan: LaunchPlan, **later: int) -> str:
    return f"at({plan.expires_at + timedelta(**later):%Y-%m-%dT%H:%M:%S})"


def test_powering_off_stops_it_and_its_tag_says_so() -> None:
    """Every place that is tried gets the shutdown behaviour and the tag."""
    for parameters in launches_of(planned()):
        assert parameters["InstanceInitiatedShutdownBehavior"] == "stop"
        assert tags_of(parameters)["spawn:on-expiry"] == "stop"
    for parameters in launches_of(planned(End.TERMINATE)):
        assert parameters["InstanceInitiatedShutdownBehavior"] == "terminate"
        assert "spawn:on-expiry" not in tags_of(parameters)


def test_two_schedules_stand_behind_it() -> None:
    """One stops it five minutes past its end date, the other ends it a week later."""
    plan = planned()
    assert schedules(plan) == {
        at(plan, minutes=5): "stopInstances",
        at(plan, days=7, minutes=5): "terminateInstances",
    }
    plain = planned(End.TERMINATE)
    assert schedules(plain) == {at(plain, minutes=5): "terminateInstances"}


def test_the_controls_are_content_with_it() -> None:
    """Neither the two schedules nor the power-off that stops it is a finding."""
    outcomes = {one.control: one.outcome for one in planned().findings}
    for control in ("END-DATE", "END-WITHIN-30-DAYS", "END-BACKSTOP", "END-BY-SHUTDOWN"):
        assert outcomes[control] is Outcome.PASS


def test_the_summary_says_what_is_kept_and_what_it_costs() -> None:
    """How long the disk is there, and what it costs until then, stands beside the end date."""
    words = dict(planned().summary)["ends"]
    plan = planned()
    gone = plan.expires_at + timedelta(days=7)
    assert f"the instance stops; its disk goes at {gone:%Y-%m-%dT%H:%M:%SZ}" in words
    assert "and costs $" in words
    nobody = PriceFacts(told={}, nobody=Unpriced("nobody was asked"))
    priceless = plan_of(spec(on_expiry=End.STOP), replace(fresh_account(spec()), prices=nobody))
    assert "costs" not in dict(priceless.summary)["ends"]
    assert "the instance and its disk go" in dict(planned(End.TERMINATE).summary)["ends"]


def test_the_cost_is_that_of_all_disks() -> None:
    """For several instances it is what their disks cost together."""

    def usd(count: int) -> float:
        words = dict(planned(count=count).summary)["ends"]
        return float(words.partition("costs $")[2].split()[0])

    assert usd(3) == pytest.approx(3 * usd(1), rel=0.02)


def test_a_spot_instance_cannot_be_stopped() -> None:
    """What can't be had is refused, with the reason."""
    with pytest.raises(InputError) as caught:
        planned(spot=True)
    assert "--on-expiry stop" in caught.value.what
    assert "can't be stopped" in caught.value.why
