"""Whose it is, and what for."""

from __future__ import annotations

from spawn.core.tags import Tag
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed
from spawn.posture.model import Posture

REQUIRED = (Tag.OWNER.value, "project", "classification")


def owner(posture: Posture) -> Judgement:
    """Somebody must be named who answers for the instance."""
    return _carries(posture, (Tag.OWNER.value,))


def required(posture: Posture) -> Judgement:
    """Owner, project and classification of the data must be named."""
    return _carries(posture, REQUIRED)


def _carries(posture: Posture, keys: tuple[str, ...]) -> Judgement:
    missing = [key for key in keys if not posture.tags.get(key, "").strip()]
    if missing:
        return failed(f"without the tag {', '.join(missing)}", key=missing[0])
    return passed(", ".join(f"{key}={posture.tags[key]}" for key in keys))


# The value is for a person to write: an empty one does not pass.
_TAG = "aws ec2 create-tags --region {region} --resources {instance_id} --tags Key={key},Value="

CONTROLS = (
    Control(
        id="TAG-OWNER",
        title="The instance names its owner",
        severity=Severity.LOW,
        risk="Nobody can be asked what it is for, or told that something is wrong with it.",
        at_launch="--tags owner=NAME, or leave it out and the caller is named",
        remedy=_TAG,
        judge=owner,
    ),
    Control(
        id="TAG-REQUIRED",
        title="The instance names its owner, project and classification",
        severity=Severity.LOW,
        risk="Cost and the care that its data needs can't be assigned.",
        at_launch="--tags project=NAME,classification=NAME",
        remedy=_TAG,
        judge=required,
    ),
)
