"""Whether a resource in a policy can be of a type: two patterns that have an ARN in common.

A policy writes `*` and `?`, and variables that may become anything; IAM's tables write
`${BucketName}`. Both are walked side by side: the places in the type's pattern that the policy's
may have reached are bits of one number, so that a pattern of many stars costs no more than its
length.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

import msgspec

from spawn.iam.arns import parse_arn

# Names that hold no slash; what other names may hold is not known well enough to say no.
_PLAIN_NAMES = frozenset({"BucketName", "TableName", "AccessPointName", "InstanceId", "QueueName"})
_NAME = re.compile(r"\$\{([^}]*)\}")
_PARTS = 6
# Systems Manager user guide: the ARNs of documents of AWS's own have no account.
_AWS_OWNED = "document/AWS"
# S3's longest key makes an ARN of some 1,100 characters; beyond, it is not looked at.
_MOST_CHARACTERS = 2_048


class _Type(msgspec.Struct, frozen=True):
    """A type's pattern as bits, one a place: `at` where a character stands, `wild` for names.

    `plain` are the names that hold no slash. `end` is the bit behind the last place.
    """

    at: Mapping[str, int]
    wild: int
    plain: int
    end: int


def is_everything(resource: str) -> bool:
    """Say whether a resource matches every request, also one for no resource in particular."""
    return bool(resource) and not resource.strip("*")


@functools.lru_cache(maxsize=16384)
def can_be(resource: str, type_arn: str) -> bool:
    """Say whether some ARN of the type matches the resource; True where it can't be told."""
    if resource == "*" or len(resource) > _MOST_CHARACTERS:
        return True
    pattern = _NAME.sub("*", resource)
    try:
        ours, theirs = parse_arn(pattern), parse_arn(type_arn)
    except ValueError:
        return True
    fixed: tuple[tuple[str, str], ...] = (
        (ours.service, theirs.service),
        (ours.region, theirs.region),
        (ours.account, theirs.account),
    )
    if ours.service == "ssm" and not ours.account and ours.resource.startswith(_AWS_OWNED):
        fixed = fixed[:2]
    # A wildcard in the middle parts may run over the colons.
    if any("*" in our for our, _ in fixed):
        return _overlap(pattern, type_arn)
    return all(_is_part(our, their) for our, their in fixed) and _overlap(
        ours.resource, theirs.resource
    )


def _is_part(our: str, their: str) -> bool:
    if their.startswith("${"):
        return bool(our)
    return our == their or "?" in our


def _overlap(pattern: str, type_pattern: str) -> bool:
    head, type_head = re.split(r"[*?]", pattern, maxsplit=1)[0], type_pattern.partition("${")[0]
    shared = min(len(head), len(type_head))
    return head[:shared] == type_head[:shared] and _walk(pattern, _compiled(type_pattern))


def _walk(pattern: str, kind: _Type) -> bool:
    state = _past_names(1, kind)
    is_open = pattern.endswith("*")  # then it is enough that the rest is not refused
    for character in pattern.rstrip("*"):
        if character == "*":
            lowest = state & -state
            state = (kind.end << 1) - lowest
        elif character == "?":
            state = _past_names(((state & ~kind.wild) << 1) | (state & kind.wild), kind)
        else:
            names = kind.wild & ~kind.plain if character == "/" else kind.wild
            state = _past_names(((state & kind.at.get(character, 0)) << 1) | (state & names), kind)
        state &= (kind.end << 1) - 1
        if not state:
            return False
    return is_open or bool(state & kind.end)


def _past_names(state: int, kind: _Type) -> int:
    """Return the places, and those behind names that end there: a name may be of any length."""
    further = state | ((state & kind.wild) << 1)
    return further if further == state else _past_names(further, kind)


@functools.cache
def _compiled(type_pattern: str) -> _Type:
    at: dict[str, int] = {}
    wild = plain = place = 0
    pieces = _NAME.split(type_pattern)
    for index, piece in enumerate(pieces):
        if index % 2:
            wild |= 1 << place
            plain |= (piece in _PLAIN_NAMES) << place
            place += 1
            continue
        for character in piece:
            at[character] = at.get(character, 0) | 1 << place
            place += 1
    return _Type(at, wild, plain, 1 << place)
