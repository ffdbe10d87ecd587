"""That the instance ends, soon enough, and whatever happens to it.

What is on hold as evidence must not end: it passes, and says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from spawn.aws.questions import Unseen
from spawn.core.durations import format_duration
from spawn.core.endings import DELAY, End, alarms, gone_at, needed_ends, on_expiry
from spawn.core.instants import format_instant
from spawn.core.tags import Tag
from spawn.posture.controls.control import (
    Control,
    Judgement,
    Outcome,
    Severity,
    failed,
    passed,
    unknown,
)
from spawn.posture.model import Posture

LONGEST_LIFE = timedelta(days=30)
# How much later than wanted a schedule may fire: what clocks and a late `CreateSchedule`, which
# never fires at once, may add.
LATEST = timedelta(minutes=25)
# What an instance gets that has no end date: a launch's own default.
_NEW_LIFE = timedelta(hours=8)
_HELD = passed("on hold as evidence: it is not to end")


def end_date(posture: Posture) -> Judgement:
    """There must be an end date that can be read, and has not passed; or it stopped then."""
    ending = posture.ending
    if ending.is_held:
        return _HELD
    new_date = format_instant(posture.observed_at + _NEW_LIFE)
    if ending.expires_at is None:
        text = posture.tags.get(Tag.EXPIRES_AT)
        evidence = "there is no end date" if text is None else "the end date can't be read"
        return failed(evidence, expires_at=new_date)
    date = format_instant(ending.expires_at)
    if ending.expires_at > posture.observed_at:
        return passed(f"ends at {date}")
    gone = gone_at(ending.expires_at, posture.tags)
    if ending.is_stopped and gone > posture.observed_at:
        return passed(f"stopped at its end date {date}, and is gone at {format_instant(gone)}")
    return failed(f"the end date {date} has passed", expires_at=new_date)


def within_30_days(posture: Posture) -> Judgement:
    """No end date may be so far away that it is as good as none."""
    ending = posture.ending
    if ending.is_held:
        return _HELD
    latest = posture.observed_at + LONGEST_LIFE
    if ending.expires_at is None:
        return failed("there is no end date", expires_at=format_instant(latest))
    left = ending.expires_at - posture.observed_at
    if left > LONGEST_LIFE:
        return failed(f"ends only in {format_duration(left)}", expires_at=format_instant(latest))
    return passed(f"ends in {format_duration(left)}")


def backstop(posture: Posture) -> Judgement:
    """Schedules outside of the instance must end it, at its end date and not much later.

    Where its disks are kept for a while, one stops it then, and another one ends it.
    """
    ending = posture.ending
    if ending.is_held:
        return _HELD
    found = {End.TERMINATE: ending.backstop_at, End.STOP: ending.stopped_at}
    needed = needed_ends(
        ending.expires_at,
        posture.tags,
        is_stopped=ending.is_stopped,
        now=posture.observed_at,
    )
    unseen = [one for end in needed if isinstance(one := found[end], Unseen)]
    if unseen:
        return unknown(*unseen)
    judged = [_behind(posture, end, found[end]) for end in needed]
    return next((one for one in judged if one.outcome is Outcome.FAIL), judged[-1])


def _behind(posture: Posture, end: End, at: datetime | Unseen | None) -> Judgement:
    """Judge one schedule."""
    does = "ends" if end is End.TERMINATE else "stops"
    if not isinstance(at, datetime):
        return failed(f"no schedule {does} the instance, should it fail to do so itself")
    expires_at = posture.ending.expires_at
    armed = format_instant(at)
    if expires_at is None:
        return failed(f"the schedule fires at {armed}, and there is no end date")
    wanted = dict(alarms(expires_at, posture.tags))[end]
    if not -DELAY <= at - wanted <= LATEST:
        return failed(f"the schedule fires at {armed}, and not at {format_instant(wanted)}")
    return passed(f"a schedule {does} it at {armed}")


def by_shutdown(posture: Posture) -> Judgement:
    """Powering off must end the instance, or stop it where that was asked for.

    Else it is parked with its disks billed; or its disks go that were to be kept.
    """
    ending, wanted = posture.ending, on_expiry(posture.tags)
    if ending.is_held:
        return _HELD
    if isinstance(ending.shutdown_behavior, Unseen):
        return unknown(ending.shutdown_behavior)
    if ending.shutdown_behavior != wanted:
        return failed(f"powering off means {ending.shutdown_behavior}", behavior=wanted.value)
    if wanted is End.STOP:
        return passed("powering off stops the instance, as was asked for; a schedule ends it later")
    return passed("powering off ends the instance")


_NEW_END = "spawn extend {instance_id} --region {region} --until {expires_at}"

CONTROLS = (
    Control(
        id="END-DATE",
        title="The instance has an end date",
        severity=Severity.HIGH,
        risk="A forgotten instance is billed, unpatched and unwatched until someone finds it.",
        at_launch="--ttl with the time that the work takes",
        remedy=_NEW_END,
        judge=end_date,
    ),
    Control(
        id="END-WITHIN-30-DAYS",
        title="The end date is at most 30 days away",
        severity=Severity.MEDIUM,
        risk="An end date that is months away guards against nothing.",
        at_launch="--ttl 30d or less",
        remedy=_NEW_END,
        judge=within_30_days,
    ),
    Control(
        id="END-BACKSTOP",
        title="A schedule ends the instance should it not do so itself",
        severity=Severity.MEDIUM,
        risk="An instance that hangs, or that its user keeps from powering off, goes on for ever.",
        at_launch="launch with credentials that may use EventBridge Scheduler",
        remedy="spawn status {instance_id} --region {region}",
        judge=backstop,
    ),
    Control(
        id="END-BY-SHUTDOWN",
        title="Powering off ends the instance, or stops it where its disks are to be kept",
        severity=Severity.MEDIUM,
        risk="A stopped instance keeps its disks, their data and their bill; an ended one none.",
        at_launch="launch with spawn, which sets it",
        remedy=(
            "aws ec2 modify-instance-attribute --region {region} --instance-id {instance_id}"
            " --instance-initiated-shutdown-behavior {behavior}"
        ),
        judge=by_shutdown,
    ),
)
