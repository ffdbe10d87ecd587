"""Where the agent finds the services that it calls, and how a call is signed for them. Pure.

What a launch tells the agent is "REGION/SERVICE https://HOST", as `spored.calling` takes it.
Source: AWS General Reference, "Service endpoints and quotas".
"""

from __future__ import annotations

from typing import NamedTuple


class _Partition(NamedTuple):
    """Under which domain its services are, and which region signs for those that have none."""

    domain: str
    global_region: str


_PARTITIONS = {
    "aws": _Partition("amazonaws.com", "us-east-1"),
    "aws-cn": _Partition("amazonaws.com.cn", "cn-northwest-1"),
    "aws-eusc": _Partition("amazonaws.eu", "eusc-de-east-1"),
    "aws-iso": _Partition("c2s.ic.gov", "us-iso-east-1"),
    "aws-iso-b": _Partition("sc2s.sgov.gov", "us-isob-east-1"),
    "aws-iso-e": _Partition("cloud.adc-e.uk", "eu-isoe-west-1"),
    "aws-iso-f": _Partition("csp.hci.ic.gov", "us-isof-south-1"),
    "aws-us-gov": _Partition("amazonaws.com", "us-gov-west-1"),
}


def regional(service: str, *, partition: str, region: str) -> str:
    """Return the words for a service that has an endpoint in each region."""
    domain = _of(partition).domain
    return f"{region}/{service} https://{service}.{region}.{domain}"


def route53(partition: str) -> str:
    """Return the words for Route 53, which has one endpoint in a partition."""
    domain, region = _of(partition)
    host = f"route53.us-gov.{domain}" if partition == "aws-us-gov" else f"route53.{domain}"
    return f"{region}/route53 https://{host}"


def _of(partition: str) -> _Partition:
    return _PARTITIONS.get(partition, _PARTITIONS["aws"])
