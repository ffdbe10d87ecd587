"""What a control is, and what it answers."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from spawn.aws.questions import Unseen
from spawn.posture.model import Posture


class Outcome(enum.StrEnum):
    """What a control says. UNKNOWN is not a kind of PASS: it could not look."""

    PASS = "PASS"  # noqa: S105 - an outcome
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


class Severity(enum.StrEnum):
    """How bad it is where the control fails, in the field's four words."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One control's answer about one posture.

    evidence   what was seen, as a sentence without a final stop
    place      where: ids or names, separated by commas; empty where it is the instance itself
    arguments  what the remedy's command needs, by the names in its braces
    """

    outcome: Outcome
    evidence: str
    place: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Control:
    """A rule with its words.

    judge    PASS, FAIL or UNKNOWN; never raises
    risk     what may happen where it fails
    at_launch  what to write differently in the launch, for a plan
    remedy   a command that mends a live instance, or begins to. In braces: `region`,
             `instance_id` and whatever the judgement's arguments name
    """

    id: str
    title: str
    severity: Severity
    risk: str
    at_launch: str
    remedy: str
    judge: Callable[[Posture], Judgement]


def passed(evidence: str) -> Judgement:
    """Say that it was seen to be right."""
    return Judgement(outcome=Outcome.PASS, evidence=evidence)


def failed(evidence: str, *, places: Iterable[str] = (), **arguments: str) -> Judgement:
    """Say that it is wrong, where, and what a remedy needs to know."""
    where = ", ".join(dict.fromkeys(filter(None, places)))
    return Judgement(outcome=Outcome.FAIL, evidence=evidence, place=where, arguments=arguments)


def unknown(*reasons: Unseen) -> Judgement:
    """Say which calls were refused, so that nobody can tell."""
    words = dict.fromkeys(f"{reason.operation} was refused: {reason.why}" for reason in reasons)
    return Judgement(outcome=Outcome.UNKNOWN, evidence="; ".join(words))
