"""By what a policy knows whose an instance is, and who asks.

spawn writes into the tag `owner` an IAM user's name, or the name of a role's session, which IAM
Identity Center sets to the person's name there (`spawn.aws.sts.Identity`). `${aws:username}`
exists for users alone. Of a session the only key that holds its name is `aws:userid`, which is
`ROLE-ID:SESSION-NAME`: session names have no colon, so `*:NAME` is exact.

Names with a comma are written otherwise into the tag, and are nobody's to these policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from spawn.iam.documents import Conditions
from spawn.iam.guardrails.model import Caller

RESOURCE_OWNER: Final = "aws:ResourceTag/owner"
REQUEST_OWNER: Final = "aws:RequestTag/owner"
# No session has this name: the shortest is of two characters (STS, AssumeRole).
_NOBODY: Final = "-"


def not_ones_own(key: str, caller: Caller) -> Conditions:
    """Return the condition that the tag behind `key` is not the caller's name, or is not there."""
    match caller:
        case Caller.USER:
            return {"StringNotEquals": {key: ("${aws:username}",)}}
        case Caller.ROLE | Caller.SSO:
            name = f"*:${{{key}, '{_NOBODY}'}}"
            return {"StringNotLike": {"aws:userid": (name,)}}


def this_person(name: str, caller: Caller) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    """Return the operator, and the key with its values, that mean a person of that name."""
    if caller is Caller.USER:
        return "StringEquals", {"aws:username": (_text(name, "$"),)}
    return "StringLike", {"aws:userid": (f"*:{_text(name, '*?$')}",)}


def none_of(names: Iterable[str], caller: Caller) -> Conditions:
    """Return the condition that it is nobody of these names who asks."""
    meant = [this_person(name, caller) for name in names]
    key = "aws:username" if caller is Caller.USER else "aws:userid"
    operator = "StringNotEquals" if caller is Caller.USER else "StringNotLike"
    return {operator: {key: tuple(value for _, keys in meant for value in keys[key])}}


def _text(name: str, special: str) -> str:
    """Write a name so that what would mean something in a policy is itself."""
    return "".join(f"${{{one}}}" if one in special else one for one in name)
