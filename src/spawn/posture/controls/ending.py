"""That the instance ends, soon enough, and whatever happens to it.

What is on hold as evidence must not end: it passes, and says so.
"""

from __future__ import annotations

from datetime import timedelta

from spawn.aws.questions import Unseen
from spawn.core.durations import format_duration
from spawn.core.instants import format_instant
from spawn.core.tags import Tag
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed, unknown
from spawn.posture.model import Posture

LONGEST_LIFE = timedelta(days=30)
# The backstop stands five minutes behind the end date; the rest is what clocks and a late
# `CreateSchedule`, which never fires at once, may add.
BACKSTOP_LATEST = timedelta(minutes=30)
# What an instance gets that has no end date: a launch's own default.
_NEW_LIFE = timedelta(hours=8)
_HELD = passed("on hold as evidence: it is not to end")


def end_date(posture: Posture) -> Judgement:
    """There must be an end date that can be read, and has not passed."""
    ending = posture.ending
    if ending.is_held:
        return _HELD
    new_date = format_instant(posture.observed_at + _NEW_LIFE)
    if ending.expires_at is None:
        text = posture.tags.get(Tag.EXPIRES_AT)
        evidence = "there is no end date" if text is None else "the end date can't be read"
        return failed(evidence, expires_at=new_date)
    date = format_instant(ending.expires_at)
    if ending.expires_at <= posture.observed_at:
        return failed(f"the end date {date} has passed", expires_at=new_date)
    return passed(f"ends at {date}")


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
    """A schedule outside of the instance must end it, at its end date and not much later."""
    ending = posture.ending
    if ending.is_held:
        return _HELD
    if isinstance(ending.backstop_at, Unseen):
        return unknown(ending.backstop_at)
    if ending.backstop_at is None:
        return failed("no schedule ends the instance, should it fail to do so itself")
    armed = format_instant(ending.backstop_at)
    if ending.expires_at is None:
        return failed(f"the schedule fires at {armed}, and there is no end date")
    delay = ending.backstop_at - ending.expires_at
    if not timedelta() <= delay <= BACKSTOP_LATEST:
        date = format_instant(ending.expires_at)
        return failed(f"the schedule fires at {armed}, the end date is {date}")
    return passed(f"a schedule ends it at {armed}")


def by_shutdown(posture: Posture) -> Judgement:
    """Powering off must end the instance, not park it with its disks billed."""
    ending = posture.ending
    if ending.is_held:
        return _HELD
    if isinstance(ending.shutdown_behavior, Unseen):
        return unknown(ending.shutdown_behavior)
    if ending.shutdown_behavior != "terminate":
        return failed(f"powering off means {ending.shutdown_behavior}")
    return passed("powering off ends the instance")


_TAG_END = (
    "aws ec2 create-tags --region {region} --resources {instance_id}"
    f" --tags Key={Tag.EXPIRES_AT.value},Value={{expires_at}}"
)

CONTROLS = (
    Control(
        id="END-DATE",
        title="The instance has an end date",
        severity=Severity.HIGH,
        risk="A forgotten instance is billed, unpatched and unwatched until someone finds it.",
        at_launch="--ttl with the time that the work takes",
        remedy=_TAG_END,
        judge=end_date,
    ),
    Control(
        id="END-WITHIN-30-DAYS",
        title="The end date is at most 30 days away",
        severity=Severity.MEDIUM,
        risk="An end date that is months away guards against nothing.",
        at_launch="--ttl 30d or less",
        remedy=_TAG_END,
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
        title="Powering off ends the instance",
        severity=Severity.MEDIUM,
        risk="A stopped instance keeps its disks, their data and their bill.",
        at_launch="launch with spawn, which sets it",
        remedy=(
            "aws ec2 modify-instance-attribute --region {region} --instance-id {instance_id}"
            " --instance-initiated-shutdown-behavior terminate"
        ),
        judge=by_shutdown,
    ),
)
