"""The price list is whole and unambiguous, and spare capacity is always cheaper."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

from spawn.local.control.messages import AwsError
from spawn.local.control.prices import (
    REGIONS,
    linux_usd_per_hour,
    priced_types,
    windows_usd_per_hour,
)
from spawn.local.control.pricing import matching
from spawn.local.control.products import products, vcpus_and_memory
from spawn.local.control.spot import WINDOWS, current_usd_per_hour, spot_usd_per_hour

DAYS = st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
TYPES, PLACES = st.sampled_from(priced_types()), st.sampled_from(sorted(REGIONS))


def _plain(region: str, instance_type: str, system: str) -> list[dict[str, str]]:
    """The filters that the documentation gives for the price of a plain instance."""
    terms = {
        "regionCode": region,
        "instanceType": instance_type,
        "operatingSystem": system,
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }
    return [{"Type": "TERM_MATCH", "Field": k, "Value": v} for k, v in terms.items()]


@given(region=PLACES, instance_type=TYPES)
def test_a_plain_instance_is_one_product(region: str, instance_type: str) -> None:
    """The documented filters leave exactly one product, with the on-demand price."""
    [product] = matching(products("AmazonEC2"), _plain(region, instance_type, "Linux"))
    assert product.usd == linux_usd_per_hour(instance_type, region)
    document = json.loads(product.document())
    [offer] = document["terms"]["OnDemand"].values()
    [dimension] = offer["priceDimensions"].values()
    assert dimension["unit"] == "Hrs"
    assert dimension["pricePerUnit"] == {"USD": f"{product.usd:.10f}"}
    assert document["product"]["sku"] == offer["sku"]


def test_no_two_products_share_a_sku() -> None:
    """A SKU names one product of the whole list."""
    counts = Counter(p.sku for service in ("AmazonEC2", "AmazonVPC") for p in products(service))
    assert counts.most_common(1)[0][1] == 1


@pytest.mark.parametrize("missing", ["tenancy", "capacitystatus", "regionCode", "operatingSystem"])
def test_a_careless_filter_is_ambiguous(missing: str) -> None:
    """Without one of the filters there are several prices, as on AWS."""
    filters = [f for f in _plain("us-east-1", "m5.large", "Linux") if f["Field"] != missing]
    assert len({product.usd for product in matching(products("AmazonEC2"), filters)}) > 1


def test_an_unknown_kind_of_filter_is_refused() -> None:
    """What is not understood is not ignored."""
    with pytest.raises(AwsError):
        matching((), [{"Type": "STARTS_WITH", "Field": "usagetype", "Value": "gp3"}])


@given(instance_type=TYPES, region=PLACES, zone=st.sampled_from("abc"), day=DAYS)
def test_spare_capacity_is_cheaper(
    instance_type: str, region: str, zone: str, day: datetime
) -> None:
    """A spot price is above nought and below the on-demand price, for each system."""
    vcpus, _ = vcpus_and_memory(instance_type)
    for product, on_demand in (
        ("Linux/UNIX", linux_usd_per_hour(instance_type, region)),
        (WINDOWS, windows_usd_per_hour(instance_type, region, vcpus)),
    ):
        spot = spot_usd_per_hour(instance_type, f"{region}{zone}", day, product=product)
        assert (spot is None) == (on_demand is None)
        assert spot is None or on_demand is None or 0 < spot < on_demand


@given(instance_type=TYPES, now=DAYS)
def test_the_price_now_is_today_s_or_yesterday_s(instance_type: str, now: datetime) -> None:
    """Prices change once a day, at a minute of their own."""
    days = (now, now - timedelta(days=1))
    prices = [spot_usd_per_hour(instance_type, "us-east-1a", day) for day in days]
    assert current_usd_per_hour(instance_type, "us-east-1a", now) in prices


def test_the_usual_types_have_a_price_where_they_are_offered() -> None:
    """Every region of the list offers and prices the launcher's small types."""
    for region in REGIONS:
        offered = {o["InstanceType"] for o in INSTANCE_TYPE_OFFERINGS["region"][region]}
        for name in ("t3.micro", "t4g.micro", "m5.large"):
            assert name in offered
            assert linux_usd_per_hour(name, region) is not None
    assert linux_usd_per_hour("x1e.32xlarge", "us-east-1") is None
    assert linux_usd_per_hour("t3.micro", "eu-north-1") is None
