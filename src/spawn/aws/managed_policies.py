"""IAM: managed policies of the account's own, and their versions.

Shapes follow the IAM API Reference. A policy has five versions at the most, one of them in force.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from spawn.aws.operation import Answer, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

MOST_VERSIONS: Final = 5
_POLICY = "arn:{partition}:iam::{account}:policy/spawn/*"
_ABSENT = ("NoSuchEntity",)

LIST_POLICY_VERSIONS = read(
    "iam", "ListPolicyVersions", Permission("iam:ListPolicyVersions", _POLICY)
)
# AWS's own policies belong to the account "aws", so the account can't be filled in.
GET_POLICY_VERSION = read(
    "iam", "GetPolicyVersion", Permission("iam:GetPolicyVersion", "arn:{partition}:iam::*:policy/*")
)
CREATE_POLICY = write(
    "iam",
    "CreatePolicy",
    Permission("iam:CreatePolicy", _POLICY),
    Permission("iam:TagPolicy", _POLICY),
)
CREATE_POLICY_VERSION = write(
    "iam", "CreatePolicyVersion", Permission("iam:CreatePolicyVersion", _POLICY)
)
DELETE_POLICY_VERSION = write(
    "iam", "DeletePolicyVersion", Permission("iam:DeletePolicyVersion", _POLICY)
)

OPERATIONS = (
    LIST_POLICY_VERSIONS,
    GET_POLICY_VERSION,
    CREATE_POLICY,
    CREATE_POLICY_VERSION,
    DELETE_POLICY_VERSION,
)


class PolicyVersion(Shape, frozen=True, kw_only=True):
    """One version; its document as AWS answers it, where it does, yet to be read."""

    version_id: str
    is_default_version: bool = False
    document: Any = None

    @property
    def number(self) -> int:
        """Its number: later versions have higher ones."""
        return int(self.version_id.removeprefix("v"))


def policy_versions(answer: Answer) -> tuple[PolicyVersion, ...]:
    """Understand ListPolicyVersions."""
    return many(answer, "Versions", PolicyVersion)


def policy_version(answer: Answer) -> PolicyVersion:
    """Understand GetPolicyVersion."""
    return msgspec.convert(answer["PolicyVersion"], PolicyVersion, strict=False)


def policy_versions_question(arn: str, region: str) -> Question[tuple[PolicyVersion, ...]]:
    """Ask which versions a policy has; their documents are not told."""
    return Question(
        operation=LIST_POLICY_VERSIONS,
        parameters={"PolicyArn": arn},
        region=region,
        understand=policy_versions,
        absent_codes=_ABSENT,
    )


def policy_version_question(arn: str, version: str, region: str) -> Question[PolicyVersion]:
    """Ask for one version with its document."""
    return Question(
        operation=GET_POLICY_VERSION,
        parameters={"PolicyArn": arn, "VersionId": version},
        region=region,
        understand=policy_version,
        absent_codes=_ABSENT,
    )
