"""Tags: which keys spawn writes, which ones a person may, and how they are written."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping

from spawn.core.errors import InputError

# EC2 user guide, "Tag your Amazon EC2 resources": at most 50 tags, keys to 128, values to 256.
MOST_TAGS = 50
LONGEST_KEY = 128
LONGEST_VALUE = 256
# EC2 user guide, "Access to tags in instance metadata": RunInstances fails on any other character
# in a key once InstanceMetadataTags is enabled, and so do the keys `.`, `..` and `_index`.
_METADATA_KEY = re.compile(r"[A-Za-z0-9+\-=.,_:@]{1,128}", re.ASCII)
_METADATA_RESERVED = frozenset({".", "..", "_index"})
# IAM API Reference, Tag; Amazon S3 User Guide, "Using cost allocation S3 bucket tags": values have
# letters, digits, spaces and these. EC2's have more.
_NOT_EVERYWHERE = re.compile(r"[^\w\s.:/=+\-@]")


class Tag(enum.StrEnum):
    """The keys that spawn itself writes. Their values are times, numbers, enumerations, names."""

    SPAWN = "spawn"
    LAUNCH_ID = "spawn:launch-id"
    EXPIRES_AT = "spawn:expires-at"
    ON_EXPIRY = "spawn:on-expiry"
    PRE_STOP_TIMEOUT = "spawn:pre-stop-timeout"
    IDLE_TIMEOUT = "spawn:idle-timeout"
    ON_IDLE = "spawn:on-idle"
    ON_COMPLETE = "spawn:on-complete"
    DNS_NAME = "spawn:dns-name"
    DNS_ZONE = "spawn:dns-zone"
    LOG_GROUP = "spawn:log-group"
    SSH_CA = "spawn:ssh-ca"
    SECURITY = "spawn:security"
    HOLD = "spawn:hold"
    CREATED_AT = "spawn:created-at"
    USD_PER_HOUR = "spawn:usd-per-hour"
    OWNER = "owner"
    NAME = "Name"


def parse_tags(texts: Iterable[str], *, flag: str) -> dict[str, str]:
    """Read `key=value,key=value` texts, later ones after earlier ones.

    A value may hold `=`; a comma always separates. Raises InputError, naming `flag`, for a text
    without `=`, a key given twice, a reserved key (`spawn`, `spawn:…`, `aws:…`), or too long ones.
    """
    tags: dict[str, str] = {}
    for pair in (pair for text in texts for pair in text.split(",")):
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise InputError(
                f"{flag} {pair!r} is not a tag", why="write key=value, several with commas between"
            )
        if key in tags:
            raise InputError(f"{flag} gives the tag {key!r} twice", why="keep one of them")
        tags[key] = value
    return check_tags(tags, flag=flag)


def check_tags(tags: Mapping[str, str], *, flag: str) -> dict[str, str]:
    """Return a person's tags. Raises InputError, naming `flag`, for reserved and too long ones."""
    for key, value in tags.items():
        _refuse_reserved(key, flag=flag)
        if len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise InputError(
                f"{flag} {key!r} is longer than a tag may be",
                why=f"keys go to {LONGEST_KEY} characters, values to {LONGEST_VALUE}",
            )
    return dict(tags)


def _refuse_reserved(key: str, *, flag: str) -> None:
    folded = key.casefold()
    if folded == Tag.SPAWN or folded.startswith((f"{Tag.SPAWN}:", "aws:")):
        raise InputError(
            f"{flag} {key!r} is reserved",
            why="spawn writes its own orders in spawn: tags, and AWS keeps aws: for itself",
        )


def unreadable_in_metadata(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that instance metadata can't carry, in the order given."""
    return tuple(
        key for key in keys if not _METADATA_KEY.fullmatch(key) or key in _METADATA_RESERVED
    )


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Write tags as nearly every AWS API takes them: a list of Key and Value, sorted by key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def plain_tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Write tags as IAM and S3 take them, whose values have fewer characters than EC2's."""
    return tag_list({key: _NOT_EVERYWHERE.sub("_", value) for key, value in tags.items()})


def tag_mapping(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Read tags from AWS's list of Key and Value."""
    return {tag["Key"]: tag["Value"] for tag in tags}
