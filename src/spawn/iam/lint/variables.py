"""Policy variables, `${aws:username}`: whether they end, and whether anything fills them.

Source: IAM user guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spawn.iam.lint import keys
from spawn.iam.lint.conditions import services_of
from spawn.iam.lint.finding import Spot
from spawn.iam.lint.nodes import Text
from spawn.iam.lint.view import Policy, Statement

_VARIABLE = re.compile(r"\$\{([^{}]*)(\})?")
_MOST_SHOWN = 80
# `${*}`, `${?}` and `${$}` are the characters themselves.
_CHARACTERS = frozenset("*?$")


def variable_spots(policy: Policy) -> Iterator[Spot]:
    """Find variables that are not closed, and those that no request fills."""
    for statement in policy.statements:
        texts = tuple(_with_variables(statement))
        services = services_of(statement) if texts else ()
        for text in texts:
            yield from _spots_of(statement, text, services)


def first_variable(policy: Policy) -> Text | None:
    """Return the first text that holds a variable, None where there is none."""
    for statement in policy.statements:
        for text in _with_variables(statement):
            return text
    return None


def _with_variables(statement: Statement) -> Iterator[Text]:
    """Yield the texts in which IAM replaces variables, if they hold any."""
    values = (value for test in statement.tests for value in test.values)
    for text in (*statement.resources, *statement.not_resources, *values):
        if "${" in text.value:
            yield text


def _spots_of(statement: Statement, text: Text, services: tuple[str, ...]) -> Iterator[Spot]:
    for match in _VARIABLE.finditer(text.value):
        name = match[1].partition(",")[0].strip()
        rule = message = ""
        if match[2] is None:
            rule, message = (
                "unclosed-variable",
                f"the variable {match[0][:_MOST_SHOWN]!r} has no end",
            )
        elif name not in _CHARACTERS and not _is_known(name, services):
            rule, message = (
                "unknown-variable",
                f"IAM's tables know no variable {match[0][:_MOST_SHOWN]!r}",
            )
        if rule:
            number = statement.number
            yield Spot(rule=rule, at=text.start, message=message, statement=number)


def _is_known(name: str, services: tuple[str, ...]) -> bool:
    return keys.of_provider(name) or keys.find_key(name, services) is not None
