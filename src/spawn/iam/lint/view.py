"""A policy as the rules look at it: IAM's members by name, every value with its place."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec

from spawn.iam.documents import Effect
from spawn.iam.lint.nodes import Literal, Node, Text
from spawn.iam.operators import Operator


class PolicyKind(enum.StrEnum):
    """What a policy is attached to, which decides what it may hold and how long it may be."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    SCP = "scp"
    BOUNDARY = "boundary"
    SESSION = "session"

    @property
    def names_principals(self) -> bool:
        """Whether its statements say who."""
        return self in {PolicyKind.RESOURCE, PolicyKind.TRUST}


class Principal(msgspec.Struct, frozen=True):
    """Who a statement speaks of; `kind` is AWS, Service, Federated or CanonicalUser."""

    kind: str
    who: Text


class Test(msgspec.Struct, frozen=True):
    """One key of a condition with its operator; `operator` is None for one that IAM lacks."""

    written: Text
    operator: Operator | None
    key: Text
    values: tuple[Text, ...]

    __test__ = False  # it is no test of pytest's


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement, as far as it could be read; `number` counts from 1.

    `at` is the place of its brace. `members` holds what stands there under IAM's names.
    """

    number: int
    at: int
    sid: Text | None
    effect: Effect | None
    members: Mapping[str, Node]
    actions: tuple[Text, ...]
    not_actions: tuple[Text, ...]
    resources: tuple[Text, ...]
    not_resources: tuple[Text, ...]
    principals: tuple[Principal, ...]
    not_principals: tuple[Principal, ...]
    tests: tuple[Test, ...]

    @property
    def allows(self) -> bool:
        """Whether it grants something."""
        return self.effect is Effect.ALLOW


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A whole policy; `version` is None where there is none, or none that can be read.

    `characters` are those that AWS counts.
    """

    text: str
    characters: int
    at: int
    version: Text | Literal | None
    statements: tuple[Statement, ...]
