"""Lint of what a role, a user or an instance has in AWS."""

from __future__ import annotations

import msgspec

from spawn.iam.arns import parse_arn
from spawn.iam.breadth import broad_managed_policy
from spawn.iam.lint import RULES, Finding, Linted, Place, PolicyKind, Source, lint
from spawn.lifecycle.lint_online import Looked
from spawn.lifecycle.policies_of import HeldPolicy, Holder

_BROAD = RULES["broad-managed-policy"]


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
    return tuple(
        Looked(
            linted=_named_after(_linted(policy, kind, account), holder.name),
            text=None if _is_of_aws(policy) else policy.text,
        )
        for policy, kind in held
    )


def _is_of_aws(policy: HeldPolicy) -> bool:
    return ":iam::aws:policy/" in policy.name


def _linted(policy: HeldPolicy, kind: PolicyKind, account: str) -> Linted:
    if not _is_of_aws(policy):
        source = Source(name=policy.name, kind=kind, account=account)
        return lint(policy.text.encode(errors="surrogatepass"), source)
    reason = broad_managed_policy(policy.name) if kind is PolicyKind.IDENTITY else None
    findings = () if reason is None else (_broad(policy.name, reason),)
    return Linted(name=policy.name, kind=kind, findings=findings)


def _broad(name: str, reason: str) -> Finding:
    return Finding(
        rule=_BROAD.id,
        severity=_BROAD.severity,
        place=Place(policy=name, statement=0, sid="", line=1, column=1),
        message=reason,
        remedy=_BROAD.remedy,
    )


def _named_after(linted: Linted, holder: str) -> Linted:
    """Say whose policy it is: names of inline policies are one role's own."""
    name = f"{holder}: {linted.name}"
    replace = msgspec.structs.replace
    findings = tuple(
        replace(finding, place=replace(finding.place, policy=name)) for finding in linted.findings
    )
    return replace(linted, name=name, findings=findings)
