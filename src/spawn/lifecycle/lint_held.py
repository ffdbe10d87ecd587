"""Lint of what a role, a user or an instance has in AWS."""

from __future__ import annotations

import msgspec

from spawn.iam.arns import parse_arn
from spawn.iam.breadth import broad_managed_policy
from spawn.iam.lint import RULES, Finding, Linted, Place, PolicyKind, Rule, Source, lint
from spawn.iam.lint.reading import read
from spawn.iam.quotas import MOST_INLINE_CHARACTERS
from spawn.lifecycle.lint_online import Looked
from spawn.lifecycle.policies_of import HeldPolicy, Holder

_BROAD = RULES["broad-managed-policy"]
_FULL = RULES["inline-nearly-full"]
# Of what AWS takes; no role can have more than that.
_NEARLY_FULL = 0.9


def lint_held(holder: Holder) -> tuple[Looked, ...]:
    """Return what is wrong with each policy: those that it has, its boundary, who may assume it.

    Policies of AWS's own can't be mended, only replaced: of them it is told whether they are wide.
    """
    account = parse_arn(holder.principal).account
    held = [(policy, PolicyKind.IDENTITY) for policy in holder.policies]
    if holder.boundary is not None:
        held.append((holder.boundary, PolicyKind.BOUNDARY))
    if holder.trust is not None:
        held.append((holder.trust, PolicyKind.TRUST))
    looked = tuple(
        Looked(
            linted=_named_after(_linted(policy, kind, account), holder.name),
            text=None if _is_of_aws(policy) else policy.text,
        )
        for policy, kind in held
    )
    together = () if holder.role_arn is None else _together(holder)
    return (*looked, *together)


def _together(holder: Holder) -> tuple[Looked, ...]:
    """Judge how long a role's inline policies are together; managed ones bear their ARN's name."""
    inline = [policy for policy in holder.policies if not policy.name.startswith("arn:")]
    characters = sum(read(_encoded(policy)).characters for policy in inline)
    if characters <= _NEARLY_FULL * MOST_INLINE_CHARACTERS:
        return ()
    name = f"{holder.name}: its inline policies"
    words = f"together they have {characters:,} of {MOST_INLINE_CHARACTERS:,} characters"
    finding = _whole(_FULL, name, words)
    return (
        Looked(linted=Linted(name=name, kind=PolicyKind.IDENTITY, findings=(finding,)), text=None),
    )


def _is_of_aws(policy: HeldPolicy) -> bool:
    return ":iam::aws:policy/" in policy.name


def _linted(policy: HeldPolicy, kind: PolicyKind, account: str) -> Linted:
    if not _is_of_aws(policy):
        source = Source(name=policy.name, kind=kind, account=account)
        return lint(_encoded(policy), source)
    reason = broad_managed_policy(policy.name) if kind is PolicyKind.IDENTITY else None
    findings = () if reason is None else (_whole(_BROAD, policy.name, reason),)
    return Linted(name=policy.name, kind=kind, findings=findings)


def _encoded(policy: HeldPolicy) -> bytes:
    return policy.text.encode(errors="surrogatepass")


def _whole(rule: Rule, name: str, message: str) -> Finding:
    """Return a finding about a policy as a whole."""
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        place=Place(policy=name, statement=0, sid="", line=1, column=1),
        message=message,
        remedy=rule.remedy,
    )


def _named_after(linted: Linted, holder: str) -> Linted:
    """Say whose policy it is: names of inline policies are one role's own."""
    name = f"{holder}: {linted.name}"
    replace = msgspec.structs.replace
    findings = tuple(
        replace(finding, place=replace(finding.place, policy=name)) for finding in linted.findings
    )
    return replace(linted, name=name, findings=findings)
