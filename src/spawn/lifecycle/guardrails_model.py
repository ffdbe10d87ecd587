"""How a guardrail stands in a place, and what would put it there."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from spawn.aws.questions import Absent, Fact, Known, T, Unseen
from spawn.core.steps import Stage
from spawn.iam.guardrails.model import Guardrail, Kind

ACCOUNT: Final = "account"
ORGANISATION: Final = "organisation"


class State(enum.StrEnum):
    """How a guardrail stands. UNKNOWN is never taken for there."""

    PRESENT = "PRESENT"
    MISSING = "MISSING"
    DIFFERS = "DIFFERS"
    UNKNOWN = "UNKNOWN"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where guardrails are looked for.

    home_region  whose endpoint is asked of what is the same in all regions
    regions      where settings and rules are
    target       the root, unit or account that policies of the organisation are for, "" for any
    """

    partition: str
    account: str
    home_region: str
    regions: tuple[str, ...]
    target: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One guardrail in one place: ACCOUNT, ORGANISATION, or a region's name.

    before, after  what is there and what shall be, where they differ: in AWS's words
    stages         what puts it there; none where nothing is to be done, or nothing can be
    """

    name: str
    kind: Kind
    place: str
    state: State
    why: str = ""
    before: Any = None
    after: Any = None
    stages: tuple[Stage, ...] = ()


def standing(
    guardrail: Guardrail,
    place: str,
    state: State,
    why: str = "",
    *,
    before: object = None,
    stages: tuple[Stage, ...] = (),
) -> Standing:
    """Return how a guardrail stands; what shall be is its document, where something else is."""
    return Standing(
        name=guardrail.name,
        kind=guardrail.kind,
        place=place,
        state=state,
        why=why,
        before=before,
        after=None if before is None else guardrail.document,
        stages=stages,
    )


def unknown(guardrail: Guardrail, place: str, fact: Unseen) -> Standing:
    """Return the standing of what may not be seen: it names the call."""
    return standing(guardrail, place, State.UNKNOWN, f"{fact.operation} was denied: {fact.why}")


def first_unseen(*facts: Fact[Any] | None) -> Unseen | None:
    """Return the first fact that may not be seen, None where all are."""
    return next((fact for fact in facts if isinstance(fact, Unseen)), None)


def known(fact: Fact[T] | None, *, default: T) -> T:
    """Return what is known, and the default for what is absent or was not asked."""
    match fact:
        case Known(value=value):
            return value
        case Absent() | Unseen() | None:
            return default


def differs(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether anything that is wanted is otherwise; what is there besides does not count."""
    return any(present.get(key) != value for key, value in wanted.items())
