"""Resources: whether they are ARNs, and whether the statement's actions work on them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import msgspec

from spawn.iam import reference
from spawn.iam.arns import Arn, parse_arn
from spawn.iam.lint import overlap
from spawn.iam.lint.actions import is_everything
from spawn.iam.lint.edits import added
from spawn.iam.lint.finding import Edit, Spot
from spawn.iam.lint.nodes import Text
from spawn.iam.lint.view import Policy, PolicyKind, Statement

PARTITIONS = frozenset(
    {
        *("aws", "aws-cn", "aws-us-gov", "aws-eusc"),
        *("aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"),
    }
)
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d+", re.ASCII)
_NOT_TWELVE = re.compile(r"\d{1,11}|\d{13,}", re.ASCII)
# API Gateway's policies name its API by less than an ARN.
_SHORT_FORM = "execute-api:/"


class _Reach(msgspec.Struct, frozen=True):
    """What an action pattern works on: its types' names and ARNs.

    `everything` is set where it may also be asked for without a resource, or that is not known.
    """

    names: tuple[str, ...]
    arns: tuple[str, ...]
    everything: bool


def resource_spots(policy: Policy, kind: PolicyKind) -> Iterator[Spot]:
    """Find what is wrong with the resources of all statements."""
    for statement in policy.statements:
        for resource in (*statement.resources, *statement.not_resources):
            if kind is not PolicyKind.RESOURCE or not resource.value.startswith(_SHORT_FORM):
                yield from _spots_of_arn(statement, resource)
        if statement.actions and statement.resources:
            yield from _mismatches(policy.text, statement)


def _spots_of_arn(statement: Statement, resource: Text) -> Iterator[Spot]:
    if overlap.is_everything(resource.value):
        return
    try:
        arn = parse_arn(resource.value)
    except ValueError:
        message = f"the resource {resource.value!r} is not an ARN"
        yield _spot("not-an-arn", resource, statement, message)
        return
    for rule, message in _wrong_parts(arn):
        yield _spot(rule, resource, statement, message)


def _wrong_parts(arn: Arn) -> Iterator[tuple[str, str]]:
    if arn.partition not in PARTITIONS and not _is_open(arn.partition):
        yield "unknown-partition", f"there is no partition {arn.partition!r}"
    if arn.region and not _REGION.fullmatch(arn.region) and not _is_open(arn.region):
        yield "bad-region", f"{arn.region!r} is not a region"
    if _NOT_TWELVE.fullmatch(arn.account):
        yield "bad-account", f"{arn.account!r} is not an account"


def _is_open(part: str) -> bool:
    return reference.is_pattern(part) or "${" in part


def _mismatches(text: str, statement: Statement) -> Iterator[Spot]:
    resources = statement.resources
    if any(overlap.is_everything(each.value) for each in resources):
        return
    known = [
        (action, reach_of(action.value.lower()))
        for action in statement.actions
        if not is_everything(action.value)
    ]
    is_clean = len(known) == len(statement.actions)
    for action, reach in known:
        if _works(reach, resources):
            continue
        is_clean = False
        if reach.arns:
            yield _mismatch(text, statement, action, reach)
        else:
            message = f"{action.value} is never asked for on a resource of its own"
            yield _spot("action-needs-star", action, statement, message)
    if is_clean:
        yield from _unused(statement, [reach for _, reach in known])


@functools.lru_cache(maxsize=4096)
def reach_of(pattern: str) -> _Reach:
    """Return what the actions of a pattern in lower case work on."""
    found = reference.matching_actions(pattern)
    patterns = reference.arn_patterns(pattern.partition(":")[0])
    names = sorted({kind.name for action in found for kind in action.resource_types})
    is_known = all(name.lower() in patterns for name in names)
    return _Reach(
        tuple(names),
        tuple(patterns[name.lower()] for name in names if name.lower() in patterns),
        everything=not found or not is_known,
    )


def _works(reach: _Reach, resources: tuple[Text, ...]) -> bool:
    return reach.everything or any(
        overlap.can_be(resource.value, arn) for resource in resources for arn in reach.arns
    )


def _mismatch(text: str, statement: Statement, action: Text, reach: _Reach) -> Spot:
    names = _listed(reach.names)
    message = f"{action.value} works on {names}, and none of the resources is one"
    example = reach.arns[0]
    edits, values = _s3_counterparts(text, statement, reach)
    remedy = f"add {', '.join(values)}" if values else f"name one such as {example}"
    return Spot(
        rule="action-resource-mismatch",
        at=action.start,
        message=message,
        statement=statement.number,
        remedy=remedy,
        edits=edits,
    )


def _listed(names: tuple[str, ...]) -> str:
    shown = names if len(names) <= 3 else (*names[:3], "others")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _s3_counterparts(
    text: str, statement: Statement, reach: _Reach
) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    """Return the buckets of the objects that are named, or the objects of the buckets."""
    patterns = reference.arn_patterns("s3")
    wanted = "bucket" if patterns["bucket"] in reach.arns else "object"
    container = statement.members["Resource"]
    if patterns[wanted] not in reach.arns:
        return (), ()
    values: list[str] = []
    for resource in statement.resources:
        try:
            arn = parse_arn(resource.value)
        except ValueError:
            return (), ()
        if arn.service != "s3" or arn.region or arn.account:
            return (), ()
        bucket = arn.resource.partition("/")[0]
        other = bucket if wanted == "bucket" else f"{bucket}/*"
        values.append(f"arn:{arn.partition}:s3:::{other}")
    unique = tuple(dict.fromkeys(values))
    return added(text, container, unique), unique


def _unused(statement: Statement, reaches: list[_Reach]) -> Iterator[Spot]:
    if any(reach.everything for reach in reaches):
        return
    arns = {arn for reach in reaches for arn in reach.arns}
    services = {arn.split(":")[2] for arn in arns}
    for resource in statement.resources:
        if any(overlap.can_be(resource.value, arn) for arn in arns):
            continue
        service = resource.value.split(":")[2]
        is_other = service not in services and not _is_open(service)
        rule = "resource-of-other-service" if is_other else "unused-resource"
        message = f"none of the actions works on {resource.value}"
        yield _spot(rule, resource, statement, message)


def _spot(rule: str, node: Text, statement: Statement, message: str) -> Spot:
    return Spot(rule=rule, at=node.start, message=message, statement=statement.number)
