"""Every operation that spawn can call: what is not here can't be."""

from __future__ import annotations

from spawn.aws import (
    access_analyzer,
    cloudtrail,
    config,
    denials,
    dynamodb,
    ec2,
    ec2_changes,
    ec2_endpoints,
    ec2_instance_connect,
    ec2_settings,
    ec2_spot,
    iam,
    iam_holders,
    iam_simulation,
    instance_details,
    kms,
    logs,
    managed_policies,
    organizations,
    pricing,
    removal,
    route53,
    s3,
    s3_objects,
    scheduler,
    service_quotas,
    ssm,
    sts,
)
from spawn.aws.operation import Operation
from spawn.core.errors import Defect

OPERATIONS: dict[str, Operation] = {
    known.key: known
    for module in (
        access_analyzer,
        denials,
        config,
        cloudtrail,
        dynamodb,
        ec2,
        ec2_changes,
        ec2_endpoints,
        ec2_instance_connect,
        ec2_settings,
        ec2_spot,
        iam,
        iam_holders,
        iam_simulation,
        instance_details,
        kms,
        logs,
        managed_policies,
        organizations,
        pricing,
        removal,
        route53,
        s3,
        s3_objects,
        scheduler,
        service_quotas,
        ssm,
        sts,
    )
    for known in module.OPERATIONS
}


def operation(key: str) -> Operation:
    """Return the operation of that key. Raises Defect for one that is not in the table."""
    if key not in OPERATIONS:
        raise Defect(f"{key} is not an operation that spawn calls")
    return OPERATIONS[key]
