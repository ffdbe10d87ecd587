"""What is written to disk: who can read it, and whether it goes with the instance."""

from __future__ import annotations

from spawn.aws.questions import Unseen
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed, unknown
from spawn.posture.model import Disk, KeyManager, Posture

_NO_DISKS = Unseen("ec2:DescribeVolumes", "it names no disk")


def _failed_disks(evidence: str, wrong: list[Disk]) -> Judgement:
    return failed(
        evidence,
        places=[" ".join(filter(None, (disk.device_name, disk.volume_id))) for disk in wrong],
        volume=wrong[0].volume_id,
        device=wrong[0].device_name,
    )


def encrypted(posture: Posture) -> Judgement:
    """Every disk must be seen to be encrypted; an instance without any has not been seen."""
    wrong = [disk for disk in posture.disks if disk.encrypted is False]
    if wrong:
        return _failed_disks("not encrypted", wrong)
    hidden = [disk.encrypted for disk in posture.disks if isinstance(disk.encrypted, Unseen)]
    if hidden or not posture.disks:
        return unknown(*hidden or [_NO_DISKS])
    return passed("every disk is encrypted")


def customer_key(posture: Posture) -> Judgement:
    """Every disk must be encrypted with a key that the customer can withdraw."""
    wrong = [disk for disk in posture.disks if disk.key_manager in (None, KeyManager.AWS)]
    wrong = [disk for disk in wrong if not isinstance(disk.encrypted, Unseen)]
    if wrong:
        return _failed_disks("not encrypted with a customer managed key", wrong)
    looks = [look for disk in posture.disks for look in (disk.encrypted, disk.key_manager)]
    hidden = [look for look in looks if isinstance(look, Unseen)]
    if hidden or not posture.disks:
        return unknown(*hidden or [_NO_DISKS])
    return passed("every disk is encrypted with a customer managed key")


def ends_with_instance(posture: Posture) -> Judgement:
    """No disk may be left behind, billed and forgotten, when the instance ends."""
    wrong = [disk for disk in posture.disks if not disk.delete_on_termination]
    if wrong:
        return _failed_disks("kept, and billed, after the instance ends", wrong)
    if not posture.disks:
        return unknown(_NO_DISKS)
    return passed("every disk goes with the instance")


_SNAPSHOT = (
    "aws ec2 create-snapshot --region {region} --volume-id {volume}"
    " --description 'to be copied with encryption'"
)

CONTROLS = (
    Control(
        id="EBS-ENCRYPTED",
        title="Every disk is encrypted",
        severity=Severity.HIGH,
        risk="A copied snapshot is readable, and nothing can take that back.",
        at_launch="leave out --no-encrypt-volumes",
        remedy=_SNAPSHOT,
        judge=encrypted,
    ),
    Control(
        id="EBS-CUSTOMER-KEY",
        title="Every disk is encrypted with a customer managed key",
        severity=Severity.MEDIUM,
        risk="With AWS's own key nobody can withdraw access, or see in one place who used it.",
        at_launch="--kms-key-id with the id, ARN or alias of a customer managed key",
        remedy=_SNAPSHOT,
        judge=customer_key,
    ),
    Control(
        id="EBS-ENDS-WITH-INSTANCE",
        title="Every disk goes with the instance",
        severity=Severity.LOW,
        risk="A disk that is left behind costs money and keeps its data for whoever finds it.",
        at_launch="use an image whose disks are deleted on termination",
        remedy=(
            "aws ec2 modify-instance-attribute --region {region} --instance-id {instance_id}"
            " --block-device-mappings DeviceName={device},Ebs={{DeleteOnTermination=true}}"
        ),
        judge=ends_with_instance,
    ),
)
