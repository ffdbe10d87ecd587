"""How guardrails are written: nearly all of them deny."""

from __future__ import annotations

from collections.abc import Iterable

from spawn.iam.documents import Conditions, Effect, Statement


def deny(
    sid: str,
    actions: Iterable[str],
    resources: Iterable[str] = ("*",),
    conditions: Conditions | None = None,
) -> Statement:
    """Return the statement that denies the actions on the resources, under all the conditions."""
    return Statement(
        sid=sid,
        effect=Effect.DENY,
        actions=tuple(actions),
        resources=tuple(resources),
        conditions=conditions or {},
    )
