"""A policy, compiled: each statement becomes a test of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from spawn.iam.documents import VERSION, Effect, PolicyDocument, Statement
from spawn.iam.evaluation.conditions import Test, compile_conditions
from spawn.iam.evaluation.principals import Grant, Requester, names_of
from spawn.iam.evaluation.variables import (
    Context,
    Filled,
    Part,
    is_constant,
    resource_parts,
)
from spawn.iam.evaluation.wildcards import Matcher, everything, joined, wildcard

# Of a resource and a context, whose keys are in lower case.
Applies = Callable[[str, Context], bool]


class CompiledStatement:
    """One statement. `number` counts from 1.

    `applies` says so in a policy of an identity, `covers` in the resource's own, but for whom it
    names; either is `always` or `never` where that is known without looking.
    """

    __slots__ = (
        "_matches_action",
        "_names",
        "_not_names",
        "applies",
        "covers",
        "is_allow",
        "number",
        "sid",
    )

    def __init__(self, statement: Statement, *, number: int, has_variables: bool) -> None:
        self.number = number
        self.sid = statement.sid
        self.is_allow = statement.effect is Effect.ALLOW
        self._matches_action = _action_matcher(statement)
        self._names = names_of(statement.principals)
        self._not_names = names_of(statement.not_principals)
        resource = _resource_test(statement, has_variables=has_variables)
        conditions = compile_conditions(
            statement.conditions,
            has_variables=has_variables,
            if_unreadable=not self.is_allow,
        )
        self.covers = _applies(resource or always, conditions)
        # A policy of an identity names resources, and nobody. IAM refuses others; should one come
        # all the same, its Deny counts and its Allow does not.
        is_odd = bool(self._names or self._not_names or resource is None)
        self.applies = never if is_odd and self.is_allow else self.covers

    def speaks_of(self, action: str) -> bool:
        """Say whether an action, in lower case, is among the statement's."""
        return self._matches_action(action)

    def grant(self, who: Requester) -> Grant:
        """Return what an Allow in the resource's own policy gives where it covers the request."""
        if self._names:
            return who.grant_to(self._names)
        is_spared = not self._not_names or who.grant_to(self._not_names)
        return Grant.NONE if is_spared else Grant.DIRECT

    def is_against(self, who: Requester, *, has_boundary: bool) -> bool:
        """Say whether a Deny in the resource's own policy is meant for who asks.

        NotPrincipal spares who is named itself, and nobody who has a boundary. A Deny for nobody
        is no policy of a resource; it is for all.
        """
        if self._names:
            return bool(who.grant_to(self._names))
        if self._not_names and not (has_boundary and who.is_entity):
            return not who.is_named_itself(self._not_names)
        return True


class CompiledPolicy:
    """A policy with the name by which a decision calls it."""

    __slots__ = ("_statements", "document", "name")

    def __init__(self, document: PolicyDocument, *, name: str) -> None:
        self.document = document
        self.name = name
        self._statements = tuple(
            CompiledStatement(each, number=number, has_variables=document.version == VERSION)
            for number, each in enumerate(document.statements, 1)
        )

    def __repr__(self) -> str:
        return f"CompiledPolicy({self.name!r}, {len(self._statements)} statements)"

    def speaking_of(self, action: str, *, allow: bool) -> tuple[CompiledStatement, ...]:
        """Return the statements of one effect that speak of an action, in lower case."""
        return tuple(
            each for each in self._statements if each.is_allow is allow and each.speaks_of(action)
        )


def compile_policy(document: PolicyDocument, *, name: str) -> CompiledPolicy:
    """Return the policy, ready to be asked. `name` is what decisions call it."""
    return CompiledPolicy(document, name=name)


def always(resource: str, context: Context) -> bool:
    """Apply to everything."""
    return True


def never(resource: str, context: Context) -> bool:
    """Apply to nothing."""
    return False


def _applies(resource: Applies, conditions: tuple[Test, ...]) -> Applies:
    """Return the test of a statement: the cheap half first."""
    if not conditions:
        return resource
    if len(conditions) == 1:
        (only,) = conditions
        return lambda asked, context: resource(asked, context) and only(context)

    def applies(asked: str, context: Context) -> bool:
        if not resource(asked, context):
            return False
        # A generator would cost more than most of the tests do.
        for test in conditions:  # noqa: SIM110
            if not test(context):
                return False
        return True

    return applies


def _action_matcher(statement: Statement) -> Matcher:
    """Actions know no case."""
    if statement.not_actions:
        matches = _any_of(statement.not_actions)
        return lambda action: not matches(action)
    return _any_of(statement.actions)


def _any_of(patterns: Iterable[str]) -> Matcher:
    matchers = tuple(wildcard(each.lower()) for each in patterns)
    if everything in matchers:
        return everything
    return lambda action: any(matches(action) for matches in matchers)


def _resource_test(statement: Statement, *, has_variables: bool) -> Applies | None:
    """Return the test of Resource or NotResource; None where the statement has neither."""
    is_not = bool(statement.not_resources)
    patterns = statement.not_resources if is_not else statement.resources
    if not patterns:
        return None
    all_parts = [resource_parts(each, has_variables=has_variables) for each in patterns]
    constant = tuple(joined(_texts(parts)) for parts in all_parts if is_constant(parts))
    filled = tuple(Filled(parts, joined) for parts in all_parts if not is_constant(parts))
    if everything in constant:
        return never if is_not else always
    if is_not:
        # What a variable without a value excepts can't be said: an Allow then excepts everything.
        if_no_value = statement.effect is Effect.DENY
        return _none_of(constant, filled, if_no_value=if_no_value)
    return _one_of(constant, filled)


def _texts(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(part for part in parts if isinstance(part, str))


def _one_of(constant: tuple[Matcher, ...], filled: tuple[Filled, ...]) -> Applies:
    def test(resource: str, context: Context) -> bool:
        for matches in constant:
            if matches(resource):
                return True
        for each in filled:
            found = each.matcher(context)
            if found is not None and found(resource):
                return True
        return False

    return test


def _none_of(
    constant: tuple[Matcher, ...], filled: tuple[Filled, ...], *, if_no_value: bool
) -> Applies:
    def test(resource: str, context: Context) -> bool:
        matchers = [each.matcher(context) for each in filled]
        if any(found(resource) for found in (*constant, *filter(None, matchers))):
            return False
        return if_no_value or None not in matchers

    return test
