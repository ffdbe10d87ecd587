"""What holds for all policies and requests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from spawn.iam.cases import answers
from spawn.iam.evaluation import (
    CompiledPolicy,
    Outcome,
    PolicyDocument,
    PolicySet,
    Request,
    compile_policy,
    decide,
    readable_document,
)
from tests.unit.iam.evaluation.requests import ACCOUNT, OTHER_ACCOUNT, ROLE, ROOT, SESSION, USER

Document = dict[str, Any]

_ACTIONS = ("*", "s3:*", "s3:Get*", "S3:getobject", "kms:Decrypt", "ec2:Run?nst*")
_RESOURCES = ("*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ana/x")
_OPERATORS = (
    "StringEquals",
    "StringNotLike",
    "ForAllValues:StringLike",
    "ForAnyValue:StringNotEquals",
    "NumericLessThan",
    "Null",
    "Odd",
)
_VALUES = ("ana", "a*", "${aws:username}", "7", "true")
_NAMED = ("*", {"AWS": ACCOUNT}, {"AWS": USER}, {"AWS": [ROLE, ROOT]}, {"AWS": SESSION})
_PRINCIPALS = (USER, SESSION, ROLE, ROOT, "", "ec2.amazonaws.com")
# Hypothesis's own strategies would take most of the time; a seed is all that has to be told.
_seeds = st.integers(min_value=0, max_value=2**48).map(Random)


def _statement(random: Random, *, of_resource: bool = False) -> Document:
    statement: Document = {
        "Effect": random.choice(("Allow", "Allow", "Deny")),
        random.choice(("Action", "Action", "NotAction")): random.choices(_ACTIONS, k=2),
        random.choice(("Resource", "Resource", "NotResource")): random.choice(_RESOURCES),
        "Condition": {
            random.choice(_OPERATORS): {
                random.choice(("aws:username", "s3:prefix")): random.choices(_VALUES, k=2)
            }
            for _ in range(random.choice((0, 0, 1, 2)))
        },
    }
    if of_resource:
        statement[random.choice(("Principal", "Principal", "NotPrincipal"))] = random.choice(_NAMED)
    return statement


def _document(random: Random, *, of_resource: bool = False) -> Document:
    return {
        "Version": random.choice(("2012-10-17", "2012-10-17", "2008-10-17")),
        "Statement": [
            _statement(random, of_resource=of_resource) for _ in range(random.randrange(4))
        ],
    }


def _parts(random: Random) -> Document:
    """Return policies of every kind, any of which may be absent."""

    def some(most: int) -> list[Document]:
        return [_document(random) for _ in range(random.randrange(most))]

    def maybe(*, of_resource: bool = False) -> Document | None:
        return random.choice((None, _document(random, of_resource=of_resource)))

    return {
        "identity": some(4),
        "resource_policy": maybe(of_resource=True),
        "boundary": maybe(),
        "scps": random.choice((None, [some(3) for _ in range(random.randrange(3))])),
        "session": maybe(),
    }


def _asked(random: Random) -> Document:
    return {
        "principal": random.choice(_PRINCIPALS),
        "role_arn": random.choice((None, ROLE)),
        "action": random.choice(("s3:GetObject", "kms:Decrypt", "ec2:RunInstances")),
        "resource": random.choice(("*", "arn:aws:s3:::b/ana/x", "arn:aws:s3:::other")),
        "resource_account": random.choice((None, None, ACCOUNT, OTHER_ACCOUNT)),
        "context": {
            key: tuple(random.choices(("ana", "abc", "7"), k=random.randrange(3)))
            for key in random.sample(("aws:username", "S3:Prefix"), random.randrange(3))
        },
    }


def _compiled(document: Document | None) -> CompiledPolicy | None:
    return None if document is None else compile_policy(readable_document(document), name="p")


def _policies(parts: Document) -> PolicySet:
    levels = parts["scps"]
    return PolicySet(
        identity=_all(parts["identity"]),
        resource=_compiled(parts["resource_policy"]),
        boundary=_compiled(parts["boundary"]),
        session=_compiled(parts["session"]),
        scps=None if levels is None else tuple(map(_all, levels)),
    )


def _all(documents: Sequence[Document]) -> tuple[CompiledPolicy, ...]:
    return tuple(compile_policy(readable_document(each), name="p") for each in documents)


@settings(max_examples=300)
@given(random=_seeds)
def test_a_deny_that_applies_wins(random: Random) -> None:
    """Added to any set of policies, a Deny that applies makes the answer an explicit one."""
    parts, asked = _parts(random), _asked(random)
    request = Request(**asked)
    denying = _statement(random)
    alone = {"Version": "2012-10-17", "Statement": [{**denying, "Effect": "Deny"}]}
    wants = decide(request, PolicySet(identity=_all([alone]))).outcome
    with_it = {**parts, "identity": [*parts["identity"], alone]}
    if wants is Outcome.EXPLICIT_DENY:
        assert decide(request, _policies(with_it)).outcome is Outcome.EXPLICIT_DENY


@settings(max_examples=300)
@given(random=_seeds)
def test_adding_an_allow_never_removes_one(random: Random) -> None:
    """What was allowed stays so, whichever policy gets one more Allow."""
    parts, asked = _parts(random), _asked(random)
    request = Request(**asked)
    allowing = {**_statement(random), "Effect": "Allow"}
    member = random.choice(("identity", "boundary", "session", "resource_policy"))
    if member == "resource_policy":
        allowing["Principal"] = "*"
    before = parts[member]
    if member == "identity":
        after: Any = [*before, {"Version": "2012-10-17", "Statement": [allowing]}]
    elif before is None:
        return
    else:
        after = {**before, "Statement": [*before["Statement"], allowing]}
    if decide(request, _policies(parts)).is_allowed:
        assert decide(request, _policies({**parts, member: after})).is_allowed


@settings(max_examples=300)
@given(random=_seeds)
def test_boundary_scp_and_session_policy_only_narrow(random: Random) -> None:
    """What is refused without one of them is refused with it."""
    parts, asked = _parts(random), _asked(random)
    request = Request(**asked)
    member, limit = random.choice(("boundary", "session", "scps")), _document(random)
    without = _policies({**parts, member: None})
    within = _policies({**parts, member: [[limit]] if member == "scps" else limit})
    if not decide(request, without).is_allowed:
        assert not decide(request, within).is_allowed


@settings(max_examples=300)
@given(random=_seeds)
def test_order_never_matters(random: Random) -> None:
    """Policies, statements and values in another order decide the same."""
    parts, asked = _parts(random), _asked(random)

    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: mixed(value[key]) for key in random.sample(list(value), len(value))}
        if isinstance(value, list):
            return [mixed(each) for each in random.sample(value, len(value))]
        return value

    request = Request(**asked)
    straight, other = decide(request, _policies(parts)), decide(request, _policies(mixed(parts)))
    assert (straight.outcome, straight.kind) == (other.outcome, other.kind)


@settings(max_examples=300)
@given(random=_seeds)
def test_nothing_is_allowed_without_an_allow(random: Random) -> None:
    """But to root, nothing is allowed that no statement of identity or resource allows."""
    parts, asked = _parts(random), _asked(random)
    silent = {**parts, "identity": [], "resource_policy": None}
    is_root = asked["principal"] == ROOT
    assert is_root or not decide(Request(**asked), _policies(silent)).is_allowed


@settings(max_examples=300)
@given(random=_seeds)
def test_a_batch_answers_as_one_question_does(random: Random) -> None:
    """The same case, written as a line, is decided the same."""
    parts, asked = _parts(random), _asked(random)
    line = json.dumps({**parts, **asked, "id": "c"}).encode()
    (answer,) = (json.loads(each.text) for each in answers([line]))
    decision = decide(Request(**asked), _policies(parts))
    assert answer["decision"] == decision.outcome
    assert answer["by"]["kind"] == decision.kind
    assert (answer["by"]["statement"], bool(answer["why"])) == (decision.statement, True)


@settings(max_examples=300)
@given(random=_seeds)
def test_a_policy_answers_the_second_time_as_the_first(random: Random) -> None:
    """What a compiled policy remembers changes no answer."""
    policies, asked = PolicySet(identity=_all([_document(random)])), _asked(random)
    request = Request(**asked)
    first = decide(request, policies)
    decide(msgspec.structs.replace(request, context={}), policies)
    assert decide(request, policies) == first


def test_documents_are_compiled_as_they_are() -> None:
    """A compiled policy keeps its document, for whoever wants to show it."""
    document = PolicyDocument(statements=())
    assert compile_policy(document, name="p").document is document
