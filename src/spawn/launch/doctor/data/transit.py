"""What a bucket's policy makes of requests without TLS, or with an old one: pure.

The policy is not read for words, it is asked: by IAM's logic (`iam.evaluation`), whether each of
S3's actions, on the bucket and on an object, would be denied to anybody. A Deny with the wrong
value or operator, for some actions, for objects alone or for some people, so shows as what it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from spawn.iam.documents import Conditions, Effect, PolicyDocument, Statement
from spawn.iam.evaluation import (
    CompiledPolicy,
    Kind,
    Outcome,
    PolicySet,
    Request,
    compile_policy,
    decide,
)
from spawn.iam.reference import actions_of
from spawn.launch.doctor.data.model import JsonObject

_PLAIN = {"aws:SecureTransport": ("false",)}
# TLS 1.0 and 1.1 are what is left below 1.2; both numbers are what S3 gives (Service Authorization
# Reference, "Condition keys for Amazon S3").
_OLD = tuple(
    {"aws:SecureTransport": ("true",), "s3:TlsVersion": (version,)} for version in ("1.0", "1.1")
)
# A Deny that hangs on anything else is not one for everybody: what else it asks is not known here.
_MAY_ASK = frozenset({"aws:securetransport", "s3:tlsversion"})
# No pattern for some objects alone has a name like this in it.
_ANY_KEY = "\u00a1spawn/doctor \u00a1"
_ANYBODY = ("", "arn:aws:iam::{account}:user/spawn-doctor", "arn:aws:iam::999999999999:user/x")
# Asked about first: what people know tells them more.
_COMMON = frozenset({"DeleteObject", "GetObject", "ListBucket", "PutObject"})
TLS_ONLY_SID, TLS_VERSION_SID = "SpawnTlsOnly", "SpawnTls12"


class Passing(Protocol):
    """Whatever finds an action that a policy lets through, "" for none."""

    def __call__(self, policy: PolicyDocument, *, arn: str, account: str) -> str:
        """Return the action."""


def lets_plain_through(policy: PolicyDocument, *, arn: str, account: str) -> str:
    """Return an action that the policy would let through without TLS, "" for none."""
    return _passing(policy, (_PLAIN,), arn=arn, account=account)


def lets_old_tls_through(policy: PolicyDocument, *, arn: str, account: str) -> str:
    """Return an action that the policy would let through with a TLS before 1.2, "" for none."""
    return _passing(policy, _OLD, arn=arn, account=account)


def _passing(
    policy: PolicyDocument,
    contexts: tuple[Mapping[str, tuple[str, ...]], ...],
    *,
    arn: str,
    account: str,
) -> str:
    compiled = compile_policy(_denials(policy), name="bucket policy")
    for request in _requests(contexts, arn=arn, account=account):
        if not _is_denied(request, compiled):
            return f"{request.action} on {'the bucket' if request.resource == arn else 'objects'}"
    return ""


def _denials(policy: PolicyDocument) -> PolicyDocument:
    """Leave the statements that deny for nothing but how a request travels, to whoever is named."""
    return PolicyDocument(
        version=policy.version,
        statements=tuple(
            one
            for one in policy.statements
            if one.effect is Effect.DENY and not one.not_principals and _asked(one) <= _MAY_ASK
        ),
    )


def _asked(statement: Statement) -> set[str]:
    return {key.lower() for keys in statement.conditions.values() for key in keys}


def _requests(
    contexts: tuple[Mapping[str, tuple[str, ...]], ...], *, arn: str, account: str
) -> Iterator[Request]:
    who = [name.format(account=account) for name in _ANYBODY]
    actions = sorted(actions_of("s3").values(), key=lambda each: each.name not in _COMMON)
    for action in actions:
        types = {kind.name for kind in action.resource_types}
        places = [arn] if "bucket" in types else []
        places += [f"{arn}/{_ANY_KEY}"] if "object" in types else []
        for place, principal, context in itertools.product(places, who, contexts):
            yield Request(
                principal=principal,
                action=f"s3:{action.name}",
                resource=place,
                context=context,
                resource_account=account,
            )


def _is_denied(request: Request, policy: CompiledPolicy) -> bool:
    decision = decide(request, PolicySet(resource=policy))
    return decision.outcome is Outcome.EXPLICIT_DENY and decision.kind is Kind.RESOURCE


def tls_statements(arn: str) -> list[JsonObject]:
    """Return the two statements that deny plain requests and old TLS, as a policy holds them."""
    plain = {"Bool": {"aws:SecureTransport": ("false",)}}
    old = {"NumericLessThan": {"s3:TlsVersion": ("1.2",)}}
    return [_denial(TLS_ONLY_SID, plain, arn), _denial(TLS_VERSION_SID, old, arn)]


def _denial(sid: str, conditions: Conditions, arn: str) -> JsonObject:
    statement = Statement(
        effect=Effect.DENY,
        sid=sid,
        principals={"AWS": ("*",)},
        actions=("s3:*",),
        resources=(arn, f"{arn}/*"),
        conditions=conditions,
    )
    return dict(msgspec.to_builtins(statement))
