"""What the instance was made from."""

from __future__ import annotations

from datetime import timedelta

from spawn.aws.questions import Unseen
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed, unknown
from spawn.posture.model import Posture

# Publishers replace their images every few weeks, and Amazon Linux deprecates its own after 90
# days (AL2023 user guide, "Deprecated AMIs"); twice that leaves time to move.
OLDEST = timedelta(days=180)


def owner(posture: Posture) -> Judgement:
    """The image must come from this account or from a publisher that spawn knows."""
    image = posture.image
    if isinstance(image, Unseen):
        return unknown(image)
    if not image.is_known_owner:
        evidence = f"the account {image.owner_id or 'that owns it'} is no publisher known to spawn"
        return failed(evidence, places=[image.image_id], image=image.image_id)
    return passed(f"{image.image_id} is of a known owner, {image.owner_id}")


def age(posture: Posture) -> Judgement:
    """The image must be recent, and still what its publisher offers."""
    image = posture.image
    if isinstance(image, Unseen):
        return unknown(image)
    if image.is_deprecated:
        return failed("deprecated by its owner", places=[image.image_id], image=image.image_id)
    if image.created_at is None:
        return unknown(Unseen("ec2:DescribeImages", "it does not say when the image was made"))
    old = posture.observed_at - image.created_at
    if old > OLDEST:
        evidence = f"{old.days} days old"
        return failed(evidence, places=[image.image_id], image=image.image_id)
    return passed(f"made on {image.created_at:%Y-%m-%d}")


_LOOK = "aws ec2 describe-images --region {region} --image-ids {image}"

CONTROLS = (
    Control(
        id="IMAGE-OWNER",
        title="The image comes from a known owner",
        severity=Severity.HIGH,
        risk="Anyone may publish an image under any name, with whatever in it.",
        at_launch="leave out --ami, or name an image of your own account",
        remedy=_LOOK,
        judge=owner,
    ),
    Control(
        id="IMAGE-AGE",
        title="The image is recent",
        severity=Severity.LOW,
        risk="What was mended since the image was made is open until the first update.",
        at_launch="leave out --ami, and the current image is used",
        remedy=_LOOK,
        judge=age,
    ),
)
