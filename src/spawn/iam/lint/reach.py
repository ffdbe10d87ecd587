"""What reaches too far: `breadth`'s judgement, which also refuses launches, with its places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spawn.iam.breadth import broad_statements
from spawn.iam.documents import Effect, PolicyDocument
from spawn.iam.documents import Statement as DocumentStatement
from spawn.iam.lint.finding import Spot
from spawn.iam.lint.nodes import Text
from spawn.iam.lint.view import Policy, Statement


def reach_spots(policy: Policy) -> Iterator[Spot]:
    """Find the statements of an identity's policy that are too wide."""
    broad = broad_statements(document_of(policy))
    for found in broad:
        statement = policy.statements[found.number - 1]
        yield Spot(
            rule=found.breadth.value,
            at=_place(statement, found.action),
            message=found.reason,
            statement=statement.number,
        )


def document_of(policy: Policy) -> PolicyDocument:
    """Return the policy without its places; what has no effect is no grant."""
    return PolicyDocument(statements=tuple(_document_of(each) for each in policy.statements))


def _document_of(statement: Statement) -> DocumentStatement:
    conditions: dict[str, dict[str, tuple[str, ...]]] = {}
    for test in statement.tests:
        keys = conditions.setdefault(test.written.value, {})
        keys[test.key.value] = _values(test.values)
    return DocumentStatement(
        effect=statement.effect or Effect.DENY,
        actions=_values(statement.actions),
        not_actions=_values(statement.not_actions),
        resources=_values(statement.resources),
        not_resources=_values(statement.not_resources),
        conditions=conditions,
    )


def _values(texts: tuple[Text, ...]) -> tuple[str, ...]:
    return tuple(text.value for text in texts)


def _place(statement: Statement, action: str) -> int:
    """Return where the action stands, or the member that is the reason."""
    members: Mapping[str, object] = statement.members
    for text in statement.actions:
        if action and text.value == action:
            return text.start
    for member in ("NotAction", "NotResource"):
        if not action and member in members:
            return statement.members[member].start
    return statement.at
