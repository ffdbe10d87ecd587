"""What can be left over, and whose and how old it must be to go."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from spawn.core.steps import Stage

# A launch takes minutes; a day leaves room for whatever stands between its steps.
OLD_ENOUGH = timedelta(days=1)


class Kind(enum.StrEnum):
    """What can be left over."""

    INSTANCE = "instance"
    SCHEDULE = "schedule"
    SECURITY_GROUP = "security group"
    KEY_PAIR = "key pair"
    ROLE = "role"


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to remove, and how. `owner` is "" where nothing tells it."""

    kind: Kind
    id: str
    region: str
    owner: str
    why: str
    stages: tuple[Stage, ...]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that seems to be left over and is kept all the same, and why."""

    kind: Kind
    id: str
    region: str
    why: str


@dataclass(frozen=True, kw_only=True)
class CleanupScope:
    """Whose things are removed, and from which age on.

    `owner` is the caller. `everybody` takes in what belongs to others, or to nobody that can be
    known. `home_region` is where IAM is asked.
    """

    owner: str
    now: datetime
    home_region: str
    everybody: bool = False
    old_enough: timedelta = OLD_ENOUGH

    def is_ours(self, owner: str | None) -> bool:
        """Whether what belongs to `owner` may be removed."""
        return self.everybody or owner == self.owner

    def is_old(self, made_at: datetime) -> bool:
        """Whether what was made then is old enough."""
        return self.now - made_at >= self.old_enough


Found = Iterator[Leftover | Kept]
