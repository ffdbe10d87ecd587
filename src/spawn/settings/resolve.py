"""Of several sources, what holds: the nearest one, and for pairs the nearest one for each name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spawn.core.levels import Level
from spawn.settings.sources import Given, Source
from spawn.settings.strictness import makes_role, text_of
from spawn.settings.table import RIVALS, SETTINGS, Origin
from spawn.settings.values import Value

_SAID_FOR_THIS_LAUNCH = frozenset({Origin.FLAG, Origin.LAUNCH_FILE})


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """What holds, the nearest origin that says so, and the place to look at.

    For pairs the value is put together from several sources; `place` names the nearest.
    """

    value: Value
    origin: Origin
    place: str


def resolve(sources: Iterable[Source]) -> dict[str, Resolved]:
    """Return what holds, by key; the order of the sources does not matter.

    1. The nearest source that says anything of a setting wins; pairs are put together, name by
       name. A tag that the organisation gives without a value is a demand and no value.
    2. Of two settings that exclude each other, the one that is said nearer stays.
    3. A default that would have nothing to act on is left out, where the same said for this
       launch would be an error: a boundary without a role, a price limit without spot, a zone
       without a name. An organisation's `ssh-from` limits, and opens nothing in a launch that is
       closed.
    """
    in_order = sorted(sources, key=lambda source: source.origin)
    found = {
        key: resolved
        for key in SETTINGS
        if (resolved := _nearest(given_by(in_order, key))) is not None
    }
    return _effective(_without_rivals(found))


def given_by(sources: Iterable[Source], key: str) -> list[tuple[Origin, Given]]:
    """Return all that is said of a setting, the nearest first."""
    said = [(one.origin, one.given[key]) for one in sources if key in one.given]
    return sorted(said, key=lambda pair: pair[0])


def values_of(resolved: Mapping[str, Resolved]) -> dict[str, Value]:
    """Return the values alone."""
    return {key: one.value for key, one in resolved.items()}


def _nearest(said: list[tuple[Origin, Given]]) -> Resolved | None:
    if not said:
        return None
    origin, nearest = said[0]
    if not isinstance(nearest.value, Mapping):
        return Resolved(value=nearest.value, origin=origin, place=nearest.place)
    together: dict[str, str] = {}
    for from_, given in reversed(said):
        pairs = given.value if isinstance(given.value, Mapping) else {}
        is_demand = from_ is Origin.ORGANISATION
        together |= {name: one for name, one in pairs.items() if one or not is_demand}
    if not together and origin is Origin.ORGANISATION:
        return None
    return Resolved(value=together, origin=origin, place=nearest.place)


def _without_rivals(found: dict[str, Resolved]) -> dict[str, Resolved]:
    gone = set()
    for key, rivals in RIVALS.items():
        for rival in rivals & found.keys():
            if key in found and found[key].origin != found[rival].origin:
                gone.add(max(key, rival, key=lambda one: found[one].origin))
    return {key: one for key, one in found.items() if key not in gone}


def _effective(found: dict[str, Resolved]) -> dict[str, Resolved]:
    kept = _without(found, _needing_what_is_not_there(found))
    if not makes_role(values_of(kept)):
        kept = _without(kept, {"permissions-boundary"})
    is_closed = text_of(values_of(kept), "security") == Level.STRICT
    if is_closed and "ssh-from" in kept and kept["ssh-from"].origin is Origin.ORGANISATION:
        del kept["ssh-from"]
    return kept


def _needing_what_is_not_there(found: dict[str, Resolved]) -> set[str]:
    needed = {key: SETTINGS[key].needs for key in found if SETTINGS[key].needs}
    return {key for key, need in needed.items() if need not in found or not found[need].value}


def _without(found: dict[str, Resolved], idle: set[str]) -> dict[str, Resolved]:
    """Leave out defaults that have nothing to act on."""
    return {
        key: one
        for key, one in found.items()
        if key not in idle or one.origin in _SAID_FOR_THIS_LAUNCH
    }
