"""An instance's agent asks EC2 to stop or hibernate it: what it may, and what it is told. Pure."""

from __future__ import annotations

from spawn.iam.documents import Statement, allow
from spawn.launch import endpoints
from spawn.launch.agent import Duty


def asking_statement(*, partition: str, account: str) -> Statement:
    """Return what lets an instance stop itself, and no other.

    As AWS's managed policy AWSEC2VssSnapshotPolicy has it: the ARN of the instance whose role
    asks, which EC2 says, must end in the id of the instance that is asked for.
    """
    return allow(
        ("ec2:StopInstances",),
        (f"arn:{partition}:ec2:*:{account}:instance/*",),
        {
            "ArnLike": {
                "ec2:SourceInstanceARN": (f"arn:{partition}:ec2:*:*:instance/${{ec2:InstanceId}}",)
            }
        },
    )


def asking_duty(*, partition: str, region: str) -> Duty:
    """Return what the agent is told."""
    words = (endpoints.regional("ec2", partition=partition, region=region),)
    return Duty(words=words, needs=("errand", "calling", "signing"))
