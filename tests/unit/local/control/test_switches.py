"""Switches meet the launches that they name, and no other call."""

from __future__ import annotations

import msgspec
import pytest

from spawn.local.control.messages import AwsError
from spawn.local.control.switches import (
    InjectedError,
    LaunchTarget,
    NoCapacity,
    Settings,
    Switches,
)

SPOT = LaunchTarget(instance_type="t3.micro", zone="us-east-1a", market="spot")
ON_DEMAND = LaunchTarget(instance_type="t3.micro", zone="us-east-1b", market="on-demand")


def test_an_error_meets_the_launches_it_names() -> None:
    """A quota of the spot market fails spot launches as often as told, and no others."""
    error = InjectedError(
        operation="ec2:RunInstances", code="Q", message="m", market="spot", times=1
    )
    switches = Switches(errors=[error])
    switches.fail_if_told("ec2:RunInstances", ON_DEMAND)
    switches.fail_if_told("ec2:DescribeInstances")
    with pytest.raises(AwsError) as refused:
        switches.fail_if_told("ec2:RunInstances", SPOT)
    assert refused.value.code == "Q"
    switches.fail_if_told("ec2:RunInstances", SPOT)


def test_an_error_without_a_launch_s_names_meets_any_call() -> None:
    """What names no type, zone or market fails calls that launch nothing as well."""
    switches = Switches(errors=[InjectedError(operation="iam:GetRole", code="T", message="m")])
    with pytest.raises(AwsError):
        switches.fail_if_told("iam:GetRole")


def test_room_is_used_up() -> None:
    """Each launched instance takes one place, of every limit that it falls under."""
    type_limit, zone_limit = (
        NoCapacity(instance_type="t3.micro", left=3),
        NoCapacity(zone="us-east-1a", left=1),
    )
    switches = Switches(no_capacity=[type_limit, zone_limit])
    assert (switches.capacity(SPOT), switches.capacity(ON_DEMAND)) == (1, 3)
    switches.use_capacity(SPOT, 1)
    assert (switches.capacity(SPOT), switches.capacity(ON_DEMAND)) == (0, 2)
    other = LaunchTarget(instance_type="m5.large", zone="us-east-1b", market="spot")
    assert switches.capacity(other) is None


def test_a_limit_without_a_number_is_none_left() -> None:
    """As before the number existed: no capacity at all."""
    switches = Switches(no_capacity=[NoCapacity(zone="us-east-1a")])
    assert (switches.capacity(SPOT), switches.capacity(ON_DEMAND)) == (0, None)


@pytest.mark.parametrize("market", ["spots", "SPOT", ""])
def test_a_market_that_there_is_not_is_refused(market: str) -> None:
    """A misspelt switch would silently never fire."""
    text = msgspec.json.encode({"no_capacity": [{"market": market}]})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Settings)
