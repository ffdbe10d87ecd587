"""A policy, compiled: which of its statements speak about an action is looked up, not searched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

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

ResourceTest = Callable[[str, Context], bool]

# Of a program that asks about every action of AWS, memory must not grow without end.
_ACTIONS_REMEMBERED = 4096


class Asked(NamedTuple):
    """A request as statements look at it: the action and the keys in lower case."""

    action: str
    resource: str
    context: Context


class CompiledStatement:
    """One statement. `number` counts from 1."""

    __slots__ = (
        "_conditions",
        "_in_policy_of_resource",
        "_matches_action",
        "_names",
        "_not_names",
        "_resource",
        "is_allow",
        "number",
        "sid",
    )

    def __init__(self, statement: Statement, *, number: int, has_variables: bool) -> None:
        self.number = number
        self.sid = statement.sid
        self.is_allow = statement.effect is Effect.ALLOW
        self._matches_action = _action_matcher(statement)
        self._resource = _resource_test(statement, has_variables=has_variables)
        self._conditions: tuple[Test, ...] = compile_conditions(
            statement.conditions,
            has_variables=has_variables,
            if_unreadable=not self.is_allow,
        )
        self._names = names_of(statement.principals)
        self._not_names = names_of(statement.not_principals)

    def speaks_of(self, action: str) -> bool:
        """Say whether an action, in lower case, is among the statement's."""
        return self._matches_action(action)

    def applies(self, asked: Asked) -> bool:
        """Say whether the statement applies, in a policy of an identity.

        There a statement names resources and nobody; IAM refuses others. Should one come all the
        same, it applies if it is a Deny.
        """
        if self._names or self._not_names or self._resource is None:
            return not self.is_allow and self._is_met(asked)
        return self._resource(asked.resource, asked.context) and self._is_met(asked)

    def grant(self, asked: Asked, who: Requester) -> Grant:
        """Return what an Allow in the resource's own policy gives; it may name no resource."""
        if self._names:
            grant = who.grant_to(self._names)
        elif self._not_names and not who.grant_to(self._not_names):
            grant = Grant.DIRECT
        else:
            return Grant.NONE
        return grant if grant and self._covers(asked) else Grant.NONE

    def refuses(self, asked: Asked, who: Requester, *, has_boundary: bool) -> bool:
        """Say whether a Deny in the resource's own policy applies.

        NotPrincipal spares who is named itself, and nobody who has a boundary. A Deny for nobody
        is no policy of a resource; it applies to all.
        """
        if self._names:
            is_meant = bool(who.grant_to(self._names))
        elif self._not_names:
            is_spared = who.is_named_itself(self._not_names)
            is_meant = not is_spared or (has_boundary and who.is_entity)
        else:
            is_meant = True
        return is_meant and self._covers(asked)

    def _covers(self, asked: Asked) -> bool:
        covers = self._resource is None or self._resource(asked.resource, asked.context)
        return covers and self._is_met(asked)

    def _is_met(self, asked: Asked) -> bool:
        context = asked.context
        # A generator would cost more than most of the tests do.
        for test in self._conditions:  # noqa: SIM110
            if not test(context):
                return False
        return True


class _Spoken(NamedTuple):
    """The statements that speak of one action, in the order of the document."""

    allows: tuple[CompiledStatement, ...]
    denies: tuple[CompiledStatement, ...]


class CompiledPolicy:
    """A policy with the name by which a decision calls it."""

    __slots__ = ("_spoken", "_statements", "document", "name")

    def __init__(self, document: PolicyDocument, *, name: str) -> None:
        self.document = document
        self.name = name
        self._statements = tuple(
            CompiledStatement(each, number=number, has_variables=document.version == VERSION)
            for number, each in enumerate(document.statements, 1)
        )
        self._spoken: dict[str, _Spoken] = {}

    def __repr__(self) -> str:
        return f"CompiledPolicy({self.name!r}, {len(self._statements)} statements)"

    def spoken(self, action: str) -> _Spoken:
        """Return the statements that speak of an action, in lower case."""
        found = self._spoken.get(action)
        if found is None:
            if len(self._spoken) >= _ACTIONS_REMEMBERED:
                self._spoken.clear()
            found = self._spoken[action] = self._statements_of(action)
        return found

    def allow(self, asked: Asked) -> CompiledStatement | None:
        """Return the first statement that allows it, as a policy of an identity."""
        for each in self.spoken(asked.action).allows:
            if each.applies(asked):
                return each
        return None

    def deny(self, asked: Asked) -> CompiledStatement | None:
        """Return the first statement that denies it, as a policy of an identity."""
        for each in self.spoken(asked.action).denies:
            if each.applies(asked):
                return each
        return None

    def _statements_of(self, action: str) -> _Spoken:
        of_action = [each for each in self._statements if each.speaks_of(action)]
        return _Spoken(
            tuple(each for each in of_action if each.is_allow),
            tuple(each for each in of_action if not each.is_allow),
        )


def compile_policy(document: PolicyDocument, *, name: str) -> CompiledPolicy:
    """Return the policy, ready to be asked. `name` is what decisions call it."""
    return CompiledPolicy(document, name=name)


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


def _resource_test(statement: Statement, *, has_variables: bool) -> ResourceTest | None:
    """Return the test of Resource or NotResource; None where the statement has neither."""
    is_not = bool(statement.not_resources)
    patterns = statement.not_resources if is_not else statement.resources
    if not patterns:
        return None
    all_parts = [resource_parts(each, has_variables=has_variables) for each in patterns]
    constant = tuple(joined(_texts(parts)) for parts in all_parts if is_constant(parts))
    filled = tuple(Filled(parts, joined) for parts in all_parts if not is_constant(parts))
    if everything in constant:
        return lambda resource, context: not is_not
    if is_not:
        # What a variable without a value excepts can't be said: an Allow then excepts everything.
        if_no_value = statement.effect is Effect.DENY
        return _none_of(constant, filled, if_no_value=if_no_value)
    return _one_of(constant, filled)


def _texts(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(part for part in parts if isinstance(part, str))


def _one_of(constant: tuple[Matcher, ...], filled: tuple[Filled, ...]) -> ResourceTest:
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
) -> ResourceTest:
    def test(resource: str, context: Context) -> bool:
        matchers = [each.matcher(context) for each in filled]
        if any(found(resource) for found in (*constant, *filter(None, matchers))):
            return False
        return if_no_value or None not in matchers

    return test
