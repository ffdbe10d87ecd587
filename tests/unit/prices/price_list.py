"""A price list in memory, in the shape that AWS answers it in, with all that stands beside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Asker
from spawn.core.errors import SpawnError
from spawn.core.steps import Parameters
from spawn.prices.facts import CachedRates, PriceFacts, ask_prices
from spawn.prices.lookups import WantedPrices

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
REGION = "eu-west-1"


def dimension(usd: str, unit: str, *, begin: str = "0", end: str = "Inf") -> dict[str, Any]:
    return {
        "unit": unit,
        "endRange": end,
        "description": f"${usd} per {unit}",
        "appliesTo": [],
        "beginRange": begin,
        "pricePerUnit": {"USD": usd},
    }


def product(attributes: Mapping[str, str], *dimensions: dict[str, Any]) -> str:
    """Return a product as it stands in PriceList; with no dimension it is sold by contract only."""
    rates = {f"SKU.TERM.{number}": one for number, one in enumerate(dimensions)}
    on_demand = {"SKU.TERM": {"priceDimensions": rates, "sku": "SKU", "termAttributes": {}}}
    reserved = {"SKU.YEAR": {"priceDimensions": {"SKU.YEAR.1": dimension("55", "Quantity")}}}
    return json.dumps(
        {
            "product": {"productFamily": "NA", "attributes": dict(attributes), "sku": "SKU"},
            "serviceCode": attributes["servicecode"],
            "terms": {"OnDemand": on_demand, "Reserved": reserved}
            if rates
            else {"Reserved": reserved},
            "version": "20261101000000",
            "publicationDate": "2026-11-01T00:00:00Z",
        }
    )


def place(region: str) -> dict[str, str]:
    return {"regionCode": region, "locationType": "AWS Region", "location": region}


def box(instance_type: str, usd: str, **changed: str) -> str:
    """Return an instance on demand, but for what is changed."""
    attributes = {
        **place(REGION),
        "servicecode": "AmazonEC2",
        "usagetype": f"EU-BoxUsage:{instance_type}",
        "instanceType": instance_type,
        "operatingSystem": "Linux",
        "operation": "RunInstances",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "licenseModel": "No License required",
        "marketoption": "OnDemand",
    }
    return product(attributes | changed, dimension(usd, "Hrs"))


def disk(usage: str, usd: str, unit: str = "GB-Mo") -> str:
    attributes = {"servicecode": "AmazonEC2", "usagetype": f"EU-EBS:{usage}", **place(REGION)}
    return product(attributes, dimension(usd, unit))


def address(kind: str, usd: str) -> str:
    attributes = {
        **place(REGION),
        "servicecode": "AmazonVPC",
        "group": "VPCPublicIPv4Address",
        "usagetype": f"EU-PublicIPv4:{kind}",
    }
    return product(attributes, dimension(usd, "Hrs"))


# What a filter by type alone would answer besides the one price that is paid.
BESIDE = (
    box("t3.micro", "0.0125", tenancy="Dedicated", usagetype="EU-DedicatedUsage:t3.micro"),
    box("t3.micro", "0.0000", tenancy="Host", usagetype="EU-HostBoxUsage:t3.micro"),
    box("t3.micro", "0.0000", capacitystatus="AllocatedCapacityReservation"),
    box("t3.micro", "0.0114", capacitystatus="UnusedCapacityReservation"),
    box("t3.micro", "0.0206", operatingSystem="Windows", operation="RunInstances:0002"),
    box("t3.micro", "0.0114", operatingSystem="Windows", licenseModel="Bring your own license"),
    box("t3.micro", "0.0794", preInstalledSw="SQL Web", operatingSystem="Windows"),
    box("t3.micro", "0.0000", marketoption="CapacityBlock"),
    box("t3.micro", "0.0104", regionCode="us-east-1", usagetype="BoxUsage:t3.micro"),
    box("t3.micro", "0.0300", locationType="AWS Outposts"),
)
DISKS = (
    disk("VolumeUsage.gp2", "0.11"),
    disk("VolumeUsage.gp3", "0.088"),
    disk("VolumeUsage.piops", "0.138"),
    disk("VolumeUsage.io2", "0.138"),
    disk("VolumeUsage", "0.055"),
    disk("VolumeP-IOPS.gp3", "0.0055", "IOPS-Mo"),
    disk("VolumeP-IOPS.piops", "0.072", "IOPS-Mo"),
    disk("VolumeP-IOPS.io2", "0.072", "IOPS-Mo"),
    disk("VolumeP-IOPS.io2.tier2", "0.0504", "IOPS-Mo"),
    disk("VolumeP-IOPS.io2.tier3", "0.03528", "IOPS-Mo"),
    disk("VolumeP-Throughput.gp3", "45.056", "GiBps-mo"),
    disk("VolumeIOUsage", "0.000000055", "IOs"),
)
ADDRESSES = (
    address("InUseAddress", "0.005"),
    address("IdleAddress", "0.005"),
    address("ContiguousBlock", "0.008"),
)
PLAIN = box("t3.micro", "0.0114")
SPOT_HISTORY = (
    {"AvailabilityZone": "eu-west-1a", "SpotPrice": "0.003400", "Timestamp": NOW},
    {"AvailabilityZone": "eu-west-1a", "SpotPrice": "0.009900", "Timestamp": NOW.replace(hour=1)},
    {"AvailabilityZone": "eu-west-1b", "SpotPrice": "0.004100", "Timestamp": NOW.replace(hour=2)},
)


@dataclass
class PriceList:
    """Answers as AWS would; `fails` are errors by operation, `asked` counts what it was asked."""

    listed: Sequence[str] = (PLAIN, *BESIDE, *DISKS, *ADDRESSES)
    fails: Mapping[str, SpawnError] = field(default_factory=dict)
    asked: list[tuple[str, Parameters, str]] = field(default_factory=list)

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        self.asked.append((operation.key, parameters, region))
        if operation.key in self.fails:
            raise self.fails[operation.key]
        if operation.key == "ec2:DescribeSpotPriceHistory":
            return {"SpotPriceHistory": self._history(parameters)}
        found = [text for text in self.listed if _passes(text, parameters)]
        return {"FormatVersion": "aws_v1", "PriceList": found}

    def _history(self, parameters: Parameters) -> list[dict[str, Any]]:
        return [
            {**one, "InstanceType": kind, "ProductDescription": description}
            for one in SPOT_HISTORY
            for kind in parameters["InstanceTypes"]
            for description in parameters["ProductDescriptions"]
        ]


def _passes(text: str, parameters: Parameters) -> bool:
    document = json.loads(text)
    attributes = document["product"]["attributes"]
    tests: dict[str, Callable[[str, str], bool]] = {
        "TERM_MATCH": lambda value, wanted: value == wanted,
        "CONTAINS": lambda value, wanted: wanted in value,
    }
    return document["serviceCode"] == parameters["ServiceCode"] and all(
        tests[one["Type"]](attributes.get(one["Field"], ""), one["Value"])
        for one in parameters["Filters"]
    )


class MemoryCache:
    """Keeps answers as long as the test runs."""

    def __init__(self) -> None:
        self.kept: dict[str, CachedRates] = {}

    def recall(self) -> Mapping[str, CachedRates]:
        return self.kept

    def keep(self, answers: Mapping[str, CachedRates]) -> None:
        self.kept = dict(answers)


def wanted(**changed: Any) -> WantedPrices:
    plain: dict[str, Any] = {
        "partition": "aws",
        "region": REGION,
        "instance_types": ("t3.micro",),
        "now": NOW,
    }
    return WantedPrices(**plain | changed)


def look_up(price_list: PriceList, cache: MemoryCache | None = None, **changed: Any) -> PriceFacts:
    """Return the facts as a launch gathers them."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        return ask_prices(Asker(price_list, pool), wanted(**changed), cache or MemoryCache())()
