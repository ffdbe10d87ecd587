"""Policies as a person types them, with a mark where a finding is due."""

from __future__ import annotations

from spawn.iam.lint import Finding, PolicyKind, Source, lint

MARK = "▶"


def policy(statement: str, *, version: str = '"Version": "2012-10-17", ') -> str:
    """Return a policy of one statement, whose members are given as they are written."""
    return f'{{{version}"Statement": [{{\n  {statement}\n}}]}}\n'


def allow(action: str, resource: str = '"*"', rest: str = "") -> str:
    """Return a policy that allows an action, each value as JSON; `rest` are further members."""
    return policy(f'"Effect": "Allow", "Action": {action},\n  "Resource": {resource}{rest}')


def when(condition: str, action: str = '"s3:GetObject"') -> str:
    """Return a policy that allows an action of objects under a condition."""
    return allow(action, '"arn:aws:s3:::b/*"', f',\n  "Condition": {{{condition}}}')


def let_in(principal: str, rest: str = "", resource: str = '"arn:aws:s3:::b/*"') -> str:
    """Return a bucket's policy that lets somebody in."""
    on = f'"Action": "s3:GetObject", "Resource": {resource}'
    return policy(f'"Effect": "Allow", {on},\n  "Principal": {principal}{rest}')


def trust(principal: str, action: str = '"sts:AssumeRole"', rest: str = "") -> str:
    """Return the trust policy of a role."""
    return policy(f'"Effect": "Allow", "Action": {action},\n  "Principal": {principal}{rest}')


def marked(text: str) -> tuple[str, tuple[int, int] | None]:
    """Return the text without its mark, and the mark's line and column."""
    before, mark, after = text.partition(MARK)
    if not mark:
        return text, None
    lines = before.split("\n")
    return before + after, (len(lines), len(lines[-1]) + 1)


def findings(text: str | bytes, kind: PolicyKind | None = None) -> tuple[Finding, ...]:
    """Return what lint says of a text."""
    content = text.encode() if isinstance(text, str) else text
    return lint(content, Source(name="p.json", kind=kind)).findings


def rules(text: str | bytes, kind: PolicyKind | None = None) -> set[str]:
    """Return the ids of the rules that find something in a text."""
    return {finding.rule for finding in findings(text, kind)}
