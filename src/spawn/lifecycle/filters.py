"""What `--filter` means: comparisons joined by and, or, not, applied to one instance.

Times can be ordered, texts can be matched. What an instance does not have (a tag, a readable end
date) equals nothing, matches nothing, and is on neither side of any time.
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import assert_never

from spawn.core.errors import Defect
from spawn.lifecycle.listed import ListedInstance

TAG_PREFIX = "tag:"
ME = "me"


class Operator(enum.StrEnum):
    """How a field is compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LATER = ">"
    NOT_EARLIER = ">="
    EARLIER = "<"
    NOT_LATER = "<="
    GLOB = "~"


TIME_OPERATORS: dict[Operator, Callable[[datetime, datetime], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.LATER: operator.gt,
    Operator.NOT_EARLIER: operator.ge,
    Operator.EARLIER: operator.lt,
    Operator.NOT_LATER: operator.le,
}
TEXT_OPERATORS: dict[Operator, Callable[[str, str], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.GLOB: fnmatchcase,
}
TIME_FIELDS: dict[str, Callable[[ListedInstance], datetime | None]] = {
    "launch_time": lambda row: row.launched_at,
    "expires_at": lambda row: row.expires_at,
}
TEXT_FIELDS: dict[str, Callable[[ListedInstance], str]] = {
    "id": lambda row: row.id,
    "name": lambda row: row.name,
    "owner": lambda row: row.owner,
    "state": lambda row: row.state,
    "region": lambda row: row.region,
    "zone": lambda row: row.zone,
    "type": lambda row: row.type,
    "ending": lambda row: row.ending,
    "backstop": lambda row: row.backstop,
}


@dataclass(frozen=True)
class FromNow:
    """A time that depends on when it is asked: `now-2h`."""

    offset: timedelta


@dataclass(frozen=True)
class TimeComparison:
    """A field of time against a time."""

    field: str
    operator: Operator
    value: datetime | FromNow


@dataclass(frozen=True)
class TextComparison:
    """A field of text, or `tag:KEY`, against a text."""

    field: str
    operator: Operator
    value: str


@dataclass(frozen=True)
class Not:
    """What does not apply."""

    inner: Filter


@dataclass(frozen=True)
class All:
    """What all applies."""

    inner: tuple[Filter, ...]


@dataclass(frozen=True)
class AnyOf:
    """Of which one at least applies."""

    inner: tuple[Filter, ...]


Filter = TimeComparison | TextComparison | Not | All | AnyOf


def matches(wanted: Filter, row: ListedInstance, *, now: datetime) -> bool:
    """Return whether the filter applies to an instance."""
    match wanted:
        case TimeComparison():
            return _compare_times(wanted, row, now)
        case TextComparison():
            return _compare_texts(wanted, row)
        case Not(inner=inner):
            return not matches(inner, row, now=now)
        case All(inner=parts):
            return all(matches(part, row, now=now) for part in parts)
        case AnyOf(inner=parts):
            return any(matches(part, row, now=now) for part in parts)
        case _:
            assert_never(wanted)


def _compare_times(wanted: TimeComparison, row: ListedInstance, now: datetime) -> bool:
    found = TIME_FIELDS[wanted.field](row)
    value = now + wanted.value.offset if isinstance(wanted.value, FromNow) else wanted.value
    if found is None:
        return wanted.operator is Operator.UNEQUAL
    return TIME_OPERATORS[wanted.operator](found, value)


def _compare_texts(wanted: TextComparison, row: ListedInstance) -> bool:
    if wanted.field == "owner" and wanted.value == ME:
        return row.is_mine is not (wanted.operator is Operator.UNEQUAL)
    found = _text_of(wanted.field, row)
    if found is None:
        return wanted.operator is Operator.UNEQUAL
    return TEXT_OPERATORS[wanted.operator](found, wanted.value)


def _text_of(field: str, row: ListedInstance) -> str | None:
    if field.startswith(TAG_PREFIX):
        return row.tags.get(field.removeprefix(TAG_PREFIX))
    if field not in TEXT_FIELDS:
        raise Defect(f"a filter compares {field!r}, which is not a field")
    return TEXT_FIELDS[field](row)
