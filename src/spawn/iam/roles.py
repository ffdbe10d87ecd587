"""Roles that are named by what is in them: what is wanted, and what is asked about it.

The name is a digest of trust, boundary, inline policy and attached policies. The same wish makes
the same name, so a role that is there is used again without IAM's seconds of propagation; what
must hold before that is `role_plan`'s matter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from spawn.aws import iam
from spawn.aws.questions import Asker, Fact, Question
from spawn.iam.checks import check_inline_size
from spawn.iam.documents import Effect, PolicyDocument, Statement, canonical_json, merged

# The one policy inside a role that spawn makes.
INLINE_NAME: Final = "spawn"
_FORMAT: Final = "spawn-role-1"
# 128 bits: nobody finds another content for the name of a role that others trust.
_DIGEST_CHARACTERS: Final = 32


class WantedRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role as it shall be, whole: what is not in here must not be in the role either.

    managed      ARNs of attached policies, sorted
    has_profile  whether an instance profile of the same name holds it
    purpose      what it is for, in the words of a plan
    """

    name: str
    trust: PolicyDocument
    inline: PolicyDocument | None
    managed: tuple[str, ...]
    boundary: str | None
    has_profile: bool
    purpose: str

    def arn(self, *, partition: str, account: str) -> str:
        """Return the role's ARN."""
        return f"arn:{partition}:iam::{account}:role{iam.PATH}{self.name}"

    def profile_arn(self, *, partition: str, account: str) -> str:
        """Return the ARN of its instance profile."""
        return f"arn:{partition}:iam::{account}:instance-profile{iam.PATH}{self.name}"


@dataclass(frozen=True, kw_only=True)
class RoleFacts:
    """What the account has under the role's name. `profile` is None where none was asked about."""

    role: Fact[iam.Role]
    inline_names: Fact[tuple[str, ...]]
    inline: Fact[iam.InlinePolicy]
    attached: Fact[tuple[str, ...]]
    profile: Fact[iam.InstanceProfile] | None


@dataclass(frozen=True, kw_only=True)
class RoleQuestions:
    """All that must be known about a role, in one round: no answer is needed for another."""

    role: Question[iam.Role]
    inline_names: Question[tuple[str, ...]]
    inline: Question[iam.InlinePolicy]
    attached: Question[tuple[str, ...]]
    profile: Question[iam.InstanceProfile] | None

    def ask(self, asker: Asker) -> Callable[[], RoleFacts]:
        """Send the questions now; what is returned waits for the facts.

        That raises AwsRefusal for what is neither an absence nor a denial.
        """
        role, inline_names = asker.ask(self.role), asker.ask(self.inline_names)
        inline, attached = asker.ask(self.inline), asker.ask(self.attached)
        profile = None if self.profile is None else asker.ask(self.profile)
        return lambda: RoleFacts(
            role=role(),
            inline_names=inline_names(),
            inline=inline(),
            attached=attached(),
            profile=None if profile is None else profile(),
        )


def wanted_role(
    documents: Iterable[PolicyDocument],
    managed: Iterable[str] = (),
    *,
    partition: str,
    boundary: str | None,
) -> WantedRole | None:
    """Return the role of an instance, None where nothing is asked of it.

    `managed` and `boundary` are ARNs. Raises InputError for documents too long for one role.
    """
    inline = merged(documents)
    attached = tuple(sorted(set(managed)))
    if inline is None and not attached:
        return None
    if inline is not None:
        check_inline_size(inline, flag="--iam-policy and --iam-policy-file")
    return named_by_content(
        "spawn",
        trust=trust_of(service_principal("ec2", partition)),
        inline=inline,
        managed=attached,
        boundary=boundary,
        purpose="the instance's role",
    )


def named_by_content(
    prefix: str,
    *,
    trust: PolicyDocument,
    inline: PolicyDocument | None,
    boundary: str | None,
    purpose: str,
    managed: tuple[str, ...] = (),
    has_profile: bool = True,
) -> WantedRole:
    """Return a role whose name is `prefix` and the digest of all that decides what it may do."""
    content = {
        "format": _FORMAT,
        "trust": canonical_json(trust),
        "inline": None if inline is None else canonical_json(inline),
        "managed": sorted(managed),
        "boundary": boundary,
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return WantedRole(
        name=f"{prefix}-{digest[:_DIGEST_CHARACTERS]}",
        trust=trust,
        inline=inline,
        managed=tuple(sorted(managed)),
        boundary=boundary,
        has_profile=has_profile,
        purpose=purpose,
    )


def service_principal(service: str, partition: str) -> str:
    """Return the name by which EC2 or its like assumes roles: China's partition has its own."""
    return f"{service}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"


def trust_of(
    service: str, conditions: dict[str, dict[str, tuple[str, ...]]] | None = None
) -> PolicyDocument:
    """Return the trust policy that lets one AWS service assume the role."""
    statement = Statement(
        effect=Effect.ALLOW,
        principals={"Service": (service,)},
        actions=("sts:AssumeRole",),
        conditions=conditions or {},
    )
    return PolicyDocument(statements=(statement,))


def role_questions(wanted: WantedRole, region: str) -> RoleQuestions:
    """Return what to ask before the role can be planned."""
    name = wanted.name
    return RoleQuestions(
        role=iam.role_question(name, region),
        inline_names=iam.inline_names_question(name, region),
        inline=iam.inline_policy_question(name, INLINE_NAME, region),
        attached=iam.attached_policies_question(name, region),
        profile=iam.instance_profile_question(name, region) if wanted.has_profile else None,
    )
