"""The smallest policy that would have sufficed: what changes, what stays, what can't be known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spawn.audit.delivered import Window
from spawn.audit.observe import LATE, Observed
from spawn.cli.rendering.tables import fields
from spawn.core.durations import format_duration
from spawn.iam.rightsize import MOST_NAMES, Foreign, Rightsized
from spawn.iam.words import can_sentence, named


def rightsized_text(
    found: Rightsized, observed: Observed, *, whose: str, notes: Iterable[str]
) -> str:
    """Say what a policy loses, what it keeps and why, and what is to be known of that."""
    return fields(
        (
            ("of", whose),
            ("seen", f"{len(observed.events)} events of {named(observed.sessions) or 'nobody'}"),
            ("goes", [f"- {can_sentence(each)}" for each in found.change.only_first] or "nothing"),
            ("used", [can_sentence(each) for each in found.used] or "nothing"),
            ("kept", [f"unjudged: {can_sentence(each)}" for each in found.unjudged]),
            ("denied", [f"not granted: {_foreign(each)}" for each in found.denied]),
            ("note", list(notes)),
        )
    )


def notes_of(found: Rightsized, observed: Observed, windows: Iterable[Window]) -> tuple[str, ...]:
    """Return what the policy can't know, a sentence each."""
    regions = named([window.region for window in windows])
    limits = (
        "work that did not run in this time is not in it; nor are events of the last"
        f" {format_duration(LATE)}, which may be late, and those of regions other than {regions}"
    )
    return (*_notes(found), *observed.notes, limits)


def _notes(found: Rightsized) -> Iterator[str]:
    if found.unjudged:
        yield "what is kept unjudged shows in data events of a trail alone, or in no event at all"
    if found.wide:
        yield f"{named(found.wide)}: used on more than {MOST_NAMES} names, so as wide as it was"
    if found.unnamed:
        yield f"{named(found.unnamed)}: events don't tell on what, so left as wide as it was"
    for each in found.elsewhere:
        yield f"{_foreign(each)} was allowed by something else than these policies"
    if found.unknown:
        yield f"IAM's tables know no action for {named(found.unknown)}"


def _foreign(one: Foreign) -> str:
    times = f", {one.times} times" if one.times > 1 else ""
    on = f" on {one.resource}" if one.resource.strip("*") else ""
    return f"{one.action}{on}{times}"
