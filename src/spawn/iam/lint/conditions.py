"""Conditions: operators, keys, and whether one can compare the other with the values."""

from __future__ import annotations

from collections.abc import Iterator

from spawn.iam import reference
from spawn.iam.lint import keys
from spawn.iam.lint.actions import is_everything
from spawn.iam.lint.edits import replaced
from spawn.iam.lint.finding import Edit, Spot
from spawn.iam.lint.hints import Hints
from spawn.iam.lint.nodes import Text
from spawn.iam.lint.values import is_readable, reads_as
from spawn.iam.lint.view import Policy, Statement, Test
from spawn.iam.operators import OPERATORS, Comparison, Operator, spelled

# What an operator may be used for, beside keys of its own type. A request's numbers and dates
# reach IAM as texts too, but texts are not compared as numbers are.
_TYPES = {
    Comparison.STRING: {"String", "ARN"},
    Comparison.NUMERIC: {"Numeric", "Date"},
    Comparison.DATE: {"Date"},
    Comparison.BOOL: {"Bool"},
    Comparison.IP: {"IPAddress"},
    Comparison.ARN: {"ARN"},
}
# Whether a request brings tags at all is asked by its own right; see the IAM user guide,
# "Controlling access based on tag keys".
_MAY_BE_MISSING = frozenset({"aws:tagkeys"})
_EXACT = ("StringEquals", "StringNotEquals")


def condition_spots(policy: Policy, hints: Hints) -> Iterator[Spot]:
    """Find what is wrong with the conditions of all statements."""
    for statement in policy.statements:
        services = services_of(statement) if statement.tests else ()
        for test in statement.tests:
            if test.operator is None:
                yield _unknown_operator(statement, test, hints)
                continue
            yield from _unreadable(statement, test, test.operator)
            if keys.of_provider(test.key.value):
                continue
            key = keys.find_key(test.key.value, services)
            if key is None:
                yield _unknown_key(statement, test, services=services, hints=hints)
            else:
                yield from _spots_of_key(statement, test, key=key, operator=test.operator)
        yield from _literal_wildcards(statement, services)


def services_of(statement: Statement) -> tuple[str, ...]:
    """Return the services that a statement's actions are of, in lower case, each once."""
    actions = (*statement.actions, *statement.not_actions)
    named = (action.value.partition(":")[0].lower() for action in actions)
    return tuple(dict.fromkeys(service for service in named if service in reference.services()))


def _unknown_operator(statement: Statement, test: Test, hints: Hints) -> Spot:
    written = test.written
    if meant := spelled(written.value):
        message = f"{written.value} is {meant} in other letters"
        edits = replaced(written, meant)
        return _spot(
            "operator-case", written, statement, message, remedy=f"write {meant}", edits=edits
        )
    hint = hints.near(written.value, tuple(OPERATORS))
    message = f"IAM knows no condition operator {written.value!r}"
    return _spot("unknown-operator", written, statement, message, remedy=hint)


def _unknown_key(
    statement: Statement, test: Test, *, services: tuple[str, ...], hints: Hints
) -> Spot:
    name = test.key.value
    near = hints.near(name, keys.known_keys((*services, name.partition(":")[0].lower())))
    message = f"IAM's tables know no condition key {name!r}"
    return _spot("unknown-condition-key", test.key, statement, message, remedy=near)


def _spots_of_key(
    statement: Statement, test: Test, *, key: reference.ConditionKey, operator: Operator
) -> Iterator[Spot]:
    name = test.key.value
    is_question = operator.compares is Comparison.NULL
    if not (is_question or operator.negates or operator.if_exists) and _is_never_there(
        statement, name
    ):
        message = f"none of the actions has the condition key {name}"
        yield _spot("condition-key-not-of-action", test.key, statement, message)
    if not is_question:
        yield from _wrong_type(statement, test, key=key, operator=operator)
        yield from _several(statement, test, key=key, operator=operator)


def _is_never_there(statement: Statement, name: str) -> bool:
    """Say whether no action of the statement has the key, as far as the tables tell."""
    if statement.not_actions or not statement.actions or keys.is_global(name):
        return False
    if any(is_everything(action.value) for action in statement.actions):
        return False
    for action in statement.actions:
        found = reference.matching_actions(action.value)
        service = action.value.partition(":")[0]
        if not found or any(keys.is_of(name, _keys_of(one, service)) for one in found):
            return False
    return True


def _keys_of(action: reference.Action, service: str) -> Iterator[str]:
    types = reference.resource_types_of(service)
    yield from action.condition_keys
    for kind in action.resource_types:
        yield from kind.condition_keys
        named = types.get(kind.name.lower())
        yield from named.condition_keys if named is not None else ()


def _wrong_type(
    statement: Statement, test: Test, *, key: reference.ConditionKey, operator: Operator
) -> Iterator[Spot]:
    kind = keys.type_of(key)
    if operator.compares is Comparison.BINARY:
        return
    is_arn = operator.compares is Comparison.ARN and kind == "String"
    if is_arn and all(value.value.startswith("arn:") for value in test.values):
        return  # such as a tag that holds an ARN
    if kind not in _TYPES[operator.compares]:
        message = (
            f"{key.key} is of the type {kind}, and {operator.name} compares {operator.compares}s"
        )
        yield _spot("operator-type-mismatch", test.written, statement, message)
    elif kind == "ARN" and operator.compares is Comparison.STRING:
        message = f"{key.key} is an ARN, and {operator.name} compares texts"
        yield _spot("text-operator-on-arn", test.written, statement, message)


def _several(
    statement: Statement, test: Test, *, key: reference.ConditionKey, operator: Operator
) -> Iterator[Spot]:
    if keys.has_many(key) and not operator.quantifier:
        message = f"a request may have several values of {key.key}"
        yield _spot("many-valued-key", test.key, statement, message)
    folded = test.key.value.lower()
    if operator.quantifier != "ForAllValues" or not statement.allows or folded in _MAY_BE_MISSING:
        return
    if operator.negates or any(_asks_for(other, folded) for other in statement.tests):
        return
    message = f"ForAllValues holds for a request without {test.key.value}"
    remedy = f'add "Null": {{"{test.key.value}": "false"}}'
    yield _spot("all-values-of-none", test.key, statement, message, remedy=remedy)


def _asks_for(test: Test, key: str) -> bool:
    """Say whether a test demands that the key is there."""
    operator = test.operator
    if operator is None or test.key.value.lower() != key:
        return False
    if operator.compares is Comparison.NULL:
        return [value.value.lower() for value in test.values] == ["false"]
    return operator.quantifier != "ForAllValues" and not operator.negates and not operator.if_exists


def _unreadable(statement: Statement, test: Test, operator: Operator) -> Iterator[Spot]:
    for value in test.values:
        if "${" not in value.value and not is_readable(value.value, operator.compares):
            message = f"{operator.name} can't read {value.value!r} as {reads_as(operator.compares)}"
            yield _spot("bad-condition-value", value, statement, message)


def _literal_wildcards(statement: Statement, services: tuple[str, ...]) -> Iterator[Spot]:
    by_operator: dict[int, list[Test]] = {}
    for test in statement.tests:
        if test.operator is not None and test.operator.name in _EXACT:
            by_operator.setdefault(test.written.start, []).append(test)
    for siblings in by_operator.values():
        values = [value for test in siblings for value in test.values]
        wild = [value for value in values if "*" in value.value.replace("${*}", "")]
        edits = _with_likeness(statement, siblings, services) if wild else ()
        for value in wild:
            message = f"{siblings[0].written.value} takes the * in {value.value!r} as it stands"
            yield _spot("literal-wildcard", value, statement, message, edits=edits)


def _with_likeness(
    statement: Statement, siblings: list[Test], services: tuple[str, ...]
) -> tuple[Edit, ...]:
    """Return the edit that makes an operator take wildcards, for all of its keys or for none."""
    written = siblings[0].written
    found = [keys.find_key(test.key.value, services) for test in siblings]
    are_arns = all(key is not None and keys.type_of(key) == "ARN" for key in found)
    values = [value.value for test in siblings for value in test.values]
    like = written.value.replace("Equals", "Like")
    if are_arns and all(value.startswith("arn:") for value in values):
        like = like.replace("String", "Arn")
    taken = {test.written.value for test in statement.tests}
    # A "?" that means itself would become a wildcard.
    is_plain = like not in taken and not any("?" in value for value in values)
    return replaced(written, like) if is_plain else ()


def _spot(
    rule: str,
    node: Text,
    statement: Statement,
    message: str,
    *,
    remedy: str = "",
    edits: tuple[Edit, ...] = (),
) -> Spot:
    return Spot(
        rule=rule,
        at=node.start,
        message=message,
        statement=statement.number,
        remedy=remedy,
        edits=edits,
    )
