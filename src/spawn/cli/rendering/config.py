"""Settings with their values and where these come from, in words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from spawn.cli.rendering.tables import Cell, table
from spawn.settings.resolve import Resolved
from spawn.settings.sources import Given
from spawn.settings.table import Setting
from spawn.settings.values import Value, as_text

NOT_SET, BUILT_IN = "not set", "built in"
NO_EFFECT = "no effect beside the other settings"
Plain = str | int | float | list[str] | dict[str, str]
_HEADINGS = ("SETTING", "VALUE", "SOURCE")


class ShownValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value that something nearer overrides."""

    value: Plain
    source: str


class ShownSetting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as it holds; `value` is null where nobody set it and nothing is built in."""

    key: str
    value: Plain | None
    source: str
    overridden: list[ShownValue]


def shown_setting(
    setting: Setting, resolved: Resolved | None, given: Sequence[Given]
) -> ShownSetting:
    """Return a setting to be shown; `given` is all that is said of it, the nearest first."""
    if resolved is not None:
        value, source = _plain(resolved.value), resolved.place
    elif given:
        value, source = None, NO_EFFECT
    elif setting.built_in is not None:
        value, source = _plain(setting.built_in), BUILT_IN
    else:
        value, source = None, NOT_SET
    return ShownSetting(
        key=setting.key,
        value=value,
        source=source,
        overridden=[
            ShownValue(value=_plain(one.value), source=one.place)
            for one in given
            if resolved is None or one.place != resolved.place
        ],
    )


def settings_table(
    settings: Sequence[ShownSetting], *, in_full: bool, columns: int | None, colour: bool
) -> str:
    """Return the settings as a table, with what is overridden where it is wanted in full."""
    if not settings:
        return "nothing is set: all is as built in"
    rows = []
    for one in settings:
        value = "-" if one.value is None else _text(one.value)
        rows.append([Cell(one.key, "bold"), Cell(value), Cell(one.source)])
        for other in one.overridden if in_full else ():
            source = other.source + (", overridden" if one.value is not None else "")
            rows.append([Cell(""), Cell(_text(other.value), "dim"), Cell(source, "dim")])
    return table(_HEADINGS, rows, columns=columns, colour=colour)


def _plain(value: Value) -> Plain:
    match value:
        case tuple():
            return list(value)
        case Decimal():
            return float(value)
        case str() | int():
            return value
        case _:
            return dict(value)


def _text(value: Plain) -> str:
    match value:
        case list():
            return as_text(tuple(value))
        case float():
            return as_text(Decimal(str(value)))
        case _:
            return as_text(value)
