"""What lint says: a finding and its place, and the edit that would mend it."""

from __future__ import annotations

import enum

import msgspec


class Severity(enum.StrEnum):
    """How bad it is, the worst first.

    ERROR: IAM refuses it, it can't do what it says, or it is open to the world. WARNING: it works
    and reaches further than it should, or probably means something else. INFO: harmless.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Edit(msgspec.Struct, frozen=True):
    """A piece of the text, from `start` to before `end`, and what is to stand there instead."""

    start: int
    end: int
    text: str


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule has found, before its words and its line are looked up.

    `at` is an offset into the text. `statement` counts from 1, 0 for what belongs to none.
    `remedy` is said instead of the rule's own where it is given.
    """

    rule: str
    at: int
    message: str
    statement: int = 0
    remedy: str = ""
    edits: tuple[Edit, ...] = ()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is: line and column count from 1, columns in characters."""

    policy: str
    statement: int
    sid: str
    line: int
    column: int


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """An edit by lines and columns: from a place to before `end_line` and `end_column`."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `remedy` says what to write instead; `fix` is what `--fix` would write."""

    rule: str
    severity: Severity
    place: Place
    message: str
    remedy: str
    fix: tuple[Replacement, ...] = ()

    @property
    def is_fixable(self) -> bool:
        """Whether `--fix` mends it."""
        return bool(self.fix)
