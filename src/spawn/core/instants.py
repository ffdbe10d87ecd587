"""Points in time, always with their zone: RFC 3339 in UTC, whole seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SHAPE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII
)


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 time; one without a zone is UTC, seconds may be left out.

    Raises ValueError for anything else: a tag may hold any text at all.
    """
    if not _SHAPE.fullmatch(text):
        raise ValueError(f"not a time: {text!r}")
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def format_instant(instant: datetime) -> str:
    """Write a time as RFC 3339 in UTC, whole seconds: `2026-01-27T18:00:00Z`."""
    if instant.tzinfo is None:
        raise ValueError("a time without a zone can't be written down")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
