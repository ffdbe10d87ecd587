"""What became of each of several instances, where one that fails stops no other."""

from __future__ import annotations

import enum

import msgspec

from spawn.aws.denials import denials_in, with_denials
from spawn.aws.perform import Performance
from spawn.core.errors import (
    AccessDenied,
    AwsRefusal,
    InputError,
    NamedThingNotFound,
    PartlyDone,
    RefusedByControl,
    SpawnError,
)
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.resolve import Unresolved


class Outcome(enum.StrEnum):
    """What became of one instance, or of a word that names none."""

    ENDED = "ended"
    STOPPING = "stopping"
    HIBERNATING = "hibernating"
    STARTING = "starting"
    ALREADY_ENDED = "already ended"
    ALREADY_STOPPED = "already stopped"
    ALREADY_RUNNING = "already running"
    HELD = "held"
    IMPOSSIBLE = "not possible"
    DENIED = "denied"
    NOT_FOUND = "not found"
    FAILED = "failed"


_BAD = frozenset(
    {Outcome.HELD, Outcome.IMPOSSIBLE, Outcome.DENIED, Outcome.NOT_FOUND, Outcome.FAILED}
)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One result. `id` is the word as it was written where no instance was found by it.

    `warnings` are what was left undone besides, `next_command` is what to type first.
    """

    id: str
    outcome: Outcome
    region: str = ""
    name: str = ""
    why: str = ""
    next_command: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        """Whether it is not as it was wanted."""
        return self.outcome in _BAD


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of everything that was named."""

    results: tuple[Result, ...]


def result_of(
    row: ListedInstance,
    outcome: Outcome,
    *,
    why: str = "",
    next_command: str = "",
    warnings: tuple[str, ...] = (),
) -> Result:
    """Return the result of one instance."""
    return Result(
        id=row.id,
        outcome=outcome,
        region=row.region,
        name=row.name,
        why=why,
        next_command=next_command,
        warnings=warnings,
    )


def not_found(word: Unresolved) -> Result:
    """Return the result of a word that names no instance."""
    could_be = f"; it could be {', '.join(word.candidates)}" if word.candidates else ""
    return Result(id=word.word, outcome=Outcome.NOT_FOUND, why=f"{word.why}{could_be}")


def held(row: ListedInstance, case: str) -> Result:
    """Return the result of an instance that is held as evidence."""
    words = f"held as evidence ({case}); release the hold first" if case else "held as evidence"
    return result_of(row, Outcome.HELD, why=words)


def performed(row: ListedInstance, done: Outcome, performance: Performance) -> Result:
    """Return what a performance did to an instance: `done`, or why not."""
    warnings = tuple(
        f"{one.step.sentence}: {one.refusal.why if one.refusal else 'not done'}"
        for one in performance.warnings
    )
    refusal = next((one.refusal for one in performance.failures), None)
    match refusal:
        case None:
            return result_of(row, done, warnings=warnings)
        case AccessDenied():
            return result_of(row, Outcome.DENIED, why=refusal.why)
        # It ended between the listing and now, and AWS has forgotten it since.
        case AwsRefusal(code="InvalidInstanceID.NotFound"):
            return result_of(row, Outcome.NOT_FOUND, why=refusal.why)
        case _:
            return result_of(row, Outcome.FAILED, why=refusal.why or refusal.what)


def error_of(report: Report, *, done: str) -> SpawnError | None:
    """Return the error that the report amounts to, None where all is as it was wanted.

    `done` is what was wanted, as in "ended". When some are so and others not it is PartlyDone; when
    none is, it is what their reason is, where they all have the same.
    """
    bad = tuple(result for result in report.results if result.is_bad)
    if not bad:
        return None
    why = "; ".join(f"{result.id}: {result.outcome}: {result.why}" for result in bad)
    next_command = next((one.next_command for one in bad if one.next_command), "")
    if len(bad) < len(report.results):
        what = f"{len(bad)} of {len(report.results)} were not {done}"
        error = PartlyDone(what, why=why, next_command=next_command)
        return with_denials(error, (result.why for result in bad))
    match {result.outcome for result in bad}:
        case outcomes if outcomes == {Outcome.NOT_FOUND}:
            return NamedThingNotFound(f"nothing was found that could be {done}", why=why)
        case outcomes if outcomes == {Outcome.DENIED}:
            denials = dict.fromkeys(one for result in bad for one in denials_in(result.why))
            return AccessDenied(f"AWS denied that they be {done}", why=why, denials=tuple(denials))
        case outcomes if outcomes == {Outcome.HELD}:
            return RefusedByControl(f"what is held is not {done}", why=why)
        case outcomes if outcomes == {Outcome.IMPOSSIBLE}:
            what = f"nothing was {done}"
            return InputError(what, why=why, next_command=next_command)
        case _:
            return AwsRefusal(f"nothing was {done}", why=why)
