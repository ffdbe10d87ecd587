"""What only `spawn cleanup` asks and does: finding what spawn made, and removing it.

Shapes follow the IAM and EC2 API References.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from spawn.aws.ec2 import DESCRIBE_KEY_PAIRS, DESCRIBE_NETWORK_INTERFACES, GroupIdentifier
from spawn.aws.iam import GET_ROLE, PATH
from spawn.aws.operation import Answer, Operation, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, Tagged, many

_ROLE = "arn:{partition}:iam::{account}:role/spawn/*"
_PROFILE = "arn:{partition}:iam::{account}:instance-profile/spawn/*"

# Service Authorization Reference: IAM's lists are asked of the whole account.
LIST_ROLES = read("iam", "ListRoles")


def _on_role(name: str) -> Operation:
    return write("iam", name, Permission(f"iam:{name}", _ROLE))


def _on_profile(name: str) -> Operation:
    return write("iam", name, Permission(f"iam:{name}", _PROFILE))


DELETE_ROLE = _on_role("DeleteRole")
DELETE_ROLE_POLICY = _on_role("DeleteRolePolicy")
DETACH_ROLE_POLICY = _on_role("DetachRolePolicy")
REMOVE_ROLE_FROM_INSTANCE_PROFILE = _on_profile("RemoveRoleFromInstanceProfile")
DELETE_INSTANCE_PROFILE = _on_profile("DeleteInstanceProfile")

OPERATIONS = (
    LIST_ROLES,
    DELETE_ROLE,
    DELETE_ROLE_POLICY,
    DETACH_ROLE_POLICY,
    REMOVE_ROLE_FROM_INSTANCE_PROFILE,
    DELETE_INSTANCE_PROFILE,
)


class RoleLastUsed(Shape, frozen=True, kw_only=True):
    """When a role's credentials were last used; None for never, or longer ago than IAM tracks."""

    last_used_date: datetime | None = None


class MadeRole(Tagged, frozen=True, kw_only=True):
    """A role under spawn's path, with what tells its age and its owner."""

    role_name: str
    create_date: datetime
    role_last_used: RoleLastUsed = RoleLastUsed()


class MadeKeyPair(Tagged, frozen=True, kw_only=True):
    """A key pair that spawn imported."""

    key_name: str
    key_pair_id: str
    create_time: datetime | None = None


class InterfaceGroups(Shape, frozen=True, kw_only=True):
    """The groups that a network interface is in."""

    groups: tuple[GroupIdentifier, ...] = ()


def role_names(answer: Answer) -> tuple[str, ...]:
    """Understand ListRoles: it tells neither tags nor last use."""
    return tuple(str(one["RoleName"]) for one in answer["Roles"])


def made_role(answer: Answer) -> MadeRole:
    """Understand GetRole."""
    return msgspec.convert(answer["Role"], MadeRole)


def made_key_pairs(answer: Answer) -> tuple[MadeKeyPair, ...]:
    """Understand DescribeKeyPairs."""
    return many(answer, "KeyPairs", MadeKeyPair)


def groups_in_use(answer: Answer) -> frozenset[str]:
    """Understand DescribeNetworkInterfaces: the ids of the groups that any of them is in."""
    interfaces = many(answer, "NetworkInterfaces", InterfaceGroups)
    return frozenset(group.group_id for one in interfaces for group in one.groups)


def role_names_question(region: str) -> Question[tuple[str, ...]]:
    """Ask for the names of the roles under spawn's path."""
    return Question(
        operation=LIST_ROLES,
        parameters={"PathPrefix": PATH},
        region=region,
        understand=role_names,
    )


def made_role_question(name: str, region: str) -> Question[MadeRole]:
    """Ask for a role's age, owner and last use."""
    return Question(
        operation=GET_ROLE,
        parameters={"RoleName": name},
        region=region,
        understand=made_role,
        absent_codes=("NoSuchEntity",),
    )


def made_key_pairs_question(region: str) -> Question[tuple[MadeKeyPair, ...]]:
    """Ask for the key pairs that spawn imported."""
    return Question(
        operation=DESCRIBE_KEY_PAIRS,
        parameters={"Filters": [{"Name": "tag-key", "Values": ["spawn"]}]},
        region=region,
        understand=made_key_pairs,
    )


def groups_in_use_question(region: str) -> Question[frozenset[str]]:
    """Ask which security groups any network interface of the region is in."""
    return Question(
        operation=DESCRIBE_NETWORK_INTERFACES,
        parameters={},
        region=region,
        understand=groups_in_use,
    )
