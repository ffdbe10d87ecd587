"""Service Quotas of EC2's vCPUs; moto knows those of VPC alone."""

from __future__ import annotations

from typing import Any

from spawn.local.control import account
from spawn.local.control.duty import Duty

# Code -> name and vCPUs. AWS gives a new account 5 and raises that with use; instances here are
# bounded by the machine alone, so that these are numbers to be read and nothing is refused by.
_VCPUS = {
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 256.0),
    "L-34B43A08": ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 256.0),
}


def get_service_quota(duty: Duty) -> dict[str, Any] | None:
    """One of EC2's; the others are moto's."""
    code = str(duty.call.parameters.get("QuotaCode"))
    if duty.call.parameters.get("ServiceCode") != "ec2" or code not in _VCPUS:
        return None
    name, vcpus = _VCPUS[code]
    region = duty.call.region
    return {
        "Quota": {
            "ServiceCode": "ec2",
            "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": f"arn:{account.PARTITION}:servicequotas:{region}:{account.ACCOUNT_ID}:"
            f"ec2/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": vcpus,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
    }
