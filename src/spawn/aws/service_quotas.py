"""Service Quotas: how much of something an account may have at once."""

from __future__ import annotations

import enum

from spawn.aws.operation import Answer, Permission, read
from spawn.aws.questions import Question

GET_SERVICE_QUOTA = read(
    "service-quotas",
    "GetServiceQuota",
    Permission(
        "servicequotas:GetServiceQuota", "arn:{partition}:servicequotas:{region}:{account}:ec2/*"
    ),
)

OPERATIONS = (GET_SERVICE_QUOTA,)


class VcpuQuota(enum.StrEnum):
    """EC2's quotas that nearly every launch counts towards, by their codes.

    Both are of vCPUs, of the families A, C, D, H, I, M, R, T and Z (EC2 user guide, "Amazon EC2
    instance type quotas").
    """

    ON_DEMAND_STANDARD = "L-1216C47A"
    SPOT_STANDARD = "L-34B43A08"


def vcpu_quota(answer: Answer) -> float:
    """Understand GetServiceQuota: the number that applies."""
    return float(answer["Quota"]["Value"])


def vcpu_quota_question(quota: VcpuQuota, *, region: str) -> Question[float]:
    """Ask how many vCPUs the account may run at once in a region."""
    return Question(
        operation=GET_SERVICE_QUOTA,
        parameters={"ServiceCode": "ec2", "QuotaCode": quota.value},
        region=region,
        understand=vcpu_quota,
        absent_codes=("NoSuchResourceException",),
    )
