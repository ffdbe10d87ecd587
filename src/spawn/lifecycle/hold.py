"""`spawn hold` and `spawn unhold`: an instance kept as evidence, by five things.

    tag                      its agent does not end it, and spawn's commands leave it alone
    termination protection   nobody terminates it over the API
    stop protection          nobody stops it over the API
    shutdown behaviour       powering off stops it, and no longer ends it
    backstop off             no schedule ends it

1. A hold puts the tag first. The others follow, each whatever became of the rest: nothing that
   protects is taken back because something else failed.
2. A release goes the other way: the backstop is armed again, with notice; protections go; the tag
   goes last. Whatever fails on the way leaves it held.

Of spot instances three of the five don't exist (EC2 API Reference, ModifyInstanceAttribute).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from spawn.aws.ec2_changes import (
    CREATE_TAGS,
    DELETE_TAGS,
    MODIFY_INSTANCE_ATTRIBUTE,
    STOP_PROTECTION,
    TERMINATION_PROTECTION,
)
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.core.endings import End
from spawn.core.errors import InputError
from spawn.core.ids import is_launch_id
from spawn.core.steps import Parameters, Stage, Step
from spawn.core.tags import Tag
from spawn.lifecycle.backstop import (
    Arming,
    Behind,
    plan_rearming,
    plan_removal,
    require_seen,
)
from spawn.lifecycle.listed import ListedInstance
from spawn.registry.records import Held, plan_held

LONGEST_REASON = 500
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class Part(enum.StrEnum):
    """The five things that a hold is."""

    TAG = "tag"
    TERMINATION = "termination protection"
    STOP = "stop protection"
    SHUTDOWN = "shutdown behaviour stop"
    BACKSTOP = "backstop off"


class State(enum.StrEnum):
    """Whether one of them holds."""

    HOLDS = "holds"
    OPEN = "does not hold"
    IMPOSSIBLE = "can't be had"
    UNKNOWN = "UNKNOWN"


class HeldPart(msgspec.Struct, frozen=True, kw_only=True):
    """One of the five. `why` explains what does not hold."""

    part: Part
    state: State
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class HoldFacts:
    """What there is to know of an instance's five things, but for its tag."""

    protections: Mapping[Part, Fact[bool]]
    shutdown_behavior: Fact[str]
    behind: Behind


class HoldPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How an instance is held, or released.

    parts   the five as they are now
    steps   what brings each part about, or ends it; those of a part that is as wanted are none
    stages  the same in the order in which they are performed
    notes   what can't be had, and what to do about it
    """

    account: str
    instance: ListedInstance
    case: str
    reason: str
    parts: tuple[HeldPart, ...]
    stages: tuple[Stage, ...]
    notes: tuple[str, ...] = ()


def parse_case(text: str) -> str:
    """Return the name of a case. Raises InputError for what a tag should not carry."""
    if not _CASE.fullmatch(text):
        raise InputError(
            f"--case {text!r} can't name a case",
            why="write up to 64 letters, digits, dots, dashes and underscores",
        )
    return text


def parse_reason(text: str) -> str:
    """Return a reason. Raises InputError for one that says nothing, or is no line of text."""
    reason = text.strip()
    if not reason or not reason.isprintable() or len(reason) > LONGEST_REASON:
        raise InputError(
            "--reason can't be used",
            why=f"write one line of 1 to {LONGEST_REASON} characters: it is recorded",
        )
    return reason


def case_of(row: ListedInstance, now: datetime) -> str:
    """Name a case after its day and the launch."""
    launch = row.tags.get(Tag.LAUNCH_ID, "")
    return f"{now:%Y-%m-%d}-{launch if is_launch_id(launch) else row.id}"


def held_parts(row: ListedInstance, facts: HoldFacts) -> tuple[HeldPart, ...]:
    """Say which of the five hold."""
    tag = HeldPart(part=Part.TAG, state=State.OPEN if row.hold is None else State.HOLDS)
    protections = [_protection(row, part, fact) for part, fact in facts.protections.items()]
    shutdown = _known(Part.SHUTDOWN, _stops(facts.shutdown_behavior))
    if row.is_spot:
        shutdown = HeldPart(part=Part.SHUTDOWN, state=State.IMPOSSIBLE, why="it is a spot instance")
    return (tag, *protections, shutdown, _backstop_off(facts.behind))


def _protection(row: ListedInstance, part: Part, fact: Fact[bool]) -> HeldPart:
    if row.is_spot:
        return HeldPart(part=part, state=State.IMPOSSIBLE, why="it is a spot instance")
    return _known(part, fact)


def _stops(fact: Fact[str]) -> Fact[bool]:
    return Known(fact.value == End.STOP) if isinstance(fact, Known) else fact


def _known(part: Part, fact: Fact[bool]) -> HeldPart:
    match fact:
        case Known(value=True):
            return HeldPart(part=part, state=State.HOLDS)
        case Known() | Absent():
            return HeldPart(part=part, state=State.OPEN)
        case Unseen(operation=operation, why=why):
            return HeldPart(part=part, state=State.UNKNOWN, why=f"{operation}: {why}")


def _backstop_off(behind: Behind) -> HeldPart:
    facts = behind.schedules.values()
    unseen = next((fact for fact in facts if isinstance(fact, Unseen)), None)
    if unseen is not None:
        return _known(Part.BACKSTOP, unseen)
    is_on = any(isinstance(fact, Known) and fact.value.state == "ENABLED" for fact in facts)
    return _known(Part.BACKSTOP, Known(not is_on))


def plan_hold(row: ListedInstance, facts: HoldFacts, *, account: str, held: Held) -> HoldPlan:
    """Return how to hold an instance; what holds already is not done again.

    Raises InputError for one that has ended, and for one that is held for another case.
    """
    if row.has_ended:
        raise InputError(f"{row.id} is {row.state}: there is nothing to hold")
    if row.hold is not None and row.hold != held.case:
        raise InputError(
            f"{row.id} is held already, for {row.hold or 'a case without a name'}",
            why="one case at a time: release it first, or leave --case out",
            next_command=f"spawn status {row.id}",
        )
    parts = held_parts(row, facts)
    wanted = [one.part for one in parts if one.state in {State.OPEN, State.UNKNOWN}]
    first = tuple(_tag_step(row, held.case) for part in wanted if part is Part.TAG)
    then = tuple(
        msgspec.structs.replace(step, optional=True)
        for part in wanted
        for step in _protecting(row, part, on=True)
    )
    last = tuple(
        msgspec.structs.replace(step, optional=True)
        for part in wanted
        if part is Part.BACKSTOP
        for step in plan_removal(row.id, region=row.region)
    )
    record = (plan_held(row.id, held, region=row.region, expires_at=row.expires_at),)
    return HoldPlan(
        account=account,
        instance=row,
        case=held.case,
        reason=held.reason,
        parts=parts,
        stages=_stages(first, then, last, record) if first or then or last else (),
        notes=_spot_notes(row),
    )


def _spot_notes(row: ListedInstance) -> tuple[str, ...]:
    if not row.is_spot:
        return ()
    command = (
        f"aws ec2 create-snapshots --region {row.region}"
        f" --instance-specification InstanceId={row.id}"
    )
    warning = (
        "AWS may take a spot instance back at any time, and nothing protects it from that or from"
        f" powering off: snapshot its disks first: {command}"
    )
    return (warning,)


def require_releasable(row: ListedInstance, facts: HoldFacts) -> datetime:
    """Return the end date of an instance that can be released.

    Raises InputError for one that has ended or is not held at all; InputError for one whose end
    date can't be read, and AccessDenied where its schedules can't be: nothing could be armed then.
    """
    # An instance may be without a backstop, or stop at its power-off, and yet not be held.
    telling = {Part.TAG, Part.TERMINATION, Part.STOP}
    held = {one.part for one in held_parts(row, facts) if one.state is State.HOLDS}
    is_held = bool(held & telling)
    if row.has_ended or not is_held:
        state = row.state if row.has_ended else "not held"
        raise InputError(f"{row.id} is {state}", next_command=f"spawn status {row.id}")
    if row.expires_at is None:
        raise InputError(
            f"the end date of {row.id} can't be read, so it can't be released",
            why=f"its tag {Tag.EXPIRES_AT} must hold one, written like 2026-01-27T18:00:00Z",
            next_command=f"spawn status {row.id}",
        )
    require_seen(facts.behind)
    return row.expires_at


def plan_unhold(
    row: ListedInstance, facts: HoldFacts, *, account: str, held: Held, arming: Arming
) -> HoldPlan:
    """Return how to release an instance. Raises what `require_releasable` raises.

    One that no launch of spawn's made gets no backstop: its tags alone must not have it ended.
    """
    ends_at = require_releasable(row, facts)
    parts = held_parts(row, facts)
    closed = {one.part for one in parts if one.state in {State.HOLDS, State.UNKNOWN}}
    armed: Stage = ()
    if row.is_made_by_spawn:
        armed = plan_rearming(row, facts.behind, ends_at=ends_at, arming=arming)
    stays = row.is_spot or facts.shutdown_behavior == Known(row.on_expiry.value)
    behavior = () if stays else _protecting(row, Part.SHUTDOWN, on=False)
    unprotected = tuple(
        step
        for part in (Part.STOP, Part.TERMINATION)
        if part in closed
        for step in _protecting(row, part, on=False)
    )
    tag = (_untag_step(row),) if Part.TAG in closed else ()
    record = (plan_held(row.id, held, region=row.region, expires_at=row.expires_at),)
    return HoldPlan(
        account=account,
        instance=row,
        case=held.case,
        reason=held.reason,
        parts=parts,
        stages=_stages(*arming.stages, armed, behavior, unprotected, tag, record),
    )


def _stages(*stages: Stage) -> tuple[Stage, ...]:
    return tuple(stage for stage in stages if stage)


def _tag_step(row: ListedInstance, case: str) -> Step:
    return Step(
        operation=CREATE_TAGS.key,
        region=row.region,
        parameters={
            "Resources": [row.id],
            "Tags": [{"Key": Tag.HOLD.value, "Value": case}],
        },
        sentence=f"tag {row.id} as held for {case}",
    )


def _untag_step(row: ListedInstance) -> Step:
    return Step(
        operation=DELETE_TAGS.key,
        region=row.region,
        parameters={"Resources": [row.id], "Tags": [{"Key": Tag.HOLD.value}]},
        sentence=f"take the tag of the hold off {row.id}",
    )


def _protecting(row: ListedInstance, part: Part, *, on: bool) -> Stage:
    """Return the step that switches a protection; each takes a call of its own."""
    attribute: Parameters
    match part:
        case Part.TERMINATION:
            attribute = {TERMINATION_PROTECTION: {"Value": on}}
            sentence = "protect it from being terminated" if on else "let it be terminated again"
        case Part.STOP:
            attribute = {STOP_PROTECTION: {"Value": on}}
            sentence = "protect it from being stopped" if on else "let it be stopped again"
        case Part.SHUTDOWN:
            means = End.STOP if on else row.on_expiry
            attribute = {"InstanceInitiatedShutdownBehavior": {"Value": means.value}}
            sentence = f"have powering off {means} it"
        case _:
            return ()
    return (
        Step(
            operation=MODIFY_INSTANCE_ATTRIBUTE.key,
            region=row.region,
            parameters={"InstanceId": row.id, **attribute},
            sentence=sentence,
        ),
    )
