"""`spawn status`: one instance, looked at closely, and how it is going to end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from spawn.aws import ec2
from spawn.aws.instance_details import instance_question
from spawn.aws.questions import Absent, Asker, Fact, Known, as_far_as_seen, value_of
from spawn.aws.sts import Identity
from spawn.core.errors import NamedThingNotFound
from spawn.core.levels import Level
from spawn.core.tags import Tag
from spawn.lifecycle.backstop import judge_backstop
from spawn.lifecycle.backstop_facts import ask_behind
from spawn.lifecycle.ending_words import endings
from spawn.lifecycle.heard import NOT_ASKED, Completion
from spawn.lifecycle.hold import HeldPart, held_parts
from spawn.lifecycle.hold_apply import ask_hold
from spawn.lifecycle.listed import Backstop, ListedInstance, listed_instance
from spawn.lifecycle.listening import ask_agents
from spawn.posture.collect import collect
from spawn.posture.levels import Finding, judge
from spawn.posture.model import Posture
from spawn.registry.records import completed_question


class InstanceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one instance.

    state_reason  why it is in its state, in AWS's words, "" where AWS gives none
    endings       how it is going to end, a sentence each, the first to come on top
    hold          which of the five things hold that a hold is; none where it is not held
    completion    what it said when its work was done, None where it has not, as far as is known
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
    hold: tuple[HeldPart, ...] = ()
    completion: Completion | None = None
    findings: tuple[Finding, ...] = ()
    posture: Posture | None = None


def status(
    asker: Asker, listed: ListedInstance, *, caller: Identity, now: datetime
) -> InstanceStatus:
    """Look at one instance: itself, its backstop and its agent, then what its posture is made of.

    Raises NamedThingNotFound for an instance that is not there, AwsRefusal where it can't be
    looked at; what can't be seen besides is Unseen and UNKNOWN in the result.
    """
    region = listed.region
    described = asker.ask(instance_question(listed.id, region=region))
    behind = ask_behind(asker, (listed,), caller=caller)
    agents = ask_agents(asker, (listed,), now=now)
    remembered = _ask_completion(asker, listed)
    instance = _only(described(), listed)
    row = listed_instance(instance, region=region, schedules=Absent(), owner=caller.owner, now=now)
    holding = None if row.hold is None else ask_hold(asker, row, caller=caller)
    backstop = judge_backstop(behind()[row.id], row, now=now)
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
    agent = agents().get(row.id, NOT_ASKED)
    return InstanceStatus(
        instance=msgspec.structs.replace(row, backstop=backstop.state, agent=agent),
        state_reason=_reason(instance),
        image_id=instance.image_id,
        vpc_id=instance.vpc_id,
        subnet_id=instance.subnet_id,
        profile_arn=instance.iam_instance_profile.arn if instance.iam_instance_profile else "",
        key_name=instance.key_name,
        backstop=backstop,
        endings=endings(row, backstop, posture.ending.shutdown_behavior if posture else None),
        hold=() if holding is None else held_parts(row, holding()),
        completion=agent.completion or remembered(),
        findings=judge(posture, posture.level, (), now) if posture else (),
        posture=posture,
    )


def level_of(row: ListedInstance) -> Level:
    """Return the level that the instance was launched at, the default where its tag says none."""
    try:
        return Level(row.level)
    except ValueError:
        return Level.STANDARD


def _ask_completion(asker: Asker, row: ListedInstance) -> Callable[[], Completion | None]:
    """Ask what the registry remembers of a completion: a console keeps 64 KB, and an hour."""
    if Tag.ON_COMPLETE not in row.tags:
        return lambda: None
    pending = asker.ask(completed_question(row.id, row.region))

    def wait() -> Completion | None:
        match as_far_as_seen(pending):
            case Known(value=(status, message)):
                return Completion(status=status, message=message)
            case _:
                return None

    return wait


def _only(fact: Fact[tuple[ec2.Instance, ...]], row: ListedInstance) -> ec2.Instance:
    found = () if isinstance(fact, Absent) else value_of(fact)
    if not found or Tag.SPAWN not in found[0].tag_mapping:
        raise NamedThingNotFound(
            f"there is no spawn instance {row.id} in {row.region}",
            why="AWS forgets an instance about an hour after its end",
            next_command="spawn list",
        )
    return found[0]


def _reason(instance: ec2.Instance) -> str:
    reason = instance.state_reason
    return instance.state_transition_reason if reason is None else reason.message
