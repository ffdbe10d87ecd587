"""An agent that ships its log may do so, and is told where."""

from __future__ import annotations

from tests.unit.launch.accounts import REGION, plan_of, spec
from tests.unit.launch.mime import boothook_in, orders_in
from tests.unit.launch.requests import launches_of, own_policy, tags_of, user_data_of

TEMPLATE = "logs:WriteOnly@/spawn/spored"


def test_its_right_is_that_of_the_template() -> None:
    """The role is the very one that the template's name would make: no other right."""
    shipped = plan_of(spec(ship_logs=True))
    by_name = plan_of(spec(iam_policies=(TEMPLATE,)))
    assert own_policy(shipped) == own_policy(by_name)
    assert plan_of(spec(ship_logs=True, iam_policies=(TEMPLATE,))).prepare == shipped.prepare


def test_tag_and_agent_know_the_group() -> None:
    """Where the log is can be read off the instance, also once it is gone."""
    plan = plan_of(spec(ship_logs=True))
    for parameters in launches_of(plan):
        assert tags_of(parameters)["spawn:log-group"] == "/spawn/spored"
    sent = user_data_of(plan)
    endpoint = f"{REGION}/logs https://logs.{REGION}.amazonaws.com"
    assert orders_in(sent)["duties"]["ship"] == [endpoint, "/spawn/spored"]
    assert "put opt/spored/spored/ship.py" in boothook_in(sent)
    assert "spawn:log-group" not in tags_of(launches_of(plan_of(spec()))[0])
