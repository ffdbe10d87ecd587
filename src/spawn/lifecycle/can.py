"""`spawn policy can`: may someone do one thing, as far as their policies can be seen? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, assert_never

import msgspec

from spawn.core.errors import AccountError
from spawn.core.instants import format_instant
from spawn.core.nearest import did_you_mean
from spawn.iam.arns import parse_arn
from spawn.iam.evaluation import (
    CompiledPolicy,
    Decision,
    Kind,
    Outcome,
    PolicySet,
    Request,
    decide,
    near_misses,
    readable_policy,
)
from spawn.iam.reference import actions_of
from spawn.lifecycle.policies_of import HeldPolicy, Holder

UNKNOWN: Final = "unknown"

Context = Mapping[str, tuple[str, ...]]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody would do, and what is known beside their own policies.

    resource_policy  the resource's own
    boundary         counts instead of the holder's
    session          the session policy under which they ask
    scps             the organisation's levels from the root down
    """

    action: str
    resource: str
    context: Context = {}
    resource_policy: HeldPolicy | None = None
    boundary: HeldPolicy | None = None
    session: HeldPolicy | None = None
    scps: tuple[tuple[HeldPolicy, ...], ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether they may.

    decision  IAM's own word, or "unknown" where a policy that could change it can't be read
    kind, policy, statement, sid   what decided (see `evaluation.Decision`)
    nearly    which statements would have allowed it, but for what, where none does
    context   the keys that were judged with, those that the person gave included
    notes     what was not looked at, and what could not be read
    """

    who: str
    principal: str
    action: str
    resource: str
    decision: str
    why: str
    kind: Kind
    policy: str | None
    statement: int | None
    sid: str
    nearly: tuple[str, ...]
    context: Context
    notes: tuple[str, ...]

    @property
    def is_allowed(self) -> bool:
        """Whether it is known that they may."""
        return self.decision == Outcome.ALLOWED

    @property
    def is_known(self) -> bool:
        """Whether all was seen that decides."""
        return self.decision != UNKNOWN


class Online(msgspec.Struct, frozen=True, kw_only=True):
    """AWS's answer.

    matched  the statements that decided, in words
    missing  the condition keys that policies ask for and the question did not give
    """

    decision: str
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    why: str


class OnlineVerdict(Verdict, frozen=True, kw_only=True):
    """AWS's `decision`, and spawn's `own` one with all that belongs to it.

    `differs` is false where spawn's is not known; `difference` says how they differ, and why.
    """

    online: Online
    own: str
    differs: bool
    difference: str


def judge(holder: Holder, wish: Wish, *, now: datetime) -> Verdict:
    """Return whether the holder of policies may do it.

    Keys that every request of this principal has are filled in, unless the person gave them.
    Raises AccountError for a policy that can't be read: IAM would not keep such a one.
    """
    request = Request(
        principal=holder.principal,
        role_arn=holder.role_arn,
        action=wish.action,
        resource=wish.resource,
        context={**known_context(holder, now=now), **_lowered(wish.context)},
    )
    policies = PolicySet(
        identity=tuple(map(_compiled, holder.policies)),
        boundary=_if_any(wish.boundary or holder.boundary),
        resource=_if_any(wish.resource_policy),
        session=_if_any(wish.session),
        scps=tuple(tuple(map(_compiled, level)) for level in wish.scps) or None,
    )
    decision = decide(request, policies)
    is_sure = not holder.unseen or decision.outcome is Outcome.EXPLICIT_DENY
    return Verdict(
        who=holder.name,
        principal=holder.principal,
        action=wish.action,
        resource=wish.resource,
        decision=decision.outcome.value if is_sure else UNKNOWN,
        why=decision.why if is_sure else _why_unknown(decision),
        kind=decision.kind,
        policy=decision.policy,
        statement=decision.statement,
        sid=decision.sid,
        nearly=_nearly(request, policies, decision),
        context=request.context,
        notes=(*_doubts(wish.action), *holder.unseen, *_beyond(wish)),
    )


def _beyond(wish: Wish) -> Iterator[str]:
    """Say what is in no policy that was given, nor in any that can be read from an account."""
    if wish.resource_policy is None:
        yield "the resource's own policy is not looked at"
    missing = [
        kind
        for kind, given in (
            ("service control policies", bool(wish.scps)),
            ("session policies", wish.session is not None),
        )
        if not given
    ]
    if missing:
        yield f"{' and '.join(missing)} are not looked at"


def _doubts(action: str) -> tuple[str, ...]:
    """Say so where an action is in no table: a misspelt one is denied like any other."""
    service, _, name = action.partition(":")
    known = actions_of(service)
    if name.lower() in known:
        return ()
    hint = did_you_mean(name, (each.name for each in known.values()))
    return (f"AWS's tables know no action {action}{hint and f'; {hint}'}",)


def _nearly(request: Request, policies: PolicySet, decision: Decision) -> tuple[str, ...]:
    if decision.outcome is not Outcome.IMPLICIT_DENY:
        return ()
    match decision.kind:
        case Kind.IDENTITY:
            return near_misses(request, policies.identity)
        case Kind.BOUNDARY | Kind.SESSION as kind:
            one = policies.boundary if kind is Kind.BOUNDARY else policies.session
            return near_misses(request, () if one is None else (one,))
        case Kind.SCP:
            levels = policies.scps or ()
            return near_misses(request, (policy for level in levels for policy in level))
        case Kind.RESOURCE:
            return ()
        case _:
            assert_never(decision.kind)


def known_context(holder: Holder, *, now: datetime) -> Context:
    """Return the keys, in lower case, that are in each request of a holder (IAM user guide)."""
    keys = {
        "aws:currenttime": format_instant(now),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:securetransport": "true",
    }
    if holder.principal:
        arn = parse_arn(holder.principal)
        keys["aws:principalarn"] = holder.role_arn or holder.principal
        keys["aws:principalaccount"] = arn.account
        if arn.resource.startswith("user/"):
            keys["aws:username"] = arn.resource.rpartition("/")[2]
    return {key: (value,) for key, value in keys.items()}


def _lowered(context: Context) -> Context:
    return {key.lower(): given for key, given in context.items()}


def _if_any(policy: HeldPolicy | None) -> CompiledPolicy | None:
    return None if policy is None else _compiled(policy)


def _compiled(policy: HeldPolicy) -> CompiledPolicy:
    try:
        return readable_policy(policy.text, name=policy.name)
    except ValueError as error:
        raise AccountError(f"the policy {policy.name} can't be read", why=str(error)) from error


def _why_unknown(decision: Decision) -> str:
    return f"as far as can be seen, {decision.why}; but not all policies could be read"
