"""Settings of an account, one for each region: what each shall be, in the words of AWS's answers.

Sources: EBS user guide, "Enable EBS encryption by default", "Block public access for snapshots";
EC2 user guide, "Configure instance metadata options for new instances", "Block public access to
your AMIs", "Allowed AMIs".
"""

from __future__ import annotations

from spawn.iam.guardrails.model import Document, Wishes


def ebs_encryption(_: Wishes) -> Document:
    """New volumes and copies of snapshots are encrypted."""
    return {"EbsEncryptionByDefault": True}


def imds_defaults(_: Wishes) -> Document:
    """Launches that say nothing of metadata get it with tokens, out of reach of containers."""
    return {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}


def snapshot_block(_: Wishes) -> Document:
    """No snapshot is public, also none that was made so before."""
    return {"State": "block-all-sharing"}


def image_block(_: Wishes) -> Document:
    """No image is made public."""
    return {"ImageBlockPublicAccessState": "block-new-sharing"}


def allowed_images(wishes: Wishes) -> Document:
    """Only images of these makers, and the account's own, can be found and launched."""
    return {
        "State": "enabled",
        "ImageCriteria": [{"ImageProviders": sorted(wishes.image_owners)}],
    }
