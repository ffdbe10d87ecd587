"""Reads as data, and many of them at once.

A `Question` is an operation, its parameters and a pure function that understands the answer.
What comes back is a `Fact`: known, absent, or unseen. "Not there" and "may not look" are
different values, since what follows from them is different.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from spawn.aws.denials import denials_in
from spawn.aws.door import Reader
from spawn.aws.operation import Answer, Operation
from spawn.aws.refusals import not_understood
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.core.steps import Parameters

T = TypeVar("T")

# Of two threads that use one of msgspec 0.22's struct types for the first time, the second may
# find it half prepared, and the process ends with SIGSEGV. Understanding takes no time beside
# asking.
_ONE_AT_A_TIME = threading.Lock()


class Known(msgspec.Struct, Generic[T], frozen=True, tag="known"):
    """It was looked at, and this is what is there."""

    value: T


class Absent(msgspec.Struct, frozen=True, tag="absent"):
    """It was looked for, and is not there."""


class Unseen(msgspec.Struct, frozen=True, tag="unseen"):
    """It could not be looked at. `operation` is the call that was refused, `why` AWS's words."""

    operation: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Question(Generic[T]):
    """One read. `absent_codes` are the error codes that mean: there is no such thing."""

    operation: Operation
    parameters: Parameters
    region: str
    understand: Callable[[Answer], T]
    absent_codes: tuple[str, ...] = ()


Fact = Known[T] | Absent | Unseen


class Asker:
    """Asks questions side by side; each answer is waited for where it is needed."""

    def __init__(self, reader: Reader, pool: ThreadPoolExecutor) -> None:
        self._reader = reader
        self._pool = pool

    def ask(self, question: Question[T]) -> Callable[[], Fact[T]]:
        """Send the question now; what is returned waits for its fact.

        That raises AwsRefusal for any error that is neither an absence nor a denial.
        """
        future: Future[Fact[T]] = self._pool.submit(answer_of, self._reader, question)
        return future.result


def answer_of(reader: Reader, question: Question[T]) -> Fact[T]:
    """Ask one question and return its fact. Raises AwsRefusal as `Asker.ask` does."""
    try:
        answer = reader.ask(question.operation, question.parameters, region=question.region)
    except AccessDenied as denial:
        return Unseen(question.operation.key, denial.why)
    except AwsRefusal as refusal:
        if refusal.code in question.absent_codes:
            return Absent()
        raise
    try:
        with _ONE_AT_A_TIME:
            return Known(question.understand(answer))
    except (KeyError, msgspec.ValidationError) as error:
        raise not_understood(question.operation.key) from error


def value_of(fact: Fact[T]) -> T:
    """Return what is known.

    Raises AccessDenied for what may not be seen, AwsRefusal for what should be there and is not.
    """
    match fact:
        case Known(value=value):
            return value
        case Unseen() as unseen:
            raise denial_of(unseen)
        case Absent():
            raise AwsRefusal("AWS knows nothing of what must be there")


def denial_of(unseen: Unseen) -> AccessDenied:
    """Return the error that a read met, for what can't do without it."""
    return AccessDenied(
        f"AWS denied {unseen.operation}",
        why=unseen.why,
        operation=unseen.operation,
        denials=denials_in(unseen.why),
    )


def as_far_as_seen(wait: Callable[[], Fact[T]]) -> Fact[T]:
    """Wait for a fact that nothing depends on: what can't be had is unseen, for whatever reason."""
    try:
        return wait()
    except AwsRefusal as refusal:
        return Unseen(refusal.operation, refusal.why or refusal.what)
