"""What policies are said to come to is what the evaluator decides, sentence by sentence."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawn.iam import reference
from spawn.iam.compare import Allowance, allowances, difference
from spawn.iam.documents import Effect, PolicyDocument, Statement, allow
from spawn.iam.evaluation import PolicySet, Request, compile_policy, decide
from spawn.iam.evaluation.wildcards import wildcard
from spawn.iam.grants import OTHERS, Subject, is_of_type
from spawn.iam.meaning import Cannot, Limit, meaning
from spawn.iam.templates import TEMPLATES, parse_templates, statements
from spawn.iam.words import can_sentence, cannot_sentence

ROLE = "arn:aws:iam::123456789012:role/worker"
SCOPES = {
    "s3": ("my-bucket", "my-bucket/data/*", "my-*"),
    "ssm": ("/myapp/*", "/myapp/key"),
}
TEMPLATE_WORDS = [
    f"{name}@{scope}" if scope else name
    for name in TEMPLATES
    for scope in ("", *SCOPES.get(name.partition(":")[0], ("thing", "team-*")))
]
ACTIONS = (
    *("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:*Object", "s3:Delete*", "s3:*"),
    *("sqs:SendMessage", "sqs:*", "ec2:DescribeInstances", "ec2:Terminate*", "*"),
)
RESOURCES = (
    *("*", "arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::a/data/*", "arn:aws:s3:::*/data/x"),
    *("arn:aws:s3:::a*", "arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:sqs:*:*:q*"),
)


def of_templates(*words: str) -> Subject:
    """Return what templates mean."""
    found = tuple(
        statement
        for template in parse_templates(words)
        for statement in statements(
            template, partition="aws", region="us-east-1", account="123456789012"
        )
    )
    return Subject(policies=(PolicyDocument(statements=found),))


def few(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def statement(draw: st.DrawFn) -> Statement:
    """A statement: an allowance more often than not, at times by what it leaves out."""
    actions, resources = draw(few(ACTIONS)), draw(few(RESOURCES))
    effect = draw(st.sampled_from([Effect.ALLOW, Effect.ALLOW, Effect.DENY]))
    by_actions, by_resources = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    return Statement(
        effect=effect,
        actions=actions if by_actions else (),
        not_actions=() if by_actions else actions,
        resources=resources if by_resources else (),
        not_resources=() if by_resources else resources,
    )


documents = st.lists(statement(), min_size=1, max_size=3).map(
    lambda found: PolicyDocument(statements=tuple(found))
)
subjects = st.builds(
    lambda policy, boundary: Subject(policies=(policy,), boundary=boundary),
    documents,
    st.one_of(st.none(), documents),
)


class Judge:
    """The evaluator, asked about one subject."""

    def __init__(self, subject: Subject) -> None:
        boundary = subject.boundary
        self._policies = PolicySet(
            identity=tuple(compile_policy(each, name="policy") for each in subject.policies),
            boundary=None if boundary is None else compile_policy(boundary, name="boundary"),
        )

    def allows(
        self, action: str, resource: str, context: Mapping[str, tuple[str, ...]] | None = None
    ) -> bool:
        """Say what it decides."""
        request = Request(
            principal="arn:aws:sts::123456789012:assumed-role/worker/i-1",
            action="athena:GetDataCatalog" if action == OTHERS else action,
            resource=resource,
            context=context or {},
            role_arn=ROLE,
            resource_account="123456789012",
        )
        return decide(request, self._policies).is_allowed


def filled(pattern: str, fillers: tuple[str, ...] = ("", "x", "zz-9/q")) -> list[str]:
    """Return texts that a pattern takes."""
    return [pattern.replace("?", "q").replace("*", filler) for filler in fillers]


def context_for(conditions: tuple[object, ...]) -> dict[str, tuple[str, ...]]:
    """Return a context that meets the conditions of the templates."""
    return {
        each.key: (filled(each.values[0])[1],)  # type: ignore[attr-defined]
        for each in conditions
    }


@pytest.mark.parametrize("word", TEMPLATE_WORDS)
def test_what_a_template_can_do_is_allowed(word: str) -> None:
    """Each action of each sentence is allowed on each of its resources, where its tests hold."""
    subject = of_templates(word)
    found, judge = meaning(subject), Judge(subject)
    assert found.can
    assert not found.denied
    for one in found.can:
        context = context_for(one.conditions)
        for action in one.actions:
            for resource in one.resources:
                texts = filled(resource) if "*" in resource.strip("*") else [resource]
                assert any(judge.allows(action, text, context) for text in texts), (
                    can_sentence(one),
                    action,
                )


def requests_of(limit: Cannot, subject: Subject) -> list[tuple[str, str]]:
    """Return what a sentence about what can't be done is about: actions with resources."""
    if limit.limit is Limit.SERVICE:
        return [("organizations:LeaveOrganization", "*"), ("athena:GetDataCatalog", "*")]
    if limit.resources:
        return [
            (action, arn)
            for action in limit.actions
            for arn in limit.resources
            if any(is_of_type(each, arn) for each in types_of(action))
        ]
    named = {r for one in allowances(subject) for r in one.resources if r.strip("*")}
    return [
        (action, text) for action in limit.actions for text in ([] if types_of(action) else ["*"])
    ] + [
        (action, text)
        for action in limit.actions
        for pattern in named
        if any(is_of_type(each, pattern) for each in types_of(action))
        for text in filled(pattern, ("x",))
    ]


def types_of(action: str) -> list[str]:
    service, _, name = action.partition(":")
    known = reference.actions_of(service)[name.lower()]
    patterns = reference.arn_patterns(service)
    return [patterns[kind.name.lower()] for kind in known.resource_types]


@pytest.mark.parametrize("word", TEMPLATE_WORDS)
def test_what_a_template_cannot_do_is_denied(word: str) -> None:
    """No sentence of what can't be done is about anything that is allowed."""
    subject = of_templates(word)
    judge = Judge(subject)
    for limit in meaning(subject).cannot:
        everything = {
            "aws:ResourceAccount": ("123456789012",),
            "s3:prefix": ("data/x",),
        }
        for action, resource in requests_of(limit, subject):
            assert not judge.allows(action, resource, everything), (
                cannot_sentence(limit),
                action,
                resource,
            )


@given(subjects)
@settings(max_examples=60, deadline=None)
def test_no_sentence_claims_more_than_the_evaluator(subject: Subject) -> None:
    """Of any policies, what can't be done is denied, and what can is allowed unless denied."""
    found, judge = meaning(subject), Judge(subject)
    for limit in found.cannot:
        requests = requests_of(limit, subject)
        for action, resource in requests[:: max(len(requests) // 20, 1)]:
            assert not judge.allows(action, resource), (cannot_sentence(limit), action)
    for one in found.can:
        for action in one.actions[:: max(len(one.actions) // 5, 1)]:
            for resource in one.resources:
                texts = filled(resource) if resource.strip("*") else ["*"]
                is_narrowed = one.outside or one.conditions or found.denied
                assert is_narrowed or any(judge.allows(action, text) for text in texts), (
                    can_sentence(one),
                    action,
                    resource,
                )


@given(documents, documents)
@settings(max_examples=60, deadline=None)
def test_a_difference_is_never_missed(first: PolicyDocument, second: PolicyDocument) -> None:
    """A request that only one side allows is within what only that side is said to allow."""
    one, other = Subject(policies=(first,)), Subject(policies=(second,))
    found, ours_by, theirs_by = difference(one, other), Judge(one), Judge(other)
    for action in ("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "ec2:DescribeInstances"):
        for resource in {text for pattern in RESOURCES for text in filled(pattern)}:
            types = types_of(action)
            if not (any(is_of_type(t, resource) for t in types) if types else resource == "*"):
                continue
            ours, theirs = ours_by.allows(action, resource), theirs_by.allows(action, resource)
            if ours and not theirs:
                assert any(speaks_of(row, action, resource) for row in found.only_first), action
            if theirs and not ours:
                assert any(speaks_of(row, action, resource) for row in found.only_second), action


def speaks_of(row: Allowance, action: str, resource: str) -> bool:
    """Say whether a row of a difference is about a request."""
    is_outside = any(wildcard(each)(resource) for each in row.outside)
    return (
        bool({action, OTHERS} & set(row.actions))
        and any(wildcard(each)(resource) for each in row.resources)
        and not is_outside
    )


def test_a_denial_makes_a_difference() -> None:
    """What only one side denies is something that the other allows more, and no more than that."""
    reading = allow(("s3:GetObject",), ("arn:aws:s3:::a/*",))
    denied = Statement(
        effect=Effect.DENY, actions=("s3:*",), resources=("arn:aws:s3:::a/private/*",)
    )
    kept = Subject(policies=(PolicyDocument(statements=(reading, denied)),))
    found = difference(kept, Subject(policies=(PolicyDocument(statements=(reading,)),)))
    assert found.only_first == ()
    (row,) = found.only_second
    assert (row.actions, row.resources) == (("s3:GetObject",), ("arn:aws:s3:::a/private/*",))


@given(documents)
@settings(max_examples=50, deadline=None)
def test_the_same_in_other_words_is_no_difference(document: PolicyDocument) -> None:
    """Each statement twice, in another order, and split up, allows the same."""
    turned = tuple(reversed(document.statements))
    split = tuple(
        Statement(
            effect=each.effect,
            actions=(action,),
            resources=each.resources,
            not_resources=each.not_resources,
        )
        for each in turned
        for action in each.actions
    )
    kept = tuple(each for each in turned if not each.actions)
    other = PolicyDocument(statements=(*turned, *split, *kept))
    found = difference(Subject(policies=(document,)), Subject(policies=(other,)))
    assert not found.only_first
    assert not found.only_second


def test_wildcards_and_their_actions_are_the_same() -> None:
    """A wildcard, and all that it means one by one, differ in nothing."""
    wide = PolicyDocument(statements=(allow(("sqs:*Message",), ("*",)),))
    names = [f"sqs:{each.name}" for each in reference.matching_actions("sqs:*Message")]
    narrow = PolicyDocument(statements=(allow(names, ("*",)),))
    found = difference(Subject(policies=(wide,)), Subject(policies=(narrow,)))
    assert found.only_first == found.only_second == ()


def test_conditions_that_let_more_through_are_seen() -> None:
    """A further alternative in a condition is a difference, and only on the side that has it."""

    def where(*accounts: str) -> Subject:
        statement = allow(
            ("s3:GetObject",), ("arn:aws:s3:::a/*",), {"StringEquals": {"aws:x": accounts}}
        )
        return Subject(policies=(PolicyDocument(statements=(statement,)),))

    found = difference(where("1"), where("2", "1"))
    assert found.only_first == ()
    (more,) = found.only_second
    assert can_sentence(more) == "read in s3 a/*: GetObject, only where aws:x is 1 or 2"


def test_a_policy_in_words() -> None:
    """A template reads as the guide shows it."""
    found = meaning(of_templates("s3:ReadOnly@my-bucket/data/*"))
    assert [can_sentence(each) for each in found.can] == [
        "list in s3 my-bucket: ListBucket, only where s3:prefix is like data/*",
        "read in s3 my-bucket/data/*: GetObject",
    ]
    assert [cannot_sentence(each) for each in found.cannot] == [
        "list or read in s3 in any other way",
        "tag, write, delete or change permissions in s3",
        "touch anything else in s3",
        "use any other service",
    ]
