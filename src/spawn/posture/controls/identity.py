"""What the instance may do in AWS."""

from __future__ import annotations

from collections.abc import Iterator

from spawn.aws.questions import Unseen
from spawn.iam.breadth import broad_managed_policy, broad_statements
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed, unknown
from spawn.posture.model import ManagedPolicy, PolicyContent, Posture, Role

_NO_ROLE = passed("the instance has no role")


def wildcard(posture: Posture) -> Judgement:
    """No policy of the role may reach further than a task needs."""
    role = posture.identity
    if role is None:
        return _NO_ROLE
    if isinstance(role, Unseen):
        return unknown(role)
    findings = [*_inline_findings(role), *_managed_findings(role)]
    broad = [finding for finding in findings if isinstance(finding, str)]
    if broad:
        return failed("; ".join(broad), places=[role.name], role=role.name)
    hidden = [finding for finding in findings if isinstance(finding, Unseen)]
    return unknown(*hidden) if hidden else passed("no policy reaches further than named things")


def _inline_findings(role: Role) -> Iterator[str | Unseen]:
    """Yield what is too broad in inline policies, and which of them could not be read."""
    if isinstance(role.inline, Unseen):
        yield role.inline
        return
    for policy in role.inline:
        yield from _content_findings(policy.name, policy.content)


def _managed_findings(role: Role) -> Iterator[str | Unseen]:
    if isinstance(role.managed, Unseen):
        yield role.managed
        return
    for policy in role.managed:
        if (reason := broad_managed_policy(policy.arn)) is not None:
            yield f"{_name(policy)}: {reason}"
        elif policy.content is not None:
            yield from _content_findings(_name(policy), policy.content)
        elif not _is_of_aws(policy):
            yield Unseen("iam:GetPolicyVersion", f"{policy.arn} was not read")


def _content_findings(name: str, content: PolicyContent | Unseen) -> Iterator[str | Unseen]:
    if isinstance(content, Unseen):
        yield content
        return
    for broad in broad_statements(content.document):
        statement = f"statement {broad.number}" + (f" ({broad.sid})" if broad.sid else "")
        yield f"{name}, {statement}: {broad.reason}"


def _is_of_aws(policy: ManagedPolicy) -> bool:
    """Say whether AWS wrote it: its ARN has "aws" in the account's place."""
    return ":iam::aws:policy/" in policy.arn


def _name(policy: ManagedPolicy) -> str:
    return policy.arn.rpartition("/")[2]


def boundary(posture: Posture) -> Judgement:
    """A permissions boundary must cap the role, whatever its policies come to say."""
    role = posture.identity
    if role is None:
        return _NO_ROLE
    if isinstance(role, Unseen):
        return unknown(role)
    if isinstance(role.boundary, Unseen):
        return unknown(role.boundary)
    if role.boundary is None:
        return failed("the role has no permissions boundary", places=[role.name], role=role.name)
    return passed(f"capped by {role.boundary}")


CONTROLS = (
    Control(
        id="IAM-WILDCARD",
        title="The role reaches no further than named things",
        severity=Severity.CRITICAL,
        risk="Whoever gets into the instance may do in the account what the role may.",
        at_launch="name what it needs, as in --iam-policy s3:ReadOnly@my-bucket/data/*",
        remedy="aws iam list-role-policies --role-name {role}",
        judge=wildcard,
    ),
    Control(
        id="IAM-BOUNDARY",
        title="A permissions boundary caps the role",
        severity=Severity.LOW,
        risk="Whoever may edit the role's policies can make the instance an administrator.",
        at_launch="--permissions-boundary with the ARN of a policy",
        remedy="aws iam get-role --role-name {role}",
        judge=boundary,
    ),
)
