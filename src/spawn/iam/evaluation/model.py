"""What is asked, what bears on it, and what comes of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec

from spawn.iam.evaluation.compiled import CompiledPolicy


class Kind(enum.StrEnum):
    """The kinds of policies that IAM weighs against each other."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    SCP = "scp"
    SESSION = "session"


class Outcome(enum.StrEnum):
    """How a decision came out, in the words of IAM's own simulator."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One action on one resource. Nothing is added to it: a key that is not given is absent.

    `principal` is an ARN, a service's name, or "" where nobody is named. `role_arn` is, for a
    session, the ARN of its role, path and all. `context` holds the condition keys, in any case.
    `resource_account` is whose the resource is; None takes it from the resource's ARN, and where
    that has none, from the principal.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = {}
    role_arn: str | None = None
    resource_account: str | None = None


class PolicySet(msgspec.Struct, frozen=True, kw_only=True):
    """The policies that bear on a request; None where that kind doesn't exist for it.

    `scps` are levels, the organisation's root first, each of which must allow.
    """

    identity: tuple[CompiledPolicy, ...] = ()
    resource: CompiledPolicy | None = None
    boundary: CompiledPolicy | None = None
    scps: tuple[tuple[CompiledPolicy, ...], ...] | None = None
    session: CompiledPolicy | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome, and what made it.

    `kind` is the kind of policy that decided, or that should have allowed and did not. `policy`
    and `statement` (from 1) name the statement where one decided. `why` is a sentence without a
    final stop.
    """

    outcome: Outcome
    kind: Kind
    why: str
    policy: str | None = None
    statement: int | None = None
    sid: str = ""

    @property
    def is_allowed(self) -> bool:
        """Whether the request goes through."""
        return self.outcome is Outcome.ALLOWED
