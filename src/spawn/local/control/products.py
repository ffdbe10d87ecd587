"""The price list's products, in the shape that GetProducts answers. Pure.

Source: AWS Price List Query API reference, GetProducts; Billing user guide, "Reading an AWS
price list file". Beside each plain product stand those that a careless filter would take for
it: dedicated tenancy, capacity reservations, other licences.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

from moto.ec2.models.instance_types import INSTANCE_TYPES

from spawn.local.control.prices import (
    DISK_RATES,
    PUBLIC_IPV4_USD_PER_HOUR,
    REGIONS,
    DiskRate,
    is_arm,
    linux_usd_per_hour,
    priced_types,
    regional,
    windows_usd_per_hour,
)

ON_DEMAND_TERM, HOURLY_RATE = "JRTCKXETXF", "6YS6EN2CT7"  # the same in every list of AWS's
EFFECTIVE, PUBLISHED, VERSION = "2025-10-01T00:00:00Z", "2025-10-03T20:14:31Z", "20251003201431"
DEDICATED_FACTOR = Decimal("1.06")
_EC2 = {"servicecode": "AmazonEC2", "servicename": "Amazon Elastic Compute Cloud"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Product:
    """One product with its on-demand price."""

    service: str
    family: str | None
    attributes: Mapping[str, str]
    unit: str
    usd: Decimal
    description: str

    def value(self, field: str) -> str | None:
        """What a filter compares: an attribute, or one of the product's own members."""
        match field:
            case "productFamily":
                return self.family
            case "ServiceCode":
                return self.service
            case "sku":
                return self.sku
            case _:
                return self.attributes.get(field)

    @property
    def sku(self) -> str:
        """Sixteen characters made from the attributes, so that they never change."""
        text = json.dumps([self.service, self.family, dict(self.attributes)], sort_keys=True)
        number = int(hashlib.sha256(text.encode()).hexdigest(), 16)
        letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
        return "".join(letters[(number >> 5 * place) % len(letters)] for place in range(16))

    def document(self) -> str:
        """The JSON text that stands in PriceList."""
        sku = self.sku
        term, rate = f"{sku}.{ON_DEMAND_TERM}", f"{sku}.{ON_DEMAND_TERM}.{HOURLY_RATE}"
        dimension = {
            "unit": self.unit,
            "endRange": "Inf",
            "description": self.description,
            "appliesTo": [],
            "rateCode": rate,
            "beginRange": "0",
            "pricePerUnit": {"USD": f"{self.usd:.10f}"},
        }
        offer = {
            "priceDimensions": {rate: dimension},
            "sku": sku,
            "effectiveDate": EFFECTIVE,
            "offerTermCode": ON_DEMAND_TERM,
            "termAttributes": {},
        }
        family = {"productFamily": self.family} if self.family else {}
        product = {**family, "attributes": dict(self.attributes), "sku": sku}
        document = {
            "product": product,
            "serviceCode": self.service,
            "terms": {"OnDemand": {term: offer}},
            "version": VERSION,
            "publicationDate": PUBLISHED,
        }
        return json.dumps(document, separators=(",", ":"))


@functools.cache
def products(service: str) -> tuple[Product, ...]:
    """All products of a service; empty for one that the list does not have."""
    if service == "AmazonEC2":
        return tuple(p for region in REGIONS for p in (*_instances(region), *_disks(region)))
    if service == "AmazonVPC":
        return tuple(product for region in REGIONS for product in _addresses(region))
    return ()


def _place(region: str) -> dict[str, str]:
    where = REGIONS[region].location
    return {"location": where, "locationType": "AWS Region", "regionCode": region}


def _usage(region: str, usage: str) -> str:
    """EC2's usage types carry the region's code, but for the oldest region."""
    return usage if region == "us-east-1" else f"{REGIONS[region].usage_prefix}-{usage}"


def _instances(region: str) -> Iterator[Product]:
    for name in priced_types():
        linux = linux_usd_per_hour(name, region)
        if linux is None:
            continue
        yield from _variants(region, name, "Linux", linux)
        windows = windows_usd_per_hour(name, region, vcpus_and_memory(name)[0])
        if windows is not None:
            yield from _variants(region, name, "Windows", windows)


@functools.cache
def vcpus_and_memory(instance_type: str) -> tuple[int, str]:
    """vCPUs and the text of the memory; a type that is offered no more has none to show."""
    known = INSTANCE_TYPES.get(instance_type)
    if known is None:
        return 8, "NA"
    gib = Decimal(known["MemoryInfo"]["SizeInMiB"]) / 1024
    return int(known["VCpuInfo"]["DefaultVCpus"]), f"{gib.normalize():f} GiB"


# Capacity status -> its usage type and what of the price is paid: a reservation that is used has
# been paid for as a reservation.
_CAPACITY = {
    "Used": ("BoxUsage", Decimal(1)),
    "UnusedCapacityReservation": ("UnusedBox", Decimal(1)),
    "AllocatedCapacityReservation": ("Reservation", Decimal(0)),
}


def _variants(region: str, name: str, system: str, usd: Decimal) -> Iterator[Product]:
    for status, (usage, share) in _CAPACITY.items():
        usage_type = _usage(region, f"{usage}:{name}")
        sold = {"capacitystatus": status, "tenancy": "Shared", "usagetype": usage_type}
        yield _instance(region, name, system, sold=sold, usd=usd * share)
    dedicated = _usage(region, f"DedicatedUsage:{name}")
    sold = {"capacitystatus": "Used", "tenancy": "Dedicated", "usagetype": dedicated}
    yield _instance(region, name, system, sold=sold, usd=usd * DEDICATED_FACTOR)


def _instance(
    region: str, name: str, system: str, *, sold: Mapping[str, str], usd: Decimal
) -> Product:
    vcpus, memory = vcpus_and_memory(name)
    attributes = {
        **_EC2,
        **_place(region),
        **sold,
        "instanceType": name,
        "vcpu": str(vcpus),
        "memory": memory,
        "operatingSystem": system,
        "preInstalledSw": "NA",
        "licenseModel": "No License required",
        "operation": "RunInstances" if system == "Linux" else "RunInstances:0002",
        "processorArchitecture": "64-bit",
        "physicalProcessor": "AWS Graviton Processor" if is_arm(name) else "Intel Xeon or AMD EPYC",
        "currentGeneration": "Yes",
        "marketoption": "OnDemand",
        "availabilityzone": "NA",
    }
    words = f"${usd} per {_kind(sold)} {system} {name} Instance Hour"
    return Product(
        service="AmazonEC2",
        family="Compute Instance",
        attributes=attributes,
        unit="Hrs",
        usd=usd,
        description=words,
    )


def _kind(sold: Mapping[str, str]) -> str:
    if sold["tenancy"] == "Dedicated":
        return "Dedicated"
    return "On Demand" if sold["capacitystatus"] == "Used" else sold["capacitystatus"]


_MEDIA = {"st1": "HDD-backed", "sc1": "HDD-backed", "standard": "Magnetic"}
_VOLUMES = {
    "gp2": "General Purpose",
    "gp3": "General Purpose",
    "io1": "Provisioned IOPS",
    "io2": "Provisioned IOPS",
    "st1": "Throughput Optimized HDD",
    "sc1": "Cold HDD",
    "standard": "Magnetic",
}


def _disks(region: str) -> Iterator[Product]:
    for rate in DISK_RATES:
        usd = regional(rate.usd, region)
        yield Product(
            service="AmazonEC2",
            family=rate.family,
            attributes={**_EC2, **_place(region), **_disk_attributes(region, rate)},
            unit=rate.unit,
            usd=usd,
            description=f"${usd} per {rate.unit} of {rate.volume_type} - "
            f"{REGIONS[region].location}",
        )


def _disk_attributes(region: str, rate: DiskRate) -> dict[str, str]:
    common = {
        "volumeApiName": rate.volume_type,
        "usagetype": _usage(region, rate.usage),
        "operation": "",
    }
    if rate.group is None:
        media = _MEDIA.get(rate.volume_type, "SSD-backed")
        return {**common, "volumeType": _VOLUMES[rate.volume_type], "storageMedia": media}
    what = "Throughput" if rate.family == "Provisioned Throughput" else "IOPS"
    return {**common, "group": rate.group, "groupDescription": what, "provisioned": "Yes"}


def _addresses(region: str) -> Iterator[Product]:
    """Public IPv4 addresses, which have no product family, and a code in us-east-1 as well."""
    for kind, words in (("InUseAddress", "In-use"), ("IdleAddress", "Idle")):
        attributes = {
            **_place(region),
            "servicecode": "AmazonVPC",
            "servicename": "Amazon Virtual Private Cloud",
            "group": "VPCPublicIPv4Address",
            "groupDescription": f"Hourly charge for {words} Public IPv4 Addresses",
            "usagetype": f"{REGIONS[region].usage_prefix}-PublicIPv4:{kind}",
            "operation": "",
        }
        yield Product(
            service="AmazonVPC",
            family=None,
            attributes=attributes,
            unit="Hrs",
            usd=PUBLIC_IPV4_USD_PER_HOUR,
            description=f"$0.005 per {words} public IPv4 address per hour",
        )
