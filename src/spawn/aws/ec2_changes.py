"""EC2: what changes an instance that is there already: its tags, its protections, its state."""

from __future__ import annotations

from spawn.aws.ec2 import DESCRIBE_INSTANCE_ATTRIBUTE
from spawn.aws.operation import TAGGED, Answer, Operation, Permission, write
from spawn.aws.questions import Question

_INSTANCE = "arn:{partition}:ec2:{region}:{account}:instance/*"


def _on_instance(name: str) -> Operation:
    return write("ec2", name, Permission(f"ec2:{name}", _INSTANCE, TAGGED))


CREATE_TAGS = _on_instance("CreateTags")
DELETE_TAGS = _on_instance("DeleteTags")
MODIFY_INSTANCE_ATTRIBUTE = _on_instance("ModifyInstanceAttribute")
START_INSTANCES = _on_instance("StartInstances")
STOP_INSTANCES = _on_instance("StopInstances")

OPERATIONS = (
    CREATE_TAGS,
    DELETE_TAGS,
    MODIFY_INSTANCE_ATTRIBUTE,
    START_INSTANCES,
    STOP_INSTANCES,
)

# EC2's names of the protections, as ModifyInstanceAttribute has them.
TERMINATION_PROTECTION = "DisableApiTermination"
STOP_PROTECTION = "DisableApiStop"


def protection_question(instance_id: str, protection: str, region: str) -> Question[bool]:
    """Ask whether an instance is protected from being terminated, or stopped, over the API."""

    def understand(answer: Answer) -> bool:
        return bool(answer[protection].get("Value"))

    return Question(
        operation=DESCRIBE_INSTANCE_ATTRIBUTE,
        parameters={
            "InstanceId": instance_id,
            # The API writes the same name with a small letter here.
            "Attribute": protection[:1].lower() + protection[1:],
        },
        region=region,
        understand=understand,
    )
