"""Takes back what a failed launch made: its instance and its backstop, nothing that is shared.

What there is to take back is not remembered but looked up, by the launch's own id, in its own
account and region. So it is found as well where AWS's answer was lost on its way. The tag finds
it and the client token proves it: a tag can be put on anybody's instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spawn.aws import ec2
from spawn.aws.perform import Performer
from spawn.core.errors import AwsRefusal
from spawn.core.ids import is_launch_token
from spawn.core.steps import Retry, Step
from spawn.core.tags import Tag
from spawn.lifecycle.backstop import plan_removal

# DescribeInstances lags behind RunInstances, and an answer that was lost may still be under way.
LOOKS = 5
PAUSE_SECONDS = 2.0
# For how long an instance that was just made may not be known to TerminateInstances.
SETTLING_SECONDS = 20.0


@dataclass(frozen=True)
class Undone:
    """What was ended, and what could not be and why."""

    ended: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the launch is left."""
        return not self.left


def undo_launch(
    launch_id: str, performer: Performer, *, region: str, known: Sequence[str], may_be_late: bool
) -> Undone:
    """End every instance of the launch, and delete its backstops.

    `known` are the instance ids that a step has yielded. `may_be_late` says that an instance
    may exist that AWS does not show yet: then it is looked for several times.
    """
    found = set(known)
    try:
        found |= _shown(launch_id, performer, region=region, looks=LOOKS if may_be_late else 1)
    except AwsRefusal as refusal:
        if not found:
            return Undone((), (f"whatever was launched as {launch_id}: {refusal.what}",))
    ids = sorted(found)
    performance = performer.perform(
        (
            tuple(_termination(one, region) for one in ids),
            tuple(step for one in ids for step in plan_removal(one, region=region)),
        )
    )
    left = tuple(
        f"{one.step.sentence}: {one.refusal.what if one.refusal else 'not done'}"
        for one in performance.failures
    )
    return Undone(tuple(ids), left)


def _shown(launch_id: str, performer: Performer, *, region: str, looks: int) -> set[str]:
    filters = [
        {"Name": f"tag:{Tag.LAUNCH_ID}", "Values": [launch_id]},
        {
            "Name": "instance-state-name",
            "Values": ["pending", "running", "stopping", "stopped"],
        },
    ]
    for look in range(looks):
        if look:
            performer.clock.sleep(PAUSE_SECONDS)
        answer = performer.writer.ask(ec2.DESCRIBE_INSTANCES, {"Filters": filters}, region=region)
        found = {
            one.instance_id
            for one in ec2.instances(answer)
            if is_launch_token(one.client_token, launch_id)
        }
        if found:
            return found
    return set()


def _termination(instance_id: str, region: str) -> Step:
    return Step(
        operation=ec2.TERMINATE_INSTANCES.key,
        region=region,
        parameters={"InstanceIds": [instance_id]},
        sentence=f"end {instance_id}",
        retries=(Retry(code="InvalidInstanceID.NotFound", limit_seconds=SETTLING_SECONDS),),
    )
