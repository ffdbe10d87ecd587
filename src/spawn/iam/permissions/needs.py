"""One line of the table of commands: an operation, and what becomes of the command without it."""

from __future__ import annotations

import msgspec


class Need(msgspec.Struct, frozen=True):
    """An operation that a command may call. `without` says what is lost, "" for: it fails."""

    operation: str
    without: str = ""


def must(*operations: str) -> tuple[Need, ...]:
    """Return needs without which a command, or what was asked of it, can't be done."""
    return tuple(Need(operation) for operation in operations)


def may(without: str, *operations: str) -> tuple[Need, ...]:
    """Return needs without which a command does its work all the same, and says what is missing."""
    return tuple(Need(operation, without) for operation in operations)


def together(*parts: tuple[Need, ...]) -> tuple[Need, ...]:
    """Return all needs, each operation once; what one part can't do without stays so."""
    found: dict[str, Need] = {}
    for need in (need for part in parts for need in part):
        before = found.get(need.operation)
        if before is None or before.without:
            found[need.operation] = need
    return tuple(found.values())
