"""Types and zones in the order in which they are tried, their price, and what if none is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.perform import Attempt
from spawn.core.errors import AwsRefusal, InputError, NamedThingNotFound, RefusedByControl
from spawn.core.tags import Tag
from spawn.launch.shortage import SHORTAGE_CODES, is_shortage, quota_code, shortage_error
from spawn.prices.facts import PriceFacts, Unpriced
from tests.unit.launch.accounts import AMI, ARM_AMI, fresh_account, plan_of, spec
from tests.unit.launch.requests import launches_of, tags_of

BOTH = ("t4g.nano", "t3.micro")
EIGHT_HOURS = timedelta(hours=8)


def attempt(label: str, code: str) -> Attempt:
    return Attempt(label, AwsRefusal("AWS refused", code=code))


def test_each_type_is_tried_in_each_zone_before_the_next_type() -> None:
    """The types' order is the person's; each brings the image of its own architecture."""
    tried = [
        (one["InstanceType"], one["NetworkInterfaces"][0]["SubnetId"][-1], one["ImageId"])
        for one in launches_of(plan_of(spec(instance_types=BOTH)))
    ]
    assert tried == [
        *(("t4g.nano", zone, ARM_AMI) for zone in "abc"),
        *(("t3.micro", zone, AMI) for zone in "abc"),
    ]


@given(st.permutations([f"eu-west-1{letter}" for letter in "abc"]), st.integers(1, 3))
def test_zones_are_tried_in_the_order_that_was_asked_for(zones: list[str], count: int) -> None:
    """Named zones are the only ones, and come in the person's order."""
    asked = tuple(zones[:count])
    plan = plan_of(spec(zones=asked))
    assert plan.run.sentence == f"launch t3.micro in {asked[0]}"
    labels = [choice.label for choice in plan.run.alternatives]
    assert labels == [f"t3.micro in {zone}" for zone in asked[1:]]


def test_every_try_has_a_token_of_its_own() -> None:
    """A try that was lost on its way can't be answered by the instance of another one."""
    tokens = [one["ClientToken"] for one in launches_of(plan_of(spec(instance_types=BOTH)))]
    assert len(set(tokens)) == len(tokens) == 6
    assert all(len(token) <= 64 for token in tokens)


def test_a_type_that_is_not_offered_is_passed_over_and_said() -> None:
    """With other types to try, one that the zone lacks is a note; alone it is an error."""
    asked = spec(instance_types=BOTH)
    facts = fresh_account(asked)
    offered = tuple(one for one in facts.network.offerings if one.instance_type == "t3.micro")
    network = msgspec.structs.replace(facts.network, offerings=offered)
    scarce = replace(facts, network=network)
    plan = plan_of(asked, scarce)
    assert {one["InstanceType"] for one in launches_of(plan)} == {"t3.micro"}
    assert any("t4g.nano is not offered" in note for note in plan.notes)
    with pytest.raises(InputError, match=r"t4g\.nano is not offered"):
        plan_of(spec(instance_types=("t4g.nano",)), scarce)


def test_a_type_that_does_not_exist_is_a_mistake_even_among_others() -> None:
    """A typo is told, and not passed over in silence."""
    asked = spec(instance_types=("t3.micro", "t3.mirco"))
    with pytest.raises(NamedThingNotFound, match=r"t3\.mirco"):
        plan_of(asked, fresh_account(spec()))


def test_the_price_stands_on_the_instance_and_in_the_summary() -> None:
    """An instance carries what it costs an hour: machine, disk and public address."""
    plan = plan_of(spec(count=2))
    usd_per_hour = Decimal("0.1") + Decimal("0.08") * 8 / 730 + Decimal("0.005")
    (tagged,) = {tags_of(one, "instance")[Tag.USD_PER_HOUR] for one in launches_of(plan)}
    assert 0 <= Decimal(tagged) - usd_per_hour < Decimal("0.000001")
    assert "an hour for 2, each instance $0.10" in dict(plan.summary)["price"]


def test_a_price_that_is_not_known_fails_no_launch() -> None:
    """Without a price list the launch is planned, its price is unknown and the reason is said."""
    asked = spec()
    unpriced = PriceFacts(told={}, nobody=Unpriced("AWS denied pricing:GetProducts"))
    blind = replace(fresh_account(asked), prices=unpriced)
    plan = plan_of(asked, blind)
    assert Tag.USD_PER_HOUR not in tags_of(plan.run.parameters, "instance")
    assert dict(plan.summary)["price"].startswith("unknown (AWS denied pricing:GetProducts")
    with pytest.raises(RefusedByControl) as refused:
        plan_of(spec(max_cost=Decimal(1000)), blind)
    assert refused.value.controls == ("COST-MAX",)


def test_the_limit_bounds_every_alternative_and_every_instance() -> None:
    """What would be dearer than the limit in any place, for all of them, is refused."""
    cheap = Decimal("0.85")  # eight hours of one instance cost 0.847 dollars
    plan_of(spec(max_cost=cheap))
    with pytest.raises(RefusedByControl):
        plan_of(spec(max_cost=cheap, count=2))
    plan_of(spec(max_cost=cheap * 2, count=2))
    with pytest.raises(RefusedByControl):
        plan_of(spec(max_cost=cheap, ttl=EIGHT_HOURS * 2))


def test_the_limit_bounds_what_a_spot_price_may_rise_to() -> None:
    """Spare capacity is cheap now; what counts is the maximum: the given, or the listed price."""
    now, listed = Decimal("0.60"), Decimal("0.85")  # eight hours at the spot price, and on demand
    with pytest.raises(RefusedByControl):
        plan_of(spec(spot=True, max_cost=now))
    assert "at the most $0.8" in dict(plan_of(spec(spot=True, max_cost=listed)).summary)["price"]
    plan_of(spec(spot=True, max_cost=now, spot_max_price=Decimal("0.06")))
    with pytest.raises(RefusedByControl):
        plan_of(spec(spot=True, max_cost=listed, spot_max_price=Decimal("0.2")))


@pytest.mark.parametrize("code", SHORTAGE_CODES)
def test_each_kind_of_shortage_is_explained(code: str) -> None:
    """Every try is named with its reason, and there is a command to type."""
    tries = (attempt("", code), attempt("t3.micro in eu-west-1b", code))
    assert is_shortage(tries)
    error = shortage_error(spec(), tries, first_label="t3.micro in eu-west-1a")
    assert "t3.micro in eu-west-1a: " in error.why
    assert "t3.micro in eu-west-1b: " in error.why
    assert code in error.why
    assert error.next_command.startswith("aws ")


def test_what_helps_is_what_was_not_tried() -> None:
    """The advice names the flags of this launch that narrow it, and no others."""
    tries = (attempt("", "InsufficientInstanceCapacity"),)
    plain = shortage_error(spec(), tries, first_label="x").why
    assert "--instance-type a,b,c" in plain
    assert not any(flag in plain for flag in ("--spot", "--az", "--subnet", "--min-count"))
    narrow = spec(spot=True, zones=("eu-west-1a",), count=3)
    narrowed = shortage_error(narrow, tries, first_label="x")
    assert all(flag in narrowed.why for flag in ("--spot", "--az", "--min-count"))
    assert narrowed.what == "3 spot instances can't be had now"


def test_a_refusal_among_the_tries_is_no_shortage() -> None:
    """For want of a permission no other zone helps: that error stays what it is."""
    assert not is_shortage((attempt("", "UnauthorizedOperation"),))
    assert not is_shortage((attempt("", "Unsupported"), attempt("b", "UnauthorizedOperation")))
    assert not is_shortage(())


@pytest.mark.parametrize(
    ("instance_type", "on_demand", "spot"),
    [
        ("t3.micro", "L-1216C47A", "L-34B43A08"),
        ("g4dn.xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("p5.48xlarge", "L-417A185B", "L-7212CCBC"),
        ("inf2.xlarge", "L-1945791B", "L-B5D1601B"),
        ("im4gn.large", "L-1216C47A", "L-34B43A08"),
    ],
)
def test_the_quota_is_the_one_of_the_family(instance_type: str, on_demand: str, spot: str) -> None:
    """Families are counted in groups, and spot apart: the code leads to the right number."""
    assert quota_code(instance_type, spot=False) == on_demand
    assert quota_code(instance_type, spot=True) == spot
