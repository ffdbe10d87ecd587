"""`spawn status`: one instance, looked at closely, and how it is going to end."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import msgspec

from spawn.aws import ec2, scheduler
from spawn.aws.instance_details import instance_question
from spawn.aws.questions import Absent, Asker, Fact, Known, Unseen, value_of
from spawn.aws.sts import Identity
from spawn.core.errors import NamedThingNotFound
from spawn.core.instants import format_instant
from spawn.core.levels import Level
from spawn.core.tags import Tag
from spawn.lifecycle.backstop import judge_backstop
from spawn.lifecycle.listed import (
    Backstop,
    BackstopState,
    Ending,
    ListedInstance,
    Schedules,
    listed_instance,
)
from spawn.posture.collect import collect
from spawn.posture.levels import Finding, judge
from spawn.posture.model import Posture


class InstanceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one instance.

    state_reason  why it is in its state, in AWS's words, "" where AWS gives none
    endings       how it is going to end, a sentence each, the first to come on top
    findings      what the controls say of it as it is now, at its own security level
    posture       None for an instance that has ended: there is nothing left to look at
    """

    instance: ListedInstance
    state_reason: str
    image_id: str
    vpc_id: str
    subnet_id: str
    profile_arn: str
    key_name: str
    backstop: Backstop
    endings: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    posture: Posture | None = None


def status(
    asker: Asker, instance_id: str, *, region: str, caller: Identity, now: datetime
) -> InstanceStatus:
    """Look at one instance: itself and its backstop, then whatever its posture is made of.

    Raises NamedThingNotFound for an instance that is not there, AwsRefusal where it can't be
    looked at; what can't be seen besides is Unseen and UNKNOWN in the result.
    """
    described = asker.ask(instance_question(instance_id, region=region))
    scheduled = asker.ask(scheduler.schedule_question(instance_id, region))
    instance = _only(described(), instance_id, region)
    schedule = scheduled()
    row = listed_instance(
        instance, region=region, schedules=_summary(schedule), owner=caller.owner, now=now
    )
    backstop = judge_backstop(schedule, row, partition=caller.partition)
    posture = None
    if not row.has_ended:
        posture = collect(
            asker,
            instance,
            region=region,
            account=caller.account,
            partition=caller.partition,
            level=level_of(row),
            now=now,
        )
    return InstanceStatus(
        instance=msgspec.structs.replace(row, backstop=backstop.state),
        state_reason=_reason(instance),
        image_id=instance.image_id,
        vpc_id=instance.vpc_id,
        subnet_id=instance.subnet_id,
        profile_arn=instance.iam_instance_profile.arn if instance.iam_instance_profile else "",
        key_name=instance.key_name,
        backstop=backstop,
        endings=endings(row, backstop, posture.ending.shutdown_behavior if posture else None),
        findings=judge(posture, posture.level, (), now) if posture else (),
        posture=posture,
    )


def level_of(row: ListedInstance) -> Level:
    """Return the level that the instance was launched at, the default where its tag says none."""
    try:
        return Level(row.level)
    except ValueError:
        return Level.STANDARD


def _only(fact: Fact[tuple[ec2.Instance, ...]], instance_id: str, region: str) -> ec2.Instance:
    found = () if isinstance(fact, Absent) else value_of(fact)
    if not found or Tag.SPAWN not in found[0].tag_mapping:
        raise NamedThingNotFound(
            f"there is no spawn instance {instance_id} in {region}",
            why="AWS forgets an instance about an hour after its end",
            next_command="spawn list",
        )
    return found[0]


def _summary(fact: Fact[scheduler.Schedule]) -> Fact[Schedules]:
    match fact:
        case Known(value=schedule):
            return Known((scheduler.ScheduleSummary(name=schedule.name, state=schedule.state),))
        case Absent() | Unseen():
            return fact


def _reason(instance: ec2.Instance) -> str:
    reason = instance.state_reason
    return instance.state_transition_reason if reason is None else reason.message


def endings(
    row: ListedInstance, backstop: Backstop, shutdown_behavior: str | Unseen | None
) -> tuple[str, ...]:
    """Return how the instance is going to end, a sentence for each way, without final stops."""
    if row.ending is Ending.ENDED:
        return (_own_words(row, shutdown_behavior),)
    return (_own_words(row, shutdown_behavior), _backstop_words(backstop))


def _own_words(row: ListedInstance, shutdown_behavior: str | Unseen | None) -> str:
    match row.ending:
        case Ending.ENDED:
            return f"it is {row.state}"
        case Ending.HELD:
            return f"it is held as evidence ({row.hold or 'no case named'}), and does not end"
        case Ending.UNKNOWN:
            return "its end date can't be read from its tags"
        case Ending.OVERDUE | Ending.DUE:
            return _own_end(row, shutdown_behavior)
        case _:
            assert_never(row.ending)


def _own_end(row: ListedInstance, shutdown_behavior: str | Unseen | None) -> str:
    when = format_instant(row.expires_at) if row.expires_at else ""
    if row.state == "stopped":
        return f"its end date is {when}, but while it is stopped it can't end itself"
    verb = "should have powered itself off" if row.ending is Ending.OVERDUE else "powers itself off"
    match shutdown_behavior:
        case "terminate":
            return f"it {verb} at {when}, which terminates it"
        case "stop":
            return f"it {verb} at {when}, which only stops it: its disks go on costing"
        case _:
            return f"it {verb} at {when}; what that does to it could not be seen"


def _backstop_words(backstop: Backstop) -> str:
    when = format_instant(backstop.fires_at) if backstop.fires_at else "an unknown time"
    match backstop.state:
        case BackstopState.ARMED:
            return f"a schedule terminates it at {when}, whatever it does itself"
        case BackstopState.MISSING:
            return "no schedule stands behind that: NO BACKSTOP"
        case BackstopState.BROKEN:
            return f"its schedule will not end it: {backstop.why}"
        case BackstopState.OFF:
            return "its backstop is off"
        case BackstopState.UNKNOWN:
            return f"whether a schedule stands behind that is UNKNOWN: {backstop.why}"
        case BackstopState.NOT_NEEDED:
            return "it needs no backstop any more"
        case _:
            assert_never(backstop.state)
