"""The words of the checks on data."""

from __future__ import annotations

import enum
import json
import shlex
from collections.abc import Callable
from typing import Any, NamedTuple, assert_never

import msgspec

from spawn.aws.questions import Absent, Fact, Known, T, Unseen

JsonObject = dict[str, Any]


class Outcome(enum.StrEnum):
    """How a check came out. UNKNOWN is not a kind of PASS; a NOTE is told, and judged by nobody."""

    PASS = "PASS"  # noqa: S105 - an outcome
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    NOTE = "NOTE"


class DataRow(msgspec.Struct, frozen=True, kw_only=True):
    """One check of one thing.

    found    what was seen, without a final stop
    why      why it matters
    command  what makes it pass, as it can be typed; "" where nothing needs to, or one has to decide
    """

    subject: str
    check: str
    outcome: Outcome
    found: str
    why: str
    command: str = ""


class Judged(NamedTuple):
    """What a check says of one thing; the members are those of a row."""

    outcome: Outcome
    found: str
    command: str = ""


def judged(fact: Fact[T], judge: Callable[[T | None], Judged]) -> Judged:
    """Judge what was seen, None for what is not there; what was not seen is UNKNOWN."""
    match fact:
        case Known(value=value):
            return judge(value)
        case Absent():
            return judge(None)
        case Unseen():
            return Judged(Outcome.UNKNOWN, unseen_words(fact))
    assert_never(fact)


class DataExamination(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found, for one account and region."""

    account: str
    region: str
    rows: tuple[DataRow, ...]

    @property
    def fails(self) -> bool:
        """Whether anything is not as it should be."""
        return any(row.outcome is Outcome.FAIL for row in self.rows)


def unseen_words(fact: Unseen) -> str:
    """Say that something could not be looked at: by which call, and what AWS said."""
    return f"{fact.operation} was refused: {fact.why}"


def aws_command(*words: str) -> str:
    """Return a command of the AWS CLI, quoted for a shell."""
    return shlex.join(("aws", *words))


def json_word(value: JsonObject) -> str:
    """Return a document as one word of a command."""
    return json.dumps(value, separators=(",", ":"))


def with_statements(policy: JsonObject, added: list[JsonObject]) -> JsonObject:
    """Return a policy with more statements; those of the same Sid give way, all others stay."""
    present = policy.get("Statement", [])
    kept = present if isinstance(present, list) else [present]
    sids = {statement["Sid"] for statement in added}
    others = [one for one in kept if one.get("Sid") not in sids]
    return {**policy, "Statement": [*others, *added]}
