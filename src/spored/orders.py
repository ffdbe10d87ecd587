"""What the agent was told: by user-data once, by the tags of the instance ever since. Pure.

House rules:

- A tag that is missing or can't be understood changes nothing: the last good order stands.
- Whoever may put tags could end a machine early. So what an order brings nearer comes no sooner
  than NOTICE_SECONDS after it was read; what puts an end off holds at once, up to a limit.
- A hold is a tag, whatever its value: in doubt evidence is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from spored.instants import format_instant, parse_instant

NOTICE_SECONDS = 900  # a schedule that spawn makes for a date in the past fires as late as that
EXPIRES_AT, HOLD = "spawn:expires-at", "spawn:hold"


@dataclass(frozen=True)
class Orders:
    """The orders in force. Times are in seconds since 1970, by the trusted clock.

    until       when the machine ends
    not_before  nothing but the end date ends it sooner than this
    tags        what was read last
    """

    until: float
    hold: bool
    not_before: float
    tags: Mapping[str, str]


def order_id(tags: Mapping[str, str]) -> str:
    """Return eight digits that stand for orders: who knows the tags can tell what was read."""
    return f"{crc32(repr(sorted(tags.items())).encode()):08x}"


def follow(
    orders: Orders, tags: Mapping[str, str], now: float, longest: float
) -> tuple[Orders, str]:
    """Return what is in force once these tags are read, and what of them can't be followed.

    `longest` is how far ahead an end date may lie, in seconds.
    """
    complaint, until, soonest = "", orders.until, now + NOTICE_SECONDS
    try:
        wanted = parse_instant(tags[EXPIRES_AT])
    except (KeyError, ValueError):
        wanted, complaint = until, f"no end date: {ascii(tags.get(EXPIRES_AT))[:40]}"
    if wanted > now + longest:
        wanted, complaint = until, f"end date is beyond {format_instant(now + longest)}"
    if orders.hold and HOLD not in tags:
        until = max(wanted, soonest)
    elif wanted > until:
        until = wanted
    else:
        until = min(until, max(wanted, soonest))
    changed = {key for key, _ in tags.items() ^ orders.tags.items()}
    not_before = soonest if changed - {EXPIRES_AT, HOLD} else orders.not_before
    return Orders(until, HOLD in tags, not_before, tags), complaint
