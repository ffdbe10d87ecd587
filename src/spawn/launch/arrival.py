"""Awaits what was launched, reads it back and has it judged by the controls of the plan.

1. Right after RunInstances an instance may not be known yet: that is no error.
2. One that goes from pending to anything but running has failed, and its reason says why.
3. What runs is read back from AWS; what was just made may take seconds to look as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from spawn.aws import ec2
from spawn.aws.door import Reader
from spawn.aws.instance_details import instances_question
from spawn.aws.perform import SIDE_BY_SIDE
from spawn.aws.questions import Absent, Asker, answer_of, value_of
from spawn.core.clock import Clock
from spawn.core.errors import AccountError, RefusedByControl
from spawn.launch.plan import LaunchPlan
from spawn.posture.collect import collect
from spawn.posture.levels import Finding, judge, refusals
from spawn.posture.model import Posture

# A boot takes seconds; an image that must be fetched first, minutes.
RUNNING_WITHIN_SECONDS = 300.0
# What was just made may not be visible everywhere; what is wrong after that is wrong.
SETTLED_WITHIN_SECONDS = 20.0
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Arrived:
    """One instance as AWS shows it, and what the controls say of it."""

    instance: ec2.Instance
    posture: Posture
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Arrival:
    """Where and when instances are awaited."""

    reader: Reader
    clock: Clock

    def running(self, ids: Sequence[str], region: str) -> tuple[ec2.Instance, ...]:
        """Wait until all of them run; return them in the order of their launch index.

        Raises AccountError for one that fails to, or does not in time.
        """
        deadline = self.clock.monotonic() + RUNNING_WITHIN_SECONDS
        while True:
            shown = self._look(ids, region)
            for instance in shown:
                if instance.state.name not in {"pending", "running"}:
                    raise did_not_start(instance)
            running = [instance for instance in shown if instance.state.name == "running"]
            if len(running) == len(ids):
                return tuple(sorted(running, key=lambda instance: instance.ami_launch_index))
            if self.clock.monotonic() > deadline:
                late = sorted({*ids} - {instance.instance_id for instance in running})
                raise AccountError(
                    f"{', '.join(late)} does not run after {RUNNING_WITHIN_SECONDS:.0f} seconds",
                    why="AWS still shows it as pending",
                    next_command=f"aws ec2 describe-instances --instance-ids {' '.join(late)}",
                )
            self.clock.sleep(POLL_SECONDS)

    def _look(self, ids: Sequence[str], region: str) -> tuple[ec2.Instance, ...]:
        found = answer_of(self.reader, instances_question(ids, region=region))
        return () if isinstance(found, Absent) else value_of(found)

    def judged(self, plan: LaunchPlan, instance: ec2.Instance) -> Arrived:
        """Judge one instance. Raises RefusedByControl where it is not what was planned."""
        deadline = self.clock.monotonic() + SETTLED_WITHIN_SECONDS
        while True:
            posture = self._posture(plan, instance)
            findings = judge(posture, plan.spec.security, plan.waivers, self.clock.now())
            refused = refusals(findings)
            if not refused:
                return Arrived(instance, posture, findings)
            if self.clock.monotonic() > deadline:
                raise RefusedByControl(
                    f"{instance.instance_id} is not what was planned",
                    why="; ".join(f"{one.control}: {one.evidence}" for one in refused),
                    controls=tuple(one.control for one in refused),
                )
            self.clock.sleep(POLL_SECONDS)

    def _posture(self, plan: LaunchPlan, instance: ec2.Instance) -> Posture:
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            return collect(
                Asker(self.reader, pool),
                instance,
                region=plan.region,
                account=plan.account,
                partition=plan.partition,
                level=plan.spec.security,
                now=self.clock.now(),
            )


def did_not_start(instance: ec2.Instance) -> AccountError:
    """Return the error that says why an instance ended as it began."""
    reason = instance.state_reason
    code = reason.code if reason else ""
    words = reason.message if reason else instance.state_transition_reason
    # EC2 user guide, "Instance terminates immediately": what a disk's key refuses shows up here.
    key = "KMS" in code or code == "Client.InternalError"
    return AccountError(
        f"{instance.instance_id} went from pending to {instance.state.name}",
        why=f"{code}: {words}"
        + ("; its disk's KMS key may be disabled, or not let you use it" if key else ""),
        next_command="spawn launch with another --kms-key-id"
        if key
        else "spawn list --state terminated",
    )
