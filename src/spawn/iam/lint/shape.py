"""What a policy must hold and must not, by what it is attached to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from spawn.iam.documents import VERSION
from spawn.iam.lint.edits import replaced
from spawn.iam.lint.finding import Edit, Spot
from spawn.iam.lint.nodes import Literal
from spawn.iam.lint.variables import first_variable
from spawn.iam.lint.view import Policy, PolicyKind, Statement

_OLD_VERSION = "2008-10-17"
_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_OPPOSITES = (
    ("Action", "NotAction"),
    ("Resource", "NotResource"),
    ("Principal", "NotPrincipal"),
)


def shape_spots(policy: Policy, kind: PolicyKind) -> Iterator[Spot]:
    """Find members that are missing, too many, or out of place."""
    yield from _version(policy)
    yield from _sids(policy, kind)
    for statement in policy.statements:
        yield from _pairs(statement)
        yield from _who(statement, kind)
        yield from _on_what(statement, kind)


def _version(policy: Policy) -> Iterator[Spot]:
    version = policy.version
    if version is None:
        added = (Edit(policy.at + 1, policy.at + 1, f'"Version": "{VERSION}",'),)
        message = "the policy has no Version"
        yield Spot(rule="missing-version", at=policy.at, message=message, edits=added)
        variable = first_variable(policy)
        if variable is not None:
            message = f"the variable in {variable.value!r} is taken literally: there is no Version"
            yield Spot(rule="variables-in-old-version", at=variable.start, message=message)
        return
    if version.value == VERSION:
        return
    edits = () if isinstance(version, Literal) else replaced(version, VERSION)
    rule, message = "unknown-version", f"there is no Version {version.value!r}"
    if version.value == _OLD_VERSION:
        rule, message = "old-version", f"the Version is {_OLD_VERSION}"
        if (variable := first_variable(policy)) is not None:
            rule = "variables-in-old-version"
            message = f"{variable.value!r} is taken literally in the Version {_OLD_VERSION}"
    yield Spot(rule=rule, at=version.start, message=message, edits=edits)


def _sids(policy: Policy, kind: PolicyKind) -> Iterator[Spot]:
    counted = Counter(each.sid.value for each in policy.statements if each.sid is not None)
    seen: set[str] = set()
    for statement in policy.statements:
        sid = statement.sid
        if sid is None:
            continue
        at, number = sid.start, statement.number
        # Policies of resources may hold others: S3, SQS and SNS write spaces and dashes.
        if kind is not PolicyKind.RESOURCE and not _SID.fullmatch(sid.value):
            message = f"the Sid {sid.value!r} has other characters than letters and digits"
            yield Spot(rule="bad-sid", at=at, message=message, statement=number)
        if sid.value and sid.value in seen:
            message = f"the Sid {sid.value!r} stands {counted[sid.value]} times"
            yield Spot(rule="duplicate-sid", at=at, message=message, statement=number)
        seen.add(sid.value)


def _pairs(statement: Statement) -> Iterator[Spot]:
    for one, other in _OPPOSITES:
        if one in statement.members and other in statement.members:
            message = f"the statement has both {one} and {other}"
            yield _spot("both-members", statement, message)


def _who(statement: Statement, kind: PolicyKind) -> Iterator[Spot]:
    member = next((m for m in ("Principal", "NotPrincipal") if m in statement.members), None)
    if kind.names_principals and member is None:
        yield _spot("missing-principal", statement, "the statement has no Principal")
    elif not kind.names_principals and member is not None:
        message = f"a policy of the kind {kind} has no {member}"
        at = statement.members[member].start
        yield Spot(rule="principal-not-allowed", at=at, message=message, statement=statement.number)


def _on_what(statement: Statement, kind: PolicyKind) -> Iterator[Spot]:
    members = statement.members
    if "Action" not in members and "NotAction" not in members:
        yield _spot("missing-action", statement, "the statement has no Action")
    member = next((m for m in ("Resource", "NotResource") if m in members), None)
    if kind is PolicyKind.TRUST and member is not None:
        at, message = members[member].start, f"a trust policy has no {member}"
        yield Spot(rule="resource-not-allowed", at=at, message=message, statement=statement.number)
    # Policies of ECR's repositories and of some other resources speak of their own alone.
    elif not kind.names_principals and member is None:
        yield _spot("missing-resource", statement, "the statement has no Resource")


def _spot(rule: str, statement: Statement, message: str) -> Spot:
    return Spot(rule=rule, at=statement.at, message=message, statement=statement.number)
