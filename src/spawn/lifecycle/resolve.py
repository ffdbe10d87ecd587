"""Which instance a person means by a word: an id, or the name of one of their own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec

from spawn.core.errors import NamedThingNotFound
from spawn.core.ids import is_resource_id
from spawn.core.tags import Tag
from spawn.lifecycle.list import Listing
from spawn.lifecycle.listed import ListedInstance


class Unresolved(msgspec.Struct, frozen=True, kw_only=True):
    """A word that names no instance, or several. `candidates` are what could be meant."""

    word: str
    why: str
    candidates: tuple[str, ...] = ()


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """What the words mean, each instance once, in the order in which it was first named."""

    found: tuple[ListedInstance, ...]
    unresolved: tuple[Unresolved, ...] = ()


def resolve_words(words: Iterable[str], listing: Listing) -> Resolution:
    """Find the instances that are named; a word that names none doesn't stop the others.

    An id finds whatever spawn instance bears it; a name only what the caller launched, a living
    one before those that have ended. Those that were launched together are told apart by their
    number: `web.0`, `web.1`. `listing` must hold the ended ones, too.
    """
    found: dict[str, ListedInstance] = {}
    unresolved = []
    for word in dict.fromkeys(words):
        match _meaning(word, listing):
            case ListedInstance() as row:
                found.setdefault(row.id, row)
            case Unresolved() as nothing:
                unresolved.append(nothing)
    return Resolution(found=tuple(found.values()), unresolved=tuple(unresolved))


def resolve_one(word: str, listing: Listing) -> ListedInstance:
    """Return the instance that the word names. Raises NamedThingNotFound with the candidates."""
    match _meaning(word, listing):
        case ListedInstance() as row:
            return row
        case Unresolved() as nothing:
            raise not_found(nothing)


def not_found(unresolved: Unresolved) -> NamedThingNotFound:
    """Return the error that says so."""
    could_be = f"; it could be {', '.join(unresolved.candidates)}" if unresolved.candidates else ""
    return NamedThingNotFound(
        f"no instance can be found by {unresolved.word!r}",
        why=f"{unresolved.why}{could_be}",
        next_command="spawn list",
    )


def _meaning(word: str, listing: Listing) -> ListedInstance | Unresolved:
    if is_resource_id(word, "i"):
        by_id = next((row for row in listing.instances if row.id == word), None)
        return by_id or Unresolved(word=word, why=_not_there("no spawn instance has it", listing))
    # Whoever may put tags could have any instance meant by a name, but for this.
    own = [row for row in listing.instances if row.is_mine and row.is_made_by_spawn]
    # Not every instance has a name: the empty word must not mean those.
    named = [row for row in own if row.name and row.name == word] or _numbered(word, own)
    living = [row for row in named if not row.has_ended]
    if len(living) == 1:
        return living[0]
    if living:
        return Unresolved(
            word=word,
            why="several of your instances bear this name",
            candidates=tuple(f"{name_of(row, own)} {row.id} ({row.region})" for row in living),
        )
    if named:
        return max(named, key=lambda row: row.launched_at)
    names = sorted({row.name for row in own if row.name})
    return Unresolved(
        word=word,
        why=_not_there("none of your instances bears this name", listing),
        candidates=tuple(difflib.get_close_matches(word, names)),
    )


def _numbered(word: str, own: list[ListedInstance]) -> list[ListedInstance]:
    """Return the one of a launch of several that its name and number mean: `web.2`."""
    return [row for row in own if row.name and word == f"{row.name}.{row.index}"]


def name_of(row: ListedInstance, rows: Iterable[ListedInstance]) -> str:
    """Return the word that means the instance: its name, numbered where its launch had several.

    All instances of a launch have one name; "" where it has none.
    """
    launch = row.tags.get(Tag.LAUNCH_ID)
    is_one_of_several = row.index > 0 or any(
        other.id != row.id and other.name == row.name and other.tags.get(Tag.LAUNCH_ID) == launch
        for other in rows
    )
    return f"{row.name}.{row.index}" if row.name and is_one_of_several else row.name


def _not_there(why: str, listing: Listing) -> str:
    """Add where it may be all the same, since nothing could be looked at there."""
    unread = ", ".join(failed.region for failed in listing.failed_regions)
    return f"{why}, as far as can be seen: {unread} did not answer" if unread else why
