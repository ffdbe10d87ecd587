"""EC2: what launching an instance needs: it is many things that are made, and many that are used.

Source: Service Authorization Reference, RunInstances; the pages of the EC2 and EBS user guides
that are named below.
"""

from __future__ import annotations

from typing import Final

from spawn.aws.operation import TAGGING, Condition, Permission
from spawn.aws.passing import PASS_TO_INSTANCE

_MADE: Final = tuple(
    f"arn:{{partition}}:ec2:{{region}}:{{account}}:{kind}/*" for kind in ("instance", "volume")
)
_INTERFACE: Final = "arn:{partition}:ec2:{region}:{account}:network-interface/*"
_USED: Final = (
    "arn:{partition}:ec2:{region}::image/*",
    *(
        f"arn:{{partition}}:ec2:{{region}}:{{account}}:{kind}/*"
        for kind in ("key-pair", "security-group", "subnet")
    ),
    _INTERFACE,
)
_SPOT_REQUEST: Final = "arn:{partition}:ec2:{region}:{account}:spot-instances-request/*"
_SPOT_ROLE: Final = "arn:{partition}:iam::{account}:role/aws-service-role/spot.amazonaws.com/*"
# EBS user guide, "Requirements for Amazon EBS encryption": with a customer's key.
_USING_A_KEY: Final = ("Decrypt", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo")


def tags_at_birth(operation: str, *resources: str) -> tuple[Permission, ...]:
    """Return what tagging needs while something is made, and no later.

    EC2 user guide, "Grant permission to tag Amazon EC2 resources during creation".
    """
    at_birth = (Condition("StringEquals", "ec2:CreateAction", operation),)
    return tuple(Permission("ec2:CreateTags", resource, at_birth) for resource in resources)


def _on_disks_key(action: str, *conditions: Condition) -> Permission:
    through_ec2 = Condition("StringEquals", "kms:ViaService", "ec2.{region}.{domain}")
    key = "arn:{partition}:kms:{region}:{account}:key/*"
    return Permission(f"kms:{action}", key, (through_ec2, *conditions), flag="--kms-key-id")


RUNNING: Final = (
    *(Permission("ec2:RunInstances", each, TAGGING) for each in _MADE),
    *(Permission("ec2:RunInstances", each) for each in _USED),
    *tags_at_birth("RunInstances", *_MADE, _INTERFACE),
    PASS_TO_INSTANCE,
    Permission("ec2:RunInstances", _SPOT_REQUEST, flag="--spot"),
    # EC2 user guide, "Service-linked role for Spot Instance requests": made once an account.
    Permission(
        "iam:CreateServiceLinkedRole",
        _SPOT_ROLE,
        (Condition("StringEquals", "iam:AWSServiceName", "spot.amazonaws.com"),),
        flag="--spot",
    ),
    *(_on_disks_key(action) for action in _USING_A_KEY),
    # The grant by which EC2 uses the key for as long as the disk is attached.
    _on_disks_key("CreateGrant", Condition("Bool", "kms:GrantIsForAWSResource", "true")),
)
