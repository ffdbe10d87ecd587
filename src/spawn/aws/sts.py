"""STS: who is calling."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from spawn.aws.operation import Answer, read
from spawn.aws.questions import Question

# It needs no permission: IAM user guide, "GetCallerIdentity", answers even where it is denied.
GET_CALLER_IDENTITY = read("sts", "GetCallerIdentity")

OPERATIONS = (GET_CALLER_IDENTITY,)

# What the tags of every service can't carry (IAM and Scheduler take less than EC2), and what
# looks as if it had been written by `_taggable`.
_UNTAGGABLE = re.compile(r"[^\w.:/=+\-@ ]|=[0-9A-F]{2}")


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The caller.

    `owner` is what the tag `owner` says of what they make: the IAM user's name, the session's
    name of an assumed role (with SSO the person's name), or "root".
    """

    account: str
    arn: str
    user_id: str
    partition: str
    owner: str


def identity(answer: Answer) -> Identity:
    """Understand GetCallerIdentity. Raises ValueError for an ARN that is none."""
    parts = str(answer["Arn"]).split(":", maxsplit=5)
    if len(parts) != 6 or parts[0] != "arn":
        raise ValueError(f"not an ARN: {answer['Arn']!r}")
    return Identity(
        account=answer["Account"],
        arn=answer["Arn"],
        user_id=answer["UserId"],
        partition=parts[1],
        owner=_taggable(parts[5].rpartition("/")[2]),
    )


def _taggable(name: str) -> str:
    """Write a name so that a tag can carry it, two names never the same way.

    IAM allows `,` in user and session names, and tags don't: it becomes `=2C`. In such a name,
    and in one that looks like it, `=` becomes `=3D`.
    """
    if not _UNTAGGABLE.search(name):
        return name
    return re.sub(r"[^\w.:/+\-@ ]", lambda found: f"={ord(found[0]):02X}", name)


def caller_question(region: str) -> Question[Identity]:
    """Ask who is calling; any region's endpoint knows."""
    return Question(
        operation=GET_CALLER_IDENTITY, parameters={}, region=region, understand=identity
    )


class Introduction(msgspec.Struct, frozen=True, kw_only=True):
    """The caller, and what time it was by AWS's clock; None where the answer does not say."""

    identity: Identity
    answered_at: datetime | None


def introduction(answer: Answer) -> Introduction:
    """Understand GetCallerIdentity and the Date of its answer (RFC 9110, section 6.6.1)."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        date = None
    return Introduction(
        identity=identity(answer), answered_at=None if date is None or not date.tzinfo else date
    )


def introduction_question(region: str) -> Question[Introduction]:
    """Ask who is calling, and what time it is."""
    return Question(
        operation=GET_CALLER_IDENTITY, parameters={}, region=region, understand=introduction
    )
