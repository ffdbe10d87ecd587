"""EC2 Instance Connect: a public key that an instance accepts for a minute."""

from __future__ import annotations

from spawn.aws.operation import TAGGED, Permission, write
from spawn.core.steps import Parameters

SEND_SSH_PUBLIC_KEY = write(
    "ec2-instance-connect",
    "SendSSHPublicKey",
    Permission(
        "ec2-instance-connect:SendSSHPublicKey",
        "arn:{partition}:ec2:{region}:{account}:instance/*",
        TAGGED,
    ),
)

OPERATIONS = (SEND_SSH_PUBLIC_KEY,)

# EC2 User Guide, "Connect using EC2 Instance Connect": "remains there for 60 seconds".
KEY_LIFE_SECONDS = 60


def send_parameters(instance_id: str, user: str, public_key: str) -> Parameters:
    """Return what SendSSHPublicKey is called with."""
    return {"InstanceId": instance_id, "InstanceOSUser": user, "SSHPublicKey": public_key}
