"""Which statements would have allowed a request, but for what: the question that a "no" raises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from spawn.iam.documents import VERSION, Effect, Statement
from spawn.iam.evaluation.compiled import CompiledPolicy, CompiledStatement
from spawn.iam.evaluation.conditions import compile_conditions
from spawn.iam.evaluation.model import Request
from spawn.iam.evaluation.variables import Context


class _Asked(NamedTuple):
    """A request, its action and the keys of its context in lower case."""

    action: str
    resource: str
    context: Context


def near_misses(request: Request, policies: Iterable[CompiledPolicy]) -> tuple[str, ...]:
    """Return a sentence for each Allow of the policies that names the action and does not apply."""
    asked = _Asked(
        request.action.lower(),
        request.resource,
        {key.lower(): given for key, given in request.context.items()},
    )
    return tuple(
        f"statement {number} of {policy.name} allows the action, but {lacking}"
        for policy in policies
        for number, statement in enumerate(policy.document.statements, 1)
        if statement.effect is Effect.ALLOW
        if (lacking := _lacking(statement, asked, has_variables=policy.document.version == VERSION))
    )


def _lacking(statement: Statement, asked: _Asked, *, has_variables: bool) -> str:
    """Return what of a statement that names the action is not so, "" where it names others."""
    unconditional = CompiledStatement(
        msgspec.structs.replace(statement, conditions={}), number=1, has_variables=has_variables
    )
    if not unconditional.speaks_of(asked.action):
        return ""
    if not unconditional.applies(asked.resource, asked.context):
        return "on other resources"
    context = asked.context
    for operator, keys in statement.conditions.items():
        for key, wanted in keys.items():
            (test,) = compile_conditions(
                {operator: {key: wanted}}, has_variables=has_variables, if_unreadable=False
            )
            if not test(context):
                given = ", ".join(context.get(key.lower(), ())) or "absent"
                return f"wants {operator} {key} {' or '.join(wanted)}, and that is {given}"
    return ""
