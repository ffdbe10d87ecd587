"""The role by which a schedule ends or stops what its owner launched, and nothing else.

One for each owner: whoever may pass it to a schedule can end that owner's instances only, and
none that is on hold.
"""

from __future__ import annotations

import re

from spawn.aws.iam import PATH
from spawn.core.errors import InputError
from spawn.core.tags import Tag, plain_tag_list, tag_list
from spawn.iam.arns import parse_arn
from spawn.iam.documents import PolicyDocument, allow
from spawn.iam.roles import WantedRole, named_by_content, trust_of

_PREFIX = "spawn-backstop"
_NAME = re.compile(rf"{_PREFIX}-[0-9a-f]{{32}}", re.ASCII)


def wanted_backstop_role(
    owner: str, *, partition: str, account: str, boundary: str | None
) -> WantedRole:
    """Return the role for an owner's schedules in all regions of the account.

    It is one for all regions since IAM is, and since an account has 1,000 roles: an owner with
    one in each region would use up some twenty. Nothing is lost: the trust holds the account and
    the group's name, and who could make such a group elsewhere in the account may make it here.
    """
    # Scheduler user guide, "Confused deputy prevention": the source is the schedule's group.
    group = f"arn:{partition}:scheduler:*:{account}:schedule-group/spawn"
    trust = trust_of(
        "scheduler.amazonaws.com",
        {"StringEquals": {"aws:SourceAccount": (account,)}, "ArnLike": {"aws:SourceArn": (group,)}},
    )
    end = allow(
        ("ec2:StopInstances", "ec2:TerminateInstances"),
        (f"arn:{partition}:ec2:*:{account}:instance/*",),
        {
            "StringEquals": {
                "ec2:ResourceTag/owner": (literal(owner),),
                "ec2:ResourceTag/spawn": ("true",),
            },
            # A hold, whatever its value says, is stronger than an end date.
            "Null": {"ec2:ResourceTag/spawn:hold": ("true",)},
        },
    )
    return named_by_content(
        _PREFIX,
        trust=trust,
        inline=PolicyDocument(statements=(end,)),
        boundary=boundary,
        purpose=f"the role that ends instances of {owner}",
        has_profile=False,
    )


def check_owner(owner: str, boundary: str | None) -> None:
    """Raise InputError for an owner whose name a role under a boundary can't bear as it is.

    The account's boundary lets a role end only what belongs to whom its own tag names, and IAM's
    tags have fewer characters than EC2's.
    """
    if boundary is None or plain_tag_list({Tag.OWNER: owner}) == tag_list({Tag.OWNER: owner}):
        return
    raise InputError(
        f"the owner {owner!r} can't be written on a role",
        why="under a permissions boundary a backstop ends only what its role's tag names, and IAM"
        " takes letters, digits, spaces and . : / = + - @ _ there",
    )


def backstop_role_name(arn: str, *, account: str) -> str | None:
    """Return the name of the role; None where it can't be one that ends instances here."""
    try:
        parsed = parse_arn(arn)
    except ValueError:
        return None
    name = parsed.resource.removeprefix(f"role{PATH}")
    is_role = (parsed.service, parsed.account) == ("iam", account) and name != parsed.resource
    return name if is_role and _NAME.fullmatch(name) else None


def literal(text: str) -> str:
    """Write foreign text so that StringEquals takes it as it is.

    IAM user guide, "Policy variables": `${…}` is replaced in values, and `${$}` is a dollar sign.
    Wildcards mean nothing to StringEquals.
    """
    return text.replace("$", "${$}")
