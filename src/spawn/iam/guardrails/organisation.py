"""Service control policies: what nobody in an organisation's accounts may do.

Ten at the most are attached to one root, unit or account (five until May 2026), and AWS's
FullAWSAccess and an organisation's own are among them: so these are four, and each holds what
belongs together. They bind neither the management account nor service-linked roles.

Sources: Organizations user guide, "Quotas and service limits" and "SCP syntax"; EC2 user guide,
"Example policies to control access"; IAM user guide, "Denies access to AWS based on the requested
Region".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spawn.iam.documents import Conditions, Effect, PolicyDocument, Statement
from spawn.iam.guardrails.model import Caller, Wishes
from spawn.iam.guardrails.statements import deny
from spawn.iam.guardrails.whose import RESOURCE_OWNER, not_ones_own

# Their calls go to one region whoever makes them, or tell nothing of a region.
_GLOBAL: Final = (
    "account:*",
    "aws-marketplace:*",
    "aws-portal:*",
    "billing:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "consolidatedbilling:*",
    "cur:*",
    "globalaccelerator:*",
    "health:*",
    "iam:*",
    "invoicing:*",
    "networkmanager:*",
    "organizations:*",
    "payments:*",
    "pricing:*",
    "route53:*",
    "route53domains:*",
    "s3:GetAccountPublicAccessBlock",
    "s3:ListAllMyBuckets",
    "s3:PutAccountPublicAccessBlock",
    "savingsplans:*",
    "shield:*",
    "sts:*",
    "support:*",
    "supportplans:*",
    "tax:*",
    "trustedadvisor:*",
    "waf:*",
    "wafv2:*",
)
# What was launched before, or by a service, is still seen and ended.
_LOOKING_AND_ENDING: Final = (
    "ec2:Describe*",
    "ec2:TerminateInstances",
    "scheduler:DeleteSchedule",
    "scheduler:GetSchedule",
    "scheduler:ListSchedules",
)
# Tags that decide when an instance ends, and for whom.
_SPAWNS_TAGS: Final = ("owner", "spawn", "spawn:*")


def _arn(wishes: Wishes, kind: str, *, account: str = "*") -> tuple[str, ...]:
    return (f"arn:{wishes.partition}:ec2:*:{account}:{kind}/*",)


def launches(wishes: Wishes) -> PolicyDocument:
    """Instances are spawn's, ask for metadata with tokens, and have encrypted disks."""
    instances, run = _arn(wishes, "instance"), ("ec2:RunInstances",)
    required: Conditions = {"StringNotEquals": {"ec2:MetadataHttpTokens": ("required",)}}
    optional: Conditions = {"StringEquals": {"ec2:Attribute/HttpTokens": ("optional",)}}
    return PolicyDocument(
        statements=(
            deny(
                "OnlySpawns",
                run,
                instances,
                {"StringNotEquals": {"aws:RequestTag/spawn": ("true",)}},
            ),
            deny("TokensAtLaunch", run, instances, required),
            deny("TokensLater", ("ec2:ModifyInstanceMetadataOptions",), instances, optional),
            # Credentials that an instance got without a token are of no use.
            deny(
                "TokensForRoles",
                ("*",),
                ("*",),
                {"NumericLessThan": {"ec2:RoleDelivery": ("2.0",)}},
            ),
            deny(
                "EncryptedDisks",
                ("ec2:CreateVolume", "ec2:RunInstances"),
                _arn(wishes, "volume"),
                {"Bool": {"ec2:Encrypted": ("false",)}},
            ),
            deny("KeepEncryption", ("ec2:DisableEbsEncryptionByDefault",)),
        )
    )


def images(wishes: Wishes) -> PolicyDocument:
    """Images are of known makers; neither snapshots nor images become public.

    EC2 tells no condition key of who an image is shared with: what blocks that is a setting of the
    account, which this keeps on.
    """
    known = (*wishes.image_owners, "${aws:PrincipalAccount}")
    return PolicyDocument(
        statements=(
            deny(
                "KnownMakers",
                ("ec2:RunInstances",),
                _arn(wishes, "image", account=""),
                {"StringNotEquals": {"ec2:Owner": known}},
            ),
            deny(
                "PublicSnapshots",
                ("ec2:ModifySnapshotAttribute",),
                _arn(wishes, "snapshot", account=""),
                {"StringEquals": {"ec2:Add/group": ("all",)}},
            ),
            deny(
                "KeepBlocks",
                (
                    "ec2:DisableAllowedImagesSettings",
                    "ec2:DisableImageBlockPublicAccess",
                    "ec2:DisableSnapshotBlockPublicAccess",
                ),
                ("*",),
                {},
            ),
        )
    )


def regions(wishes: Wishes) -> PolicyDocument:
    """Nothing is done in other regions, but for services that have none, looking and ending."""
    return PolicyDocument(
        statements=(
            Statement(
                sid="OtherRegions",
                effect=Effect.DENY,
                not_actions=(*_GLOBAL, *_LOOKING_AND_ENDING),
                resources=("*",),
                conditions={"StringNotEquals": {"aws:RequestedRegion": wishes.regions}},
            ),
        )
    )


def tags(wishes: Wishes) -> PolicyDocument:
    """Nobody changes tags that decide over another's instance; all get theirs when launched.

    Users are told from sessions by having a name. Responders, who hold others' instances, are
    `exempt`.
    """
    users = (Caller.USER, {"aws:username": ("false",)})
    sessions = (Caller.SSO, {"aws:username": ("true",)})
    return PolicyDocument(
        statements=tuple(
            statement
            for caller, named in (users, sessions)
            for statement in _tagging(wishes, caller, named)
        )
    )


def _tagging(
    wishes: Wishes, caller: Caller, named: Mapping[str, tuple[str, ...]]
) -> tuple[Statement, ...]:
    bound = {"ArnNotLike": {"aws:PrincipalArn": wishes.exempt}} if wishes.exempt else {}
    others: Conditions = {
        **not_ones_own(RESOURCE_OWNER, caller),
        **bound,
        "Null": {**named, "ec2:CreateAction": ("true",)},
    }
    keys = {"ForAnyValue:StringLike": {"aws:TagKeys": _SPAWNS_TAGS}}
    whom, instances = caller.value.title(), _arn(wishes, "instance")
    return (
        deny(f"Tag{whom}", ("ec2:CreateTags",), instances, {**others, **keys}),
        # Without a list of tags it deletes them all.
        deny(f"Untag{whom}", ("ec2:DeleteTags",), instances, others),
    )
