"""Actions: whether they exist, are spelled as IAM spells them, and say something new."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

import msgspec

from spawn.iam import reference
from spawn.iam.evaluation.wildcards import wildcard
from spawn.iam.lint.edits import removed, replaced
from spawn.iam.lint.finding import Spot
from spawn.iam.lint.hints import Hints
from spawn.iam.lint.nodes import Text
from spawn.iam.lint.view import Policy, Statement

# So alike is a slip of the fingers; less alike, AWS may have it and the tables not.
_SLIP = 0.85
# More actions than any statement has; their number is squared.
_MOST_COMPARED = 400


def action_spots(policy: Policy, hints: Hints) -> Iterator[Spot]:
    """Find what is wrong with the actions of all statements."""
    for statement in policy.statements:
        for member in ("Action", "NotAction"):
            texts = statement.actions if member == "Action" else statement.not_actions
            for action in texts:
                if not _is_right(action.value):
                    yield from _spots_of_action(statement, action, hints)
            yield from _repeated(statement, member, texts)


def is_everything(action: str) -> bool:
    """Say whether a pattern may mean actions of any service."""
    return reference.is_pattern(action.partition(":")[0])


@functools.lru_cache(maxsize=reference.KEPT)
def _is_right(written: str) -> bool:
    """Say whether IAM knows an action, and spells it so: most are right, and come again."""
    service, colon, name = written.partition(":")
    if written in {"*", "*:*"}:
        return True
    if not colon or not name or service not in reference.services():
        return False
    found = reference.matching_actions(written)
    return bool(found) and (reference.is_pattern(name) or name == found[0].name)


def _spots_of_action(statement: Statement, action: Text, hints: Hints) -> Iterator[Spot]:
    def spot(rule: str, message: str, remedy: str = "") -> Spot:
        return Spot(
            rule=rule, at=action.start, message=message, statement=statement.number, remedy=remedy
        )

    written = action.value
    service, colon, name = written.partition(":")
    if written in {"*", "*:*"}:
        return
    if not colon or not name or reference.is_pattern(service):
        yield spot("not-an-action", f"{written!r} is not an action")
    elif service.lower() not in reference.services():
        yield _unknown_service(spot("unknown-service", ""), written, service=service, hints=hints)
    elif not (found := reference.matching_actions(written)):
        yield _unknown_action(spot("unknown-action", ""), service, name=name, hints=hints)
    elif not reference.is_pattern(name) and written != (
        spelled := f"{service.lower()}:{found[0].name}"
    ):
        yield Spot(
            rule="action-case",
            at=action.start,
            message=f"{written} is {spelled} in other letters",
            statement=statement.number,
            remedy=f"write {spelled}",
            edits=replaced(action, spelled),
        )


def _unknown_service(spot: Spot, written: str, *, service: str, hints: Hints) -> Spot:
    hint = hints.near_service(service.lower(), likeness=_SLIP)
    return msgspec.structs.replace(
        spot,
        rule="unknown-service" if hint else "unlisted-action",
        message=f"IAM's tables know no service {service!r} (in {written!r})",
        remedy=hint,
    )


def _unknown_action(spot: Spot, service: str, *, name: str, hints: Hints) -> Spot:
    if reference.is_pattern(name):
        message = f"no action of {service} matches {name!r}"
        return msgspec.structs.replace(spot, rule="unlisted-action", message=message)
    hint = hints.near_action(name, service, likeness=_SLIP)
    return msgspec.structs.replace(
        spot,
        rule="unknown-action" if hint else "unlisted-action",
        message=f"{service} has no action {name!r}",
        remedy=hint,
    )


def _repeated(statement: Statement, member: str, texts: tuple[Text, ...]) -> Iterator[Spot]:
    """Find actions that stand twice, or that another pattern of the list covers."""
    folded = [text.value.lower() for text in texts]
    covers = _covers(folded) if len(texts) <= _MOST_COMPARED else {}
    seen: set[str] = set()
    for action, name in zip(texts, folded, strict=True):
        if name in seen:
            message, rule = f"{action.value} stands twice", "duplicate-value"
        elif name in covers:
            message, rule = f"{action.value} is covered by {covers[name]}", "redundant-action"
        else:
            seen.add(name)
            continue
        yield Spot(
            rule=rule,
            at=action.start,
            message=message,
            statement=statement.number,
            edits=removed(statement.members.get(member), action),
        )


def _covers(names: list[str]) -> Mapping[str, str]:
    """Return the actions that another pattern means as well, with it; none covers another back."""
    covers: dict[str, str] = {}
    for wide in dict.fromkeys(name for name in names if reference.is_pattern(name)):
        matches = wildcard(wide)
        for name in names:
            if name != wide and covers.get(wide) != name and matches(name):
                covers.setdefault(name, wide)
    return covers
