"""The backstop: one-time schedules that end an instance, should its own end fail.

They stand outside of the instance: a dead agent, a garbled tag, a hung kernel don't touch them.
One terminates it. Where its disks are kept for a while, another stops it before.

Source for the parameters: EventBridge Scheduler User Guide, "Schedule types" and "Using
universal targets"; "Managing schedules" for ActionAfterCompletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from spawn.aws import scheduler
from spawn.aws.questions import Absent, Fact, Known, Unseen, value_of
from spawn.core.endings import DELAY, Alarm, End, alarms, needed_ends
from spawn.core.instants import format_instant
from spawn.core.steps import Parameters, Retry, Stage, Step, Text, Undo, text_around
from spawn.core.tags import tag_list
from spawn.lifecycle.listed import Backstop, BackstopState, ListedInstance

# A schedule that is made late never fires sooner than this: whoever may put tags could otherwise
# end an instance at once by moving its end date into the past.
NOTICE = timedelta(minutes=15)
# Facts of IAM take seconds to be known everywhere; a minute without is a real refusal.
ROLE_WAIT_SECONDS = 60.0
# The most that Scheduler offers. Terminating twice is harmless, an outage of EC2's API is not.
_RETRY_POLICY = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
_UNTIL_ROLE_IS_KNOWN = Retry(
    code="ValidationException", message="execution role", limit_seconds=ROLE_WAIT_SECONDS
)


@dataclass(frozen=True, kw_only=True)
class Behind:
    """What is known of the schedules behind one instance.

    roles         ARNs of roles by which a schedule ends what the instance's owner launched
    unseen_roles  those that could not be looked at
    """

    schedules: Mapping[End, Fact[scheduler.Schedule]]
    roles: frozenset[str]
    unseen_roles: Mapping[str, Unseen]


@dataclass(frozen=True, kw_only=True)
class Arming:
    """By which role schedules that are made or mended act from now on, and what time it is.

    `stages` make that role and what else the schedules need, where it is missing.
    """

    partition: str
    role_arn: str
    now: datetime
    stages: tuple[Stage, ...] = ()


def plan_group(group: Fact[scheduler.ScheduleGroup], *, region: str, tags: dict[str, str]) -> Stage:
    """Return the step that makes the schedule group, none where it is known to exist.

    Where it could not be looked at it is made all the same: AWS says if it is there already.
    """
    match group:
        case Known():
            return ()
        case Absent() | Unseen():
            return (
                Step(
                    operation=scheduler.CREATE_SCHEDULE_GROUP.key,
                    region=region,
                    parameters={"Name": scheduler.GROUP, "Tags": tag_list(tags)},
                    sentence=f"create the schedule group {scheduler.GROUP} in {region}",
                    accepts=("ConflictException",),
                ),
            )


def plan_backstop(
    instance_id: Text,
    wanted: Iterable[Alarm],
    *,
    region: str,
    partition: str,
    role_arn: str,
    client_token: Text,
) -> Stage:
    """Return the steps that have Scheduler do this to the instance, at these times.

    `client_token` (1 to 59 of `[a-zA-Z0-9-_]`) makes asking twice harmless. Their undo deletes
    the schedules. A ConflictException is accepted: the name holds the instance's id, so a schedule
    of that name is this one, made by a request whose answer was lost.
    """
    return tuple(
        Step(
            operation=scheduler.CREATE_SCHEDULE.key,
            region=region,
            parameters={
                **_parameters(instance_id, alarm, partition=partition, role_arn=role_arn),
                "ClientToken": _token(client_token, alarm.does),
            },
            sentence=f"schedule its {_noun(alarm)} for {format_instant(alarm.at)},"
            " whatever happens to it",
            undo=_undo(instance_id, alarm.does),
            retries=(_UNTIL_ROLE_IS_KNOWN,),
            accepts=("ConflictException",),
        )
        for alarm in wanted
    )


def _token(client_token: Text, end: End) -> Text:
    return client_token if end is End.TERMINATE else text_around(client_token, "{}-stop".format)


def _parameters(instance_id: Text, alarm: Alarm, *, partition: str, role_arn: str) -> Parameters:
    return {
        "GroupName": scheduler.GROUP,
        "Name": _name(instance_id, alarm.does),
        "Description": f"{alarm.does}s an instance whose end date has passed",
        "ScheduleExpression": scheduler.expression(alarm.at),
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": scheduler.target_arn(alarm.does, partition),
            "RoleArn": role_arn,
            "Input": text_around(instance_id, scheduler.target_input),
            "RetryPolicy": _RETRY_POLICY,
        },
    }


def _name(instance_id: Text, end: End) -> Text:
    return text_around(instance_id, lambda known: scheduler.schedule_name(known, end))


def _noun(alarm: Alarm) -> str:
    return "termination" if alarm.does is End.TERMINATE else "stop"


def _undo(instance_id: Text, end: End) -> Undo:
    return Undo(
        operation=scheduler.DELETE_SCHEDULE.key,
        parameters={"GroupName": scheduler.GROUP, "Name": _name(instance_id, end)},
        sentence="delete its backstop schedule",
    )


def plan_removal(instance_id: str, *, region: str) -> Stage:
    """Return the steps that delete all schedules of an instance; a missing one is as wanted."""
    names = (scheduler.schedule_name(instance_id, end) for end in End)
    return tuple(plan_deletion(name, region=region) for name in names)


def plan_deletion(name: str, *, region: str) -> Step:
    """Return the step that deletes one schedule; a missing one is as wanted."""
    return Step(
        operation=scheduler.DELETE_SCHEDULE.key,
        region=region,
        parameters={"GroupName": scheduler.GROUP, "Name": name},
        sentence=f"delete the schedule {name}",
        accepts=("ResourceNotFoundException",),
    )


def may_be_armed(row: ListedInstance) -> bool:
    """Say whether the caller's next command may make or mend the schedules of an instance.

    Never by its tags alone: with them, whoever may put tags could have any instance ended.
    Instances on hold have their backstop off on purpose.
    """
    is_ours = row.is_mine and row.is_made_by_spawn
    return is_ours and not row.has_ended and row.hold is None and row.expires_at is not None


def plan_rearming(
    row: ListedInstance, behind: Behind, *, ends_at: datetime, arming: Arming
) -> Stage:
    """Return the steps after which the right schedules stand behind an instance, and no others.

    None of them fires sooner than NOTICE from now. A schedule that is right is left alone, and
    one that acts by a role that serves keeps it. Nothing is planned for one that can't be seen.
    """
    ends = needed_ends(ends_at, row.tags, is_stopped=row.is_stopped, now=arming.now)
    steps: list[Step] = []
    for alarm in alarms(ends_at, row.tags):
        if alarm.does in ends:
            late = alarm._replace(at=max(alarm.at, arming.now + NOTICE))
            steps += _correction(row, behind, alarm, late=late, arming=arming)
    if End.STOP not in ends and isinstance(behind.schedules[End.STOP], Known):
        name = scheduler.schedule_name(row.id, End.STOP)
        steps.append(plan_deletion(name, region=row.region))
    return tuple(steps)


def _correction(
    row: ListedInstance, behind: Behind, alarm: Alarm, *, late: Alarm, arming: Arming
) -> Stage:
    match behind.schedules[alarm.does]:
        case Unseen():
            return ()
        case Absent():
            stamp = int(late.at.timestamp())
            return plan_backstop(
                row.id,
                (late,),
                region=row.region,
                partition=arming.partition,
                role_arn=arming.role_arn,
                client_token=f"again-{row.id}-{stamp}",
            )
        case Known(value=schedule):
            if _is_right(schedule, row, alarm, behind=behind, now=arming.now):
                return ()
            kept = {*behind.roles, *behind.unseen_roles}
            role = schedule.target.role_arn if schedule.target.role_arn in kept else arming.role_arn
            return (_update(row, late, partition=arming.partition, role_arn=role),)


def _is_right(
    schedule: scheduler.Schedule,
    row: ListedInstance,
    alarm: Alarm,
    *,
    behind: Behind,
    now: datetime,
) -> bool:
    """Say whether a schedule may stay as it is; one that was armed late is never put off."""
    is_faultless = not _faults(schedule, row.id, alarm, behind=behind, now=now)
    return is_faultless and (schedule.fires_at == alarm.at or alarm.at < now + NOTICE)


def _update(row: ListedInstance, alarm: Alarm, *, partition: str, role_arn: str) -> Step:
    parameters = _parameters(row.id, alarm, partition=partition, role_arn=role_arn)
    return Step(
        operation=scheduler.UPDATE_SCHEDULE.key,
        region=row.region,
        parameters={**parameters, "State": "ENABLED"},
        sentence=f"move its {_noun(alarm)} to {format_instant(alarm.at)}, whatever happens to it",
        retries=(_UNTIL_ROLE_IS_KNOWN,),
    )


def require_seen(behind: Behind) -> None:
    """Raise AccessDenied where a schedule can't be looked at: then nothing is planned for it."""
    for fact in behind.schedules.values():
        if isinstance(fact, Unseen):
            value_of(fact)


def needs_role(row: ListedInstance, behind: Behind, *, ends_at: datetime, now: datetime) -> bool:
    """Say whether arming the instance takes a role that its schedules don't act by already."""
    ends = needed_ends(ends_at, row.tags, is_stopped=row.is_stopped, now=now)
    return any(_lacks_role(behind.schedules[end], behind) for end in ends)


def _lacks_role(fact: Fact[scheduler.Schedule], behind: Behind) -> bool:
    match fact:
        case Absent():
            return True
        case Known(value=schedule):
            return schedule.target.role_arn not in {*behind.roles, *behind.unseen_roles}
        case Unseen():
            return False


def judge_backstop(behind: Behind, row: ListedInstance, *, now: datetime) -> Backstop:
    """Say whether the schedules will really end this instance, and when.

    Everything that makes them do so is looked at: one that is disabled, late, early, acts by
    another role or does something else is BROKEN, with the reason.
    """
    if row.has_ended:
        return Backstop(state=BackstopState.NOT_NEEDED)
    ends = needed_ends(row.expires_at, row.tags, is_stopped=row.is_stopped, now=now)
    facts = {end: behind.schedules[end] for end in ends}
    unseen = [fact for fact in facts.values() if isinstance(fact, Unseen)]
    missing = [end for end, fact in facts.items() if isinstance(fact, Absent)]
    if row.hold is not None and not unseen and not any(map(_is_on, facts.values())):
        return Backstop(state=BackstopState.OFF)
    faults = _all_faults(behind, row, facts, now=now)
    roles = [fact.value.target.role_arn for fact in facts.values() if isinstance(fact, Known)]
    unseen += [behind.unseen_roles[role] for role in roles if role in behind.unseen_roles]
    if missing:
        kept = len(missing) < len(ends)
        why = f"nothing {missing[0]}s it" if kept else ""
        return _judged(BackstopState.MISSING, facts, (why,))
    if faults:
        return _judged(BackstopState.BROKEN, facts, faults)
    if unseen:
        why = f"{unseen[0].operation}: {unseen[0].why}"
        return _judged(BackstopState.UNKNOWN, facts, (why,))
    return _judged(BackstopState.ARMED, facts, ())


def _is_on(fact: Fact[scheduler.Schedule]) -> bool:
    return isinstance(fact, Known) and fact.value.state == "ENABLED"


def _judged(
    state: BackstopState, facts: Mapping[End, Fact[scheduler.Schedule]], reasons: Iterable[str]
) -> Backstop:
    times = {end: fact.value.fires_at for end, fact in facts.items() if isinstance(fact, Known)}
    return Backstop(
        state=state,
        fires_at=times.get(End.TERMINATE),
        stops_at=times.get(End.STOP),
        why="; ".join(reasons),
    )


def _all_faults(
    behind: Behind,
    row: ListedInstance,
    facts: Mapping[End, Fact[scheduler.Schedule]],
    *,
    now: datetime,
) -> list[str]:
    wanted = {} if row.expires_at is None else dict(alarms(row.expires_at, row.tags))
    faults = []
    for end, fact in facts.items():
        if isinstance(fact, Known):
            alarm = Alarm(end, wanted[end]) if end in wanted else None
            found = _faults(fact.value, row.id, alarm or end, behind=behind, now=now)
            name = "" if end is End.TERMINATE else "the one that stops it: "
            faults += [f"{name}{fault}" for fault in found]
    surplus = behind.schedules[End.STOP]
    if row.on_expiry is End.TERMINATE and isinstance(surplus, Known):
        faults.append("another schedule stops it, which it was not launched for")
    return faults


def _faults(
    schedule: scheduler.Schedule,
    instance_id: str,
    wanted: Alarm | End,
    *,
    behind: Behind,
    now: datetime,
) -> list[str]:
    end = wanted.does if isinstance(wanted, Alarm) else wanted
    faults = []
    if schedule.state != "ENABLED":
        faults.append(f"it is {schedule.state}")
    if not scheduler.does(schedule, end, instance_id):
        faults.append(f"it does not {end} this instance, and nothing else: {schedule.target.arn}")
    if schedule.target.role_arn not in {*behind.roles, *behind.unseen_roles}:
        role = schedule.target.role_arn or "no role"
        faults.append(f"it acts by {role}, which does not end its owner's instances")
    if schedule.fires_at is None:
        expression = schedule.schedule_expression
        faults.append(f"its time {expression!r} is not one point in UTC")
    elif isinstance(wanted, Alarm):
        faults += _untimely(schedule.fires_at, wanted.at, now=now)
    return faults


def _untimely(fires_at: datetime, wanted: datetime, *, now: datetime) -> list[str]:
    """Say what is wrong with a time. What was armed late fires late, but is never put off."""
    when = format_instant(fires_at)
    if fires_at - wanted > NOTICE - DELAY and fires_at > now + NOTICE:
        return [f"it fires {when}, long after the end date"]
    if wanted - fires_at > DELAY:
        return [f"it fires {when}, before the end date"]
    if fires_at < now - DELAY:
        return [f"its time {when} has passed, and it has not done it"]
    return []
