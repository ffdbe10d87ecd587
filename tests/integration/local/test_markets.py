"""Counts, capacity and the spot market: what RunInstances gives when there is not enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import ADMIN_TRUST, Account

SPOT = {"MarketType": "spot"}


def _run(account: Account, least: int = 1, most: int = 1, **parameters: Any) -> list[Any]:
    asked = {"ImageId": account.image_id(), "InstanceType": "t3.micro", **parameters}
    answer = account.client("ec2").run_instances(MinCount=least, MaxCount=most, **asked)
    return list(answer["Instances"])


def _refusal(account: Account, least: int = 1, most: int = 1, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        _run(account, least, most, **parameters)
    return str(refused.value.response["Error"]["Code"])


def _in_zone(account: Account, zone: str) -> dict[str, Any]:
    subnets = account.client("ec2").describe_subnets()["Subnets"]
    return {"SubnetId": next(s["SubnetId"] for s in subnets if s["AvailabilityZone"] == zone)}


def test_a_launch_takes_what_there_is(account: Account) -> None:
    """Between MinCount and MaxCount it launches what is left, and then nothing is left."""
    account.set_switches(no_capacity=[{"instance_type": "t3.micro", "left": 3}])
    got = _run(account, 2, 5)
    assert [i["AmiLaunchIndex"] for i in got] == [0, 1, 2]
    shown = account.client("ec2").describe_instances()["Reservations"]
    assert [len(r["Instances"]) for r in shown] == [3]
    assert _refusal(account) == "InsufficientInstanceCapacity"
    assert len(_run(account, 1, 2, InstanceType="t3.small")) == 2


def test_below_the_least_nothing_is_launched(account: Account) -> None:
    """MinCount is all or nothing, and takes nothing of what is left."""
    account.set_switches(no_capacity=[{"left": 2}])
    assert _refusal(account, 3, 5) == "InsufficientInstanceCapacity"
    assert account.client("ec2").describe_instances()["Reservations"] == []
    assert len(_run(account, 2, 5)) == 2


def test_capacity_differs_by_zone_and_market(account: Account) -> None:
    """A zone without spot capacity has on-demand capacity, and another zone has both."""
    account.set_switches(no_capacity=[{"zone": "us-east-1a", "market": "spot"}])
    here, there = _in_zone(account, "us-east-1a"), _in_zone(account, "us-east-1b")
    with pytest.raises(ClientError, match="no Spot capacity available"):
        _run(account, InstanceMarketOptions=SPOT, **here)
    assert len(_run(account, **here)) == 1
    assert len(_run(account, InstanceMarketOptions=SPOT, **there)) == 1


def test_the_refusal_names_other_zones(account: Account) -> None:
    """As EC2 says where else the type is to be had; so for a type that the zone lacks."""
    account.set_switches(no_capacity=[{"zone": "us-east-1a"}])
    with pytest.raises(ClientError, match=r"choosing us-east-1b, us-east-1c") as refused:
        _run(account, **_in_zone(account, "us-east-1a"))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    with pytest.raises(ClientError, match=r"Unsupported.*choosing us-east-1a, us-east-1b"):
        _run(account, Placement={"AvailabilityZone": "us-east-1e"})


def test_a_quota_is_of_a_market(account: Account) -> None:
    """An injected quota error meets the launches that it names, as often as told."""
    quota = {
        "operation": "ec2:RunInstances",
        "code": "MaxSpotInstanceCountExceeded",
        "message": "Max spot instance count exceeded",
        "market": "spot",
        "instance_type": "t3.micro",
        "times": 1,
    }
    account.set_switches(errors=[quota])
    assert len(_run(account)) == 1
    assert len(_run(account, InstanceType="t3.small", InstanceMarketOptions=SPOT)) == 1
    assert _refusal(account, InstanceMarketOptions=SPOT) == "MaxSpotInstanceCountExceeded"
    assert len(_run(account, InstanceMarketOptions=SPOT)) == 1


def test_a_spot_instance_is_shown_as_one(account: Account) -> None:
    """Its life cycle and its request, one for each; an on-demand instance has neither."""
    spots = _run(account, 2, 2, InstanceMarketOptions=SPOT)
    assert {i["InstanceLifecycle"] for i in spots} == {"spot"}
    requests = {account.describe(i["InstanceId"])["SpotInstanceRequestId"] for i in spots}
    assert len(requests) == 2
    plain = account.describe(_run(account)[0]["InstanceId"])
    assert {"InstanceLifecycle", "SpotInstanceRequestId"}.isdisjoint(plain)


def _price_now(account: Account, zone: str) -> float:
    now = datetime.now(UTC)
    [price] = account.client("ec2").describe_spot_price_history(
        InstanceTypes=["t3.micro"],
        ProductDescriptions=["Linux/UNIX (Amazon VPC)"],
        AvailabilityZone=zone,
        StartTime=now,
        EndTime=now,
    )["SpotPriceHistory"]
    assert price["Timestamp"] <= now
    assert price["ProductDescription"] == "Linux/UNIX"
    return float(price["SpotPrice"])


def test_a_bid_below_the_price_is_too_low(account: Account) -> None:
    """The price that the history shows is the least that RunInstances takes."""
    zone = _in_zone(account, "us-east-1b")
    price = _price_now(account, "us-east-1b")
    low, enough = f"{price - 0.00001:.6f}", f"{price:.6f}"
    market = {"MarketType": "spot", "SpotOptions": {"MaxPrice": low}}
    assert _refusal(account, InstanceMarketOptions=market, **zone) == "SpotMaxPriceTooLow"
    market["SpotOptions"] = {"MaxPrice": enough, "SpotInstanceType": "one-time"}
    assert len(_run(account, InstanceMarketOptions=market, **zone)) == 1


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"SpotOptions": {"MaxPrice": "1"}}, "InvalidParameterCombination"),
        (SPOT | {"SpotOptions": {"SpotInstanceType": "persistent"}}, "NotImplemented"),
        (
            SPOT | {"SpotOptions": {"InstanceInterruptionBehavior": "stop"}},
            "InvalidParameterCombination",
        ),
        (SPOT | {"SpotOptions": {"MaxPrice": "cheap"}}, "InvalidParameterValue"),
    ],
)
def test_a_market_that_can_t_be(account: Account, parameters: dict[str, Any], code: str) -> None:
    """What a one-time request can't have is refused, and nothing is made."""
    assert _refusal(account, InstanceMarketOptions=parameters) == code
    assert account.client("ec2").describe_instances()["Reservations"] == []


def test_the_history_goes_back_and_in_pages(account: Account) -> None:
    """Each zone's price of each day, the newest first, without gap or repetition."""
    ec2, now = account.client("ec2"), datetime.now(UTC)
    asked = {
        "InstanceTypes": ["t3.micro", "c5.large"],
        "ProductDescriptions": ["Linux/UNIX"],
        "StartTime": now - timedelta(days=3),
        "EndTime": now,
    }
    whole = ec2.describe_spot_price_history(**asked)["SpotPriceHistory"]
    pages = ec2.get_paginator("describe_spot_price_history").paginate(
        **asked, PaginationConfig={"PageSize": 7}
    )
    assert [p for page in pages for p in page["SpotPriceHistory"]] == whole
    series: dict[tuple[str, str], list[datetime]] = {}
    for price in whole:
        key = (price["InstanceType"], price["AvailabilityZone"])
        series.setdefault(key, []).append(price["Timestamp"])
    assert len(series) >= 10
    for moments in series.values():
        assert len(moments) == 4  # the price in force at the start, and three changes
        assert moments == sorted(moments, reverse=True)


def test_a_policy_can_forbid_spot(account: Account) -> None:
    """ec2:InstanceMarketType tells the markets apart."""
    anything = {"Effect": "Allow", "Action": ["ec2:*"], "Resource": "*"}
    no_spot = {
        "Effect": "Deny",
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringEquals": {"ec2:InstanceMarketType": "spot"}},
    }
    role = account.role("person", trusts=ADMIN_TRUST, allows=[anything, no_spot])
    theirs = account.client("ec2", account.assume(role))
    asked = {"ImageId": account.image_id(), "InstanceType": "t3.micro"}
    theirs.run_instances(MinCount=1, MaxCount=1, **asked)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        theirs.run_instances(MinCount=1, MaxCount=1, InstanceMarketOptions=SPOT, **asked)
