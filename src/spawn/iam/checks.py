"""What a policy from outside must hold before a role is made of it.

Everything that IAM would refuse later, half-way through a launch, and what it would accept and
never match: an action that does not exist.
"""

from __future__ import annotations

import re

from spawn.core.errors import InputError
from spawn.core.nearest import did_you_mean
from spawn.iam import reference
from spawn.iam.arns import parse_arn
from spawn.iam.documents import VERSION, PolicyDocument, Statement, size
from spawn.iam.operators import OPERATORS, parse_operator
from spawn.iam.parsing import parse_document
from spawn.iam.quotas import MOST_INLINE_CHARACTERS

_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)


def parse_identity_policy(text: str | bytes, *, flag: str, partition: str = "") -> PolicyDocument:
    """Read a policy that is to go into a role, and check all of it.

    `partition` is where the role will be: ARNs of another one are refused where it is given.
    Raises InputError, naming `flag`, the statement and what to write instead.
    """
    document = parse_document(text, flag=flag)
    if document.version != VERSION:
        raise InputError(
            f"{flag} has the policy version {document.version!r}",
            why=f'write "Version": "{VERSION}": older ones take policy variables literally',
        )
    sids = [statement.sid for statement in document.statements if statement.sid]
    for number, statement in enumerate(document.statements, 1):
        place = f"{flag}, statement {number}"
        if not _SID.fullmatch(statement.sid) or sids.count(statement.sid) > 1:
            raise InputError(
                f"{place}: the Sid {statement.sid!r} can't be used",
                why="a Sid is made of letters and digits, and stands once in a policy",
            )
        _check_identity_statement(statement, place, partition)
    check_inline_size(document, flag=flag)
    return document


def check_inline_size(document: PolicyDocument, *, flag: str) -> None:
    """Raise InputError, naming `flag`, for a document that is too long for a role."""
    characters = size(document)
    if characters > MOST_INLINE_CHARACTERS:
        raise InputError(
            f"{flag}: the policies have {characters} characters without whitespace",
            why=f"a role holds {MOST_INLINE_CHARACTERS}: use wildcards for groups of actions or"
            " resources, or a managed policy with --iam-managed-policies",
        )


def _check_identity_statement(statement: Statement, place: str, partition: str) -> None:
    if statement.principals or statement.not_principals:
        raise InputError(
            f"{place} has a Principal",
            why="the policy of a role speaks of the role itself: leave Principal out",
        )
    if not statement.resources and not statement.not_resources:
        raise InputError(f"{place} has no Resource", why='name ARNs, or "*" for every resource')
    for action in (*statement.actions, *statement.not_actions):
        _check_action(action, place)
    for resource in (*statement.resources, *statement.not_resources):
        _check_resource(resource, place, partition)
    for operator in statement.conditions:
        _check_operator(operator, place)


def _check_action(action: str, place: str) -> None:
    if action in {"*", "*:*"}:
        return
    service, colon, name = action.partition(":")
    if not colon:
        raise InputError(
            f"{place}: {action!r} is not an action",
            why="write service:Action, such as s3:GetObject",
        )
    if service.lower() not in reference.services():
        hint = did_you_mean(service, reference.services())
        raise InputError(f"{place}: IAM knows no service {service!r} (in {action!r})", why=hint)
    if not reference.matching_actions(action):
        known = (found.name for found in reference.actions_of(service).values())
        hint = did_you_mean(name, known)
        raise InputError(f"{place}: {service} has no action {name!r}", why=hint)


def _check_resource(resource: str, place: str, partition: str) -> None:
    if resource == "*":
        return
    try:
        arn = parse_arn(resource)
    except ValueError as error:
        raise InputError(
            f"{place}: the Resource {resource!r} is not an ARN",
            why='write arn:partition:service:region:account:resource, or "*"',
        ) from error
    if partition and arn.partition != partition and not reference.is_pattern(arn.partition):
        raise InputError(
            f"{place}: {resource!r} is in the partition {arn.partition!r}",
            why=f"this region is in {partition!r}: write arn:{partition}:{arn.service}:…",
        )


def _check_operator(operator: str, place: str) -> None:
    if parse_operator(operator) is None:
        bare = operator.rpartition(":")[2]
        raise InputError(
            f"{place}: IAM knows no condition operator {operator!r}",
            why=did_you_mean(bare, OPERATORS),
        )
