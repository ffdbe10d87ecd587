"""IAM: the operations that spawn calls, and what the answers mean.

Shapes follow the IAM API Reference. Policy documents arrive as JSON values: botocore decodes
them where it can, and leaves what it can't as text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from spawn.aws.operation import TAGGING, Answer, Condition, Operation, Permission, read, write
from spawn.aws.passing import PASS_TO_INSTANCE
from spawn.aws.questions import Question, T
from spawn.aws.shapes import Shape
from spawn.core.steps import Parameters

# The IAM path of everything that spawn makes: permissions are given for the path.
PATH = "/spawn/"

_ANY_ROLE = "arn:{partition}:iam::{account}:role/*"
_ANY_PROFILE = "arn:{partition}:iam::{account}:instance-profile/*"
_ROLE = "arn:{partition}:iam::{account}:role/spawn/*"
_PROFILE = "arn:{partition}:iam::{account}:instance-profile/spawn/*"


def _read_role(name: str) -> Operation:
    return read("iam", name, Permission(f"iam:{name}", _ANY_ROLE))


GET_ROLE = _read_role("GetRole")
LIST_ROLE_POLICIES = _read_role("ListRolePolicies")
GET_ROLE_POLICY = _read_role("GetRolePolicy")
LIST_ATTACHED_ROLE_POLICIES = _read_role("ListAttachedRolePolicies")
LIST_INSTANCE_PROFILES_FOR_ROLE = _read_role("ListInstanceProfilesForRole")
GET_INSTANCE_PROFILE = read(
    "iam", "GetInstanceProfile", Permission("iam:GetInstanceProfile", _ANY_PROFILE)
)
# AWS's own policies belong to the account "aws", so the account can't be filled in.
GET_POLICY = read(
    "iam", "GetPolicy", Permission("iam:GetPolicy", "arn:{partition}:iam::*:policy/*")
)

CREATE_ROLE = write(
    "iam",
    "CreateRole",
    Permission("iam:CreateRole", _ROLE, TAGGING),
    # At its birth alone: what a role may do can hang on its tag `owner` (`iam.guardrails`).
    Permission(
        "iam:TagRole", _ROLE, (*TAGGING, Condition("Null", "aws:ResourceTag/owner", "true"))
    ),
)
PUT_ROLE_POLICY = write("iam", "PutRolePolicy", Permission("iam:PutRolePolicy", _ROLE))
ATTACH_ROLE_POLICY = write("iam", "AttachRolePolicy", Permission("iam:AttachRolePolicy", _ROLE))
CREATE_INSTANCE_PROFILE = write(
    "iam",
    "CreateInstanceProfile",
    Permission("iam:CreateInstanceProfile", _PROFILE),
    Permission("iam:TagInstanceProfile", _PROFILE),
)
# EC2 is handed the role when it is put into a profile, so this needs PassRole too.
ADD_ROLE_TO_INSTANCE_PROFILE = write(
    "iam",
    "AddRoleToInstanceProfile",
    Permission("iam:AddRoleToInstanceProfile", _PROFILE),
    PASS_TO_INSTANCE,
)

OPERATIONS = (
    GET_ROLE,
    LIST_ROLE_POLICIES,
    GET_ROLE_POLICY,
    LIST_ATTACHED_ROLE_POLICIES,
    LIST_INSTANCE_PROFILES_FOR_ROLE,
    GET_INSTANCE_PROFILE,
    GET_POLICY,
    CREATE_ROLE,
    PUT_ROLE_POLICY,
    ATTACH_ROLE_POLICY,
    CREATE_INSTANCE_PROFILE,
    ADD_ROLE_TO_INSTANCE_PROFILE,
)


class AttachedBoundary(Shape, frozen=True, kw_only=True):
    """The permissions boundary of a role."""

    permissions_boundary_arn: str


class Role(Shape, frozen=True, kw_only=True):
    """A role; its trust policy as AWS answers it, yet to be read."""

    role_name: str
    path: str
    arn: str
    assume_role_policy_document: Any = None
    permissions_boundary: AttachedBoundary | None = None

    @property
    def boundary_arn(self) -> str | None:
        """The ARN of the permissions boundary, None for a role without one."""
        boundary = self.permissions_boundary
        return None if boundary is None else boundary.permissions_boundary_arn


class InstanceProfile(Shape, frozen=True, kw_only=True):
    """An instance profile with its role: at most one, says IAM."""

    instance_profile_name: str
    path: str
    arn: str
    roles: tuple[Role, ...] = ()


class ManagedPolicy(Shape, frozen=True, kw_only=True):
    """A managed policy."""

    policy_name: str
    arn: str
    is_attachable: bool = True
    attachment_count: int = 0
    default_version_id: str = ""


class InlinePolicy(Shape, frozen=True, kw_only=True):
    """A policy inside a role; its document as AWS answers it, yet to be read."""

    policy_name: str
    policy_document: Any = None


class AttachedPolicy(Shape, frozen=True, kw_only=True):
    """A managed policy that is attached to a role."""

    policy_name: str
    policy_arn: str


def role(answer: Answer) -> Role:
    """Understand GetRole."""
    return msgspec.convert(answer["Role"], Role)


def instance_profile(answer: Answer) -> InstanceProfile:
    """Understand GetInstanceProfile."""
    return msgspec.convert(answer["InstanceProfile"], InstanceProfile)


def instance_profiles(answer: Answer) -> tuple[InstanceProfile, ...]:
    """Understand ListInstanceProfilesForRole."""
    return msgspec.convert(answer["InstanceProfiles"], tuple[InstanceProfile, ...])


def managed_policy(answer: Answer) -> ManagedPolicy:
    """Understand GetPolicy."""
    return msgspec.convert(answer["Policy"], ManagedPolicy)


def inline_policy(answer: Answer) -> InlinePolicy:
    """Understand GetRolePolicy."""
    return msgspec.convert(answer, InlinePolicy)


def inline_policy_names(answer: Answer) -> tuple[str, ...]:
    """Understand ListRolePolicies."""
    return tuple(answer["PolicyNames"])


def attached_policy_arns(answer: Answer) -> tuple[str, ...]:
    """Understand ListAttachedRolePolicies."""
    attached = msgspec.convert(answer["AttachedPolicies"], tuple[AttachedPolicy, ...])
    return tuple(policy.policy_arn for policy in attached)


def role_question(name: str, region: str) -> Question[Role]:
    """Ask for a role, its trust and its boundary."""
    return _question(GET_ROLE, {"RoleName": name}, region, understand=role)


def inline_names_question(name: str, region: str) -> Question[tuple[str, ...]]:
    """Ask which policies a role has inside it."""
    return _question(LIST_ROLE_POLICIES, {"RoleName": name}, region, understand=inline_policy_names)


def inline_policy_question(name: str, policy: str, region: str) -> Question[InlinePolicy]:
    """Ask for one policy inside a role."""
    parameters = {"RoleName": name, "PolicyName": policy}
    return _question(GET_ROLE_POLICY, parameters, region, understand=inline_policy)


def attached_policies_question(name: str, region: str) -> Question[tuple[str, ...]]:
    """Ask for the ARNs of the managed policies that are attached to a role."""
    return _question(
        LIST_ATTACHED_ROLE_POLICIES, {"RoleName": name}, region, understand=attached_policy_arns
    )


def instance_profile_question(name: str, region: str) -> Question[InstanceProfile]:
    """Ask for an instance profile and its role."""
    parameters = {"InstanceProfileName": name}
    return _question(GET_INSTANCE_PROFILE, parameters, region, understand=instance_profile)


def profiles_of_role_question(name: str, region: str) -> Question[tuple[InstanceProfile, ...]]:
    """Ask which instance profiles a role is in."""
    return _question(
        LIST_INSTANCE_PROFILES_FOR_ROLE, {"RoleName": name}, region, understand=instance_profiles
    )


def managed_policy_question(arn: str, region: str) -> Question[ManagedPolicy]:
    """Ask whether a managed policy exists."""
    return _question(GET_POLICY, {"PolicyArn": arn}, region, understand=managed_policy)


def _question(
    operation: Operation,
    parameters: Parameters,
    region: str,
    *,
    understand: Callable[[Answer], T],
) -> Question[T]:
    return Question(
        operation=operation,
        parameters=parameters,
        region=region,
        understand=understand,
        absent_codes=("NoSuchEntity",),
    )
