"""The words of the doctor: checks, what they say, and how bad that is."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from spawn.core.errors import SpawnError
from spawn.launch.doctor.facts import DoctorFacts


class Verdict(enum.StrEnum):
    """How a check came out. Only OK is fine.

    WARN     a launch can do without it, and the person should know
    MISSING  a launch of this kind is refused for want of it
    UNKNOWN  it could not be looked at
    """

    OK = "ok"
    WARN = "warn"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Area(enum.StrEnum):
    """What a check is about, in the order in which a person mends things."""

    CREDENTIALS = "credentials"
    PERMISSIONS = "permissions"
    NETWORK = "network"
    MACHINE = "this machine"
    ACCOUNT = "account"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found. `command` is what to type, "" where there is nothing to be typed."""

    verdict: Verdict
    found: str
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: what it is called, why it matters, and how the facts are judged.

    `judge` returns None where the check does not bear on the launch that is wanted.
    """

    id: str
    area: Area
    why: str
    judge: Callable[[DoctorFacts], Judgement | None]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A check and what it found."""

    check: str
    area: Area
    verdict: Verdict
    found: str
    why: str
    command: str


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found, for one kind of launch.

    `credentials_refused` says that AWS was not talked to: there are no credentials, or AWS does
    not take them.
    """

    region: str
    security: str
    spot: bool
    credentials_refused: bool
    rows: tuple[Row, ...]

    @property
    def lacks_something(self) -> bool:
        """Whether a first launch would be refused for want of something."""
        return any(row.verdict is Verdict.MISSING for row in self.rows)


def ok(found: str) -> Judgement:
    """It is as it should be."""
    return Judgement(verdict=Verdict.OK, found=found)


def warn(found: str, command: str = "") -> Judgement:
    """A launch can do without it."""
    return Judgement(verdict=Verdict.WARN, found=found, command=command)


def missing(found: str, command: str = "") -> Judgement:
    """A launch can't do without it."""
    return Judgement(verdict=Verdict.MISSING, found=found, command=command)


def unknown(found: str, command: str = "") -> Judgement:
    """It could not be looked at."""
    return Judgement(verdict=Verdict.UNKNOWN, found=found, command=command)


def missing_for(error: SpawnError) -> Judgement:
    """What planning a launch raises, in a row: what, why, and what to type."""
    return missing(f"{error.what}{error.why and f': {error.why}'}", error.next_command)
