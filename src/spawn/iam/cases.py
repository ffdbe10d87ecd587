"""Cases of IAM's logic, one JSON object a line, answered line by line: pure.

A case stands alone: its documents, who asks, for what, under which keys. A document is read and
compiled once, however many cases bring it. A line that can't be read is answered with an error,
and the next one is read.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from spawn.iam.evaluation import (
    CompiledPolicy,
    Decision,
    PolicySet,
    Request,
    decide,
    readable_policy,
)

_NONE: Final = msgspec.Raw(b"null")
_Scalar = str | bool | int | float | None
# A batch may bring a document of its own with each case: those that come again are kept.
_DOCUMENTS_KEPT: Final = 1024


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of one line; `error` says why it could not be judged, "" where it was."""

    text: bytes
    error: str = ""


class _Case(msgspec.Struct, kw_only=True):
    """A line as it is written; members that are not here are the writer's own notes."""

    action: str
    resource: str
    id: Any = None
    principal: str | None = None
    role_arn: str | None = None
    resource_account: str | None = None
    context: dict[str, _Scalar | list[_Scalar]] | None = None
    identity: list[msgspec.Raw] | None = None
    resource_policy: msgspec.Raw = _NONE
    boundary: msgspec.Raw = _NONE
    scps: list[list[msgspec.Raw]] | None = None
    session: msgspec.Raw = _NONE


class _By(msgspec.Struct, kw_only=True):
    kind: str
    policy: str | None
    statement: int | None
    sid: str | None


class _Judged(msgspec.Struct, kw_only=True):
    id: Any
    decision: str
    by: _By
    why: str


class _Unjudged(msgspec.Struct, kw_only=True):
    id: Any
    line: int
    error: str


class _Identified(msgspec.Struct, kw_only=True):
    id: Any = None


_CASES = msgspec.json.Decoder(_Case)
_IDS = msgspec.json.Decoder(_Identified)
_ENCODER = msgspec.json.Encoder()


def answers(lines: Iterable[bytes]) -> Iterator[Answer]:
    """Answer each line as it comes; empty ones are passed over. Raises nothing of its own.

    An answer's id is the case's, or the line's number where it has none.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = _CASES.decode(line)
            decision = decide(_request(case), _policies(case))
        except (ValueError, RecursionError) as error:
            yield _unjudged(line, number, str(error) or type(error).__name__)
        else:
            yield Answer(text=_ENCODER.encode(_judged(case, number, decision)))


def _request(case: _Case) -> Request:
    context = {key: _texts(given) for key, given in (case.context or {}).items()}
    return Request(
        principal=case.principal or "",
        role_arn=case.role_arn,
        action=case.action,
        resource=case.resource,
        resource_account=case.resource_account,
        context=context,
    )


def _texts(given: _Scalar | list[_Scalar]) -> tuple[str, ...]:
    values = given if isinstance(given, list) else [given]
    return tuple(
        value if isinstance(value, str) else _ENCODER.encode(value).decode()
        for value in values
        if value is not None
    )


def _policies(case: _Case) -> PolicySet:
    levels = None
    if case.scps is not None:
        levels = tuple(
            tuple(_policy(f"scps {depth}.{place}", raw) for place, raw in enumerate(level, 1))
            for depth, level in enumerate(case.scps, 1)
        )
    return PolicySet(
        identity=tuple(
            _policy(f"identity {place}", raw) for place, raw in enumerate(case.identity or (), 1)
        ),
        resource=_policy_or_none("resource_policy", case.resource_policy),
        boundary=_policy_or_none("boundary", case.boundary),
        scps=levels,
        session=_policy_or_none("session", case.session),
    )


def _policy_or_none(name: str, raw: msgspec.Raw) -> CompiledPolicy | None:
    text = bytes(raw)
    return None if text == b"null" else _compiled(name, text)


def _policy(name: str, raw: msgspec.Raw) -> CompiledPolicy:
    return _compiled(name, bytes(raw))


@functools.lru_cache(maxsize=_DOCUMENTS_KEPT)
def _compiled(name: str, text: bytes) -> CompiledPolicy:
    try:
        return readable_policy(text, name=name)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _judged(case: _Case, number: int, decision: Decision) -> _Judged:
    return _Judged(
        id=number if case.id is None else case.id,
        decision=decision.outcome.value,
        by=_By(
            kind=decision.kind.value,
            policy=decision.policy,
            statement=decision.statement,
            sid=decision.sid or None,
        ),
        why=decision.why,
    )


def _unjudged(line: bytes, number: int, why: str) -> Answer:
    try:
        known = _IDS.decode(line).id
    except ValueError:
        known = None
    told = _Unjudged(id=number if known is None else known, line=number, error=why)
    return Answer(text=_ENCODER.encode(told), error=why)
