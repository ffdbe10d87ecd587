"""Words to offer at a TAB: only such as no shell would read as anything but themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from spawn.core.ids import is_resource_id
from spawn.core.kept import KeptFile, kept_file
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.resolve import name_of

# Anybody can name an instance `$(reboot)`, or give it a name that would be read as a flag.
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
# TAB is pressed several times in a row, and what was launched or ended meanwhile should show.
_FRESH = timedelta(seconds=10)


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A word, and what zsh and fish show beside it."""

    word: str
    says: str


def is_safe(word: str) -> bool:
    """Whether a shell takes the word for itself, unquoted and in any place."""
    return _SAFE.fullmatch(word) is not None


def offers_of(rows: Iterable[ListedInstance]) -> tuple[Offer, ...]:
    """Return names, then ids, of the caller's own living instances, the latest launched first.

    A name that several bear means none of them, and one that looks like an id means that id:
    neither is offered.
    """
    own = [row for row in rows if row.is_mine and row.is_made_by_spawn and not row.has_ended]
    names = [name_of(row, own) for row in own]
    by_name = [
        Offer(word=name, says=_beside(row.id, row))
        for name, row in zip(names, own, strict=True)
        if is_safe(name) and names.count(name) == 1 and not is_resource_id(name, "i")
    ]
    by_id = [
        Offer(word=row.id, says=_beside(name, row))
        for name, row in zip(names, own, strict=True)
        if is_resource_id(row.id, "i")
    ]
    return (*by_name, *by_id)


def _beside(other: str, row: ListedInstance) -> str:
    """Return what else is known of an instance, without what could act on a terminal."""
    return ", ".join(word for word in (other, row.state, row.type, row.zone) if is_safe(word))


class _Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    seen_at: datetime
    offers: tuple[Offer, ...]


@dataclass(frozen=True, kw_only=True)
class OfferCache:
    """The offers of the last seconds, in a private file for each key, endpoint and region."""

    directory: Path
    access_key_id: str
    endpoint: str
    region: str

    @property
    def file(self) -> KeptFile:
        """Where they lie."""
        subject = (self.access_key_id, self.endpoint, self.region)
        return kept_file(self.directory, "offers", *subject)

    def recall(self, now: datetime) -> tuple[Offer, ...] | None:
        """Return them, None where they are old, missing, spoilt, or from after `now`."""
        content = self.file.recall(_Content)
        if content is None:
            return None
        is_fresh = content.seen_at.tzinfo is not None and (
            timedelta() <= now - content.seen_at < _FRESH
        )
        is_sound = all(is_safe(offer.word) for offer in content.offers)
        return content.offers if is_fresh and is_sound else None

    def keep(self, offers: tuple[Offer, ...], now: datetime) -> None:
        """Keep them; where the disk refuses, the next TAB just asks again."""
        self.file.keep(_Content(seen_at=now, offers=offers))
