"""Points in time as orders write them, to the letter: `2026-01-27T18:00:00Z`, or ValueError."""

from __future__ import annotations

from datetime import datetime, timezone


def parse_instant(text: str) -> float:
    """Read a time as seconds since 1970."""
    # Python 3.9 knows no Z, and 3.11 reads more than is written here: so it is written again.
    seconds = datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    if format_instant(seconds) != text:
        raise ValueError(text)
    return seconds


def format_instant(seconds: float) -> str:
    """Write seconds since 1970 as a time in UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
