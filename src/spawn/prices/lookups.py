"""What is asked about prices: none of it depends on another's answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from spawn.aws.ec2_spot import DESCRIBE_SPOT_PRICE_HISTORY, spot_prices
from spawn.aws.operation import Answer
from spawn.aws.pricing import ENDPOINT_REGIONS, GET_PRODUCTS, products
from spawn.aws.questions import Question
from spawn.core.instants import format_instant
from spawn.prices.rates import Platform, Rates, list_rates, spot_rates

# AWS announces changes of its list long before they come.
LIST_GOOD_FOR = timedelta(days=7)
# EC2 user guide, "Spot Instances": prices follow demand slowly, in steps of some hours.
SPOT_GOOD_FOR = timedelta(minutes=10)

VOLUMES = "volumes"
ADDRESS = "public IPv4"
SPOT = "spot"

_OPERATING_SYSTEMS = {Platform.LINUX: "Linux", Platform.WINDOWS: "Windows"}
# A type is listed many times over: for reserved and unused capacity, for hosts of one's own, with
# databases, with one's own licence, in capacity blocks. These leave what RunInstances starts.
_PLAIN_INSTANCE = {
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "licenseModel": "No License required",
    "marketoption": "OnDemand",
}


@dataclass(frozen=True, kw_only=True)
class WantedPrices:
    """What a launch wants to know the price of.

    spot  whether it asks for spare capacity, instead of capacity on demand alone
    now   the time at which spot prices are looked at
    """

    partition: str
    region: str
    instance_types: tuple[str, ...]
    now: datetime
    platforms: tuple[Platform, ...] = (Platform.LINUX,)
    spot: bool = False


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """One question.

    subject    what it is about, unique among the lookups of a launch
    asked_for  what sets it apart, in a region, from other lookups about its subject
    good_for   how long its answer keeps
    """

    subject: str
    question: Question[Rates]
    good_for: timedelta
    asked_for: str = ""

    @property
    def cache_key(self) -> str:
        """The name under which its answer is kept."""
        return f"{self.subject} {self.asked_for}".rstrip()


def pricing_region(partition: str) -> str | None:
    """Return the region whose Price List API has prices in US dollars; None for no such API."""
    return ENDPOINT_REGIONS.get(partition)


def price_questions(wanted: WantedPrices) -> tuple[Lookup, ...]:
    """Return all questions, to be asked side by side; none where there is nobody to ask."""
    if pricing_region(wanted.partition) is None:
        return ()
    return (
        *([_spot_lookup(wanted)] if wanted.spot else []),
        # A spot price may rise to the price on demand, so that one is asked for as well.
        *_instance_lookups(wanted),
        _list_lookup(
            VOLUMES,
            wanted,
            service="AmazonEC2",
            attributes={},
            # One answer for all types of volume: which one an image brings, is not known yet.
            more=({"Type": "CONTAINS", "Field": "usagetype", "Value": "EBS:Volume"},),
        ),
        _list_lookup(
            ADDRESS, wanted, service="AmazonVPC", attributes={"group": "VPCPublicIPv4Address"}
        ),
    )


def on_demand(instance_type: str, platform: Platform) -> str:
    """Return the subject of the lookup of a price on demand."""
    return f"{instance_type} {platform}"


def _instance_lookups(wanted: WantedPrices) -> list[Lookup]:
    return [
        _list_lookup(
            on_demand(instance_type, platform),
            wanted,
            service="AmazonEC2",
            attributes={
                "instanceType": instance_type,
                "operatingSystem": _OPERATING_SYSTEMS[platform],
                **_PLAIN_INSTANCE,
            },
        )
        for instance_type in dict.fromkeys(wanted.instance_types)
        for platform in wanted.platforms
    ]


def _list_lookup(
    subject: str,
    wanted: WantedPrices,
    *,
    service: str,
    attributes: Mapping[str, str],
    more: tuple[Mapping[str, str], ...] = (),
) -> Lookup:
    region = pricing_region(wanted.partition)
    assert region is not None
    # Without the kind of place, what stands on a customer's own premises would be in it too.
    asked = {"regionCode": wanted.region, "locationType": "AWS Region", **attributes}

    def understand(answer: Answer) -> Rates:
        # The answer is not believed to hold only what was asked for.
        return list_rates(product for product in products(answer) if product.has(asked))

    return Lookup(
        subject=subject,
        question=Question(
            operation=GET_PRODUCTS,
            parameters={
                "ServiceCode": service,
                "Filters": [
                    *({"Type": "TERM_MATCH", "Field": k, "Value": v} for k, v in asked.items()),
                    *(dict(one) for one in more),
                ],
            },
            region=region,
            understand=understand,
        ),
        good_for=LIST_GOOD_FOR,
    )


def _spot_lookup(wanted: WantedPrices) -> Lookup:
    types = sorted(set(wanted.instance_types))
    descriptions = sorted(map(str, wanted.platforms))
    return Lookup(
        subject=SPOT,
        asked_for=" ".join((*types, *descriptions)),
        question=Question(
            operation=DESCRIBE_SPOT_PRICE_HISTORY,
            # EC2 API Reference: besides the prices since the start time it answers the last
            # change before, which is the price in effect.
            parameters={
                "InstanceTypes": types,
                "ProductDescriptions": descriptions,
                "StartTime": format_instant(wanted.now),
            },
            region=wanted.region,
            understand=lambda answer: spot_rates(spot_prices(answer)),
        ),
        good_for=SPOT_GOOD_FOR,
    )
