"""IAM: the policies that a role, a user or a group has, to the letter.

Shapes follow the IAM API Reference. The three are asked alike: which policies lie inside it, each
of them, which managed ones are attached. A managed policy's text is that of its default version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from spawn.aws import iam, managed_policies
from spawn.aws.operation import Answer, Operation, Permission, read
from spawn.aws.questions import Question, T
from spawn.aws.shapes import Shape

_ANY_USER = "arn:{partition}:iam::{account}:user/*"
_ANY_GROUP = "arn:{partition}:iam::{account}:group/*"


def _read_user(name: str) -> Operation:
    return read("iam", name, Permission(f"iam:{name}", _ANY_USER))


def _read_group(name: str) -> Operation:
    return read("iam", name, Permission(f"iam:{name}", _ANY_GROUP))


GET_USER = _read_user("GetUser")
LIST_USER_POLICIES = _read_user("ListUserPolicies")
GET_USER_POLICY = _read_user("GetUserPolicy")
LIST_ATTACHED_USER_POLICIES = _read_user("ListAttachedUserPolicies")
LIST_GROUPS_FOR_USER = _read_user("ListGroupsForUser")
LIST_GROUP_POLICIES = _read_group("ListGroupPolicies")
GET_GROUP_POLICY = _read_group("GetGroupPolicy")
LIST_ATTACHED_GROUP_POLICIES = _read_group("ListAttachedGroupPolicies")

OPERATIONS = (
    GET_USER,
    LIST_USER_POLICIES,
    GET_USER_POLICY,
    LIST_ATTACHED_USER_POLICIES,
    LIST_GROUPS_FOR_USER,
    LIST_GROUP_POLICIES,
    GET_GROUP_POLICY,
    LIST_ATTACHED_GROUP_POLICIES,
)


class HolderKind(msgspec.Struct, frozen=True, kw_only=True):
    """What can hold policies, and how IAM is asked about it."""

    word: str
    parameter: str
    list_inline: Operation
    get_inline: Operation
    list_attached: Operation


ROLE = HolderKind(
    word="role",
    parameter="RoleName",
    list_inline=iam.LIST_ROLE_POLICIES,
    get_inline=iam.GET_ROLE_POLICY,
    list_attached=iam.LIST_ATTACHED_ROLE_POLICIES,
)
USER = HolderKind(
    word="user",
    parameter="UserName",
    list_inline=LIST_USER_POLICIES,
    get_inline=GET_USER_POLICY,
    list_attached=LIST_ATTACHED_USER_POLICIES,
)
GROUP = HolderKind(
    word="group",
    parameter="GroupName",
    list_inline=LIST_GROUP_POLICIES,
    get_inline=GET_GROUP_POLICY,
    list_attached=LIST_ATTACHED_GROUP_POLICIES,
)


class User(Shape, frozen=True, kw_only=True):
    """A user, with its permissions boundary where it has one."""

    user_name: str
    arn: str
    permissions_boundary: iam.AttachedBoundary | None = None

    @property
    def boundary_arn(self) -> str | None:
        """The ARN of the permissions boundary, None for a user without one."""
        boundary = self.permissions_boundary
        return None if boundary is None else boundary.permissions_boundary_arn


def user_question(name: str, region: str) -> Question[User]:
    """Ask for a user and its boundary."""
    return _question(
        GET_USER, {"UserName": name}, region, lambda answer: msgspec.convert(answer["User"], User)
    )


def groups_question(user: str, region: str) -> Question[tuple[str, ...]]:
    """Ask for the names of the groups that a user is in."""
    return _question(
        LIST_GROUPS_FOR_USER,
        {"UserName": user},
        region,
        lambda answer: tuple(str(group["GroupName"]) for group in answer["Groups"]),
    )


def inline_names_question(kind: HolderKind, name: str, region: str) -> Question[tuple[str, ...]]:
    """Ask which policies lie inside a holder."""
    return _question(kind.list_inline, {kind.parameter: name}, region, iam.inline_policy_names)


def attached_question(kind: HolderKind, name: str, region: str) -> Question[tuple[str, ...]]:
    """Ask for the ARNs of the managed policies that are attached to a holder."""
    return _question(kind.list_attached, {kind.parameter: name}, region, iam.attached_policy_arns)


def inline_question(
    kind: HolderKind, name: str, policy: str, *, region: str
) -> Question[iam.InlinePolicy]:
    """Ask for one policy inside a holder."""
    parameters = {kind.parameter: name, "PolicyName": policy}
    return _question(kind.get_inline, parameters, region, iam.inline_policy)


def default_version_question(arn: str, region: str) -> Question[str]:
    """Ask which version of a managed policy counts."""
    return _question(
        iam.GET_POLICY,
        {"PolicyArn": arn},
        region,
        lambda answer: str(answer["Policy"]["DefaultVersionId"]),
    )


def version_question(arn: str, version: str, region: str) -> Question[Any]:
    """Ask for the document of one version of a managed policy."""
    return _question(
        managed_policies.GET_POLICY_VERSION,
        {"PolicyArn": arn, "VersionId": version},
        region,
        lambda answer: answer["PolicyVersion"]["Document"],
    )


def _question(
    operation: Operation,
    parameters: Mapping[str, Any],
    region: str,
    understand: Callable[[Answer], T],
) -> Question[T]:
    return Question(
        operation=operation,
        parameters=dict(parameters),
        region=region,
        understand=understand,
        absent_codes=("NoSuchEntity",),
    )
