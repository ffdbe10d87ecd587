"""The owner-only policy: what people may not do to instances, disks and roles of others.

It only denies, so that it holds beside whatever else they are allowed: attach it to the people's
group, role or permission set. What has no owner's tag is not theirs either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spawn.iam.documents import Conditions, PolicyDocument, Statement
from spawn.iam.guardrails.model import Wishes
from spawn.iam.guardrails.statements import deny
from spawn.iam.guardrails.whose import (
    REQUEST_OWNER,
    RESOURCE_OWNER,
    not_ones_own,
)

_CHANGES: Final = (
    "ec2:AssociateIamInstanceProfile",
    "ec2:AttachVolume",
    "ec2:CreateImage",
    "ec2:CreateSnapshot",
    "ec2:CreateSnapshots",
    "ec2:DeleteVolume",
    "ec2:DetachVolume",
    "ec2:GetPasswordData",
    "ec2:ModifyInstance*",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:ModifyVolume",
    "ec2:RebootInstances",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ec2:ResetInstanceAttribute",
    "ec2:SendDiagnosticInterrupt",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
)
_WAYS_IN: Final = (
    "ec2-instance-connect:SendSSHPublicKey",
    "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
    "ssm:SendCommand",
    "ssm:StartSession",
)
_NOT_AT_BIRTH: Final[Conditions] = {"Null": {"ec2:CreateAction": ("true",)}}


def owners(wishes: Wishes) -> PolicyDocument:
    """Return the policy of an account's people."""
    return PolicyDocument(statements=(*_instances(wishes), *_tags(wishes), *_roles(wishes)))


def _arn(wishes: Wishes, kind: str) -> str:
    return f"arn:{wishes.partition}:ec2:*:{wishes.account}:{kind}/*"


def _instances(wishes: Wishes) -> Iterator[Statement]:
    others = not_ones_own(RESOURCE_OWNER, wishes.who)
    instances = _arn(wishes, "instance")
    belongings = (instances, _arn(wishes, "network-interface"), _arn(wishes, "volume"))
    yield deny("ChangeOthers", _CHANGES, belongings, others)
    yield deny("EnterOthers", _WAYS_IN, (instances,), others)
    tagging = ("ec2:CreateTags", "ec2:DeleteTags")
    yield deny("TagOthers", tagging, belongings, {**others, **_NOT_AT_BIRTH})


def _tags(wishes: Wishes) -> Iterator[Statement]:
    """Nobody launches in another's name, gives away what they own, or leaves it without owner."""
    foreign = not_ones_own(REQUEST_OWNER, wishes.who)
    instances = _arn(wishes, "instance")
    yield deny("LaunchAsAnother", ("ec2:RunInstances",), (instances,), foreign)
    given = {**foreign, "Null": {REQUEST_OWNER: ("false",)}}
    yield deny("GiveAway", ("ec2:CreateTags",), ("*",), given)
    owner = {"ForAnyValue:StringEquals": {"aws:TagKeys": ("owner",)}}
    yield deny("DropOwner", ("ec2:DeleteTags",), (instances,), owner)
    # DeleteTags without a list of tags deletes them all.
    every = {"Null": {"aws:TagKeys": ("true",)}}
    yield deny("DropAllTags", ("ec2:DeleteTags",), (instances,), every)


def _roles(wishes: Wishes) -> Iterator[Statement]:
    """A role's tag `owner` decides what it may end, by the boundary: it tells the truth."""
    roles = (f"arn:{wishes.partition}:iam::{wishes.account}:role/spawn/*",)
    foreign = not_ones_own(REQUEST_OWNER, wishes.who)
    yield deny("RolesOfAnother", ("iam:CreateRole", "iam:TagRole"), roles, foreign)
    yield deny("UntagRoles", ("iam:UntagRole",), roles, {})
