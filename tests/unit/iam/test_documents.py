"""The one way a document is written."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from spawn.iam.documents import (
    Effect,
    PolicyDocument,
    Statement,
    canonical_json,
    merged,
    size,
)
from spawn.iam.parsing import document_of

_words = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4, unique=True).map(tuple)
_conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "StringLike", "Null"]),
    st.dictionaries(st.text(min_size=1, max_size=8), _words, min_size=1, max_size=2),
    max_size=2,
)
_statements = st.builds(
    Statement,
    effect=st.sampled_from(Effect),
    sid=st.sampled_from(["", "Some"]),
    actions=_words,
    resources=_words,
    conditions=_conditions,
)
documents = st.builds(
    PolicyDocument, statements=st.lists(_statements, min_size=1, max_size=4).map(tuple)
)


@given(document=documents, seed=st.integers())
def test_order_is_not_content(document: PolicyDocument, seed: int) -> None:
    """Statements and values in another order are written as the same bytes."""
    random = Random(seed)

    def shuffled(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(random.sample(values, len(values)))

    other = PolicyDocument(
        statements=tuple(
            Statement(
                effect=each.effect,
                sid=each.sid,
                actions=shuffled(each.actions),
                resources=shuffled(each.resources),
                conditions=dict(sorted(each.conditions.items(), reverse=True)),
            )
            for each in random.sample(document.statements, len(document.statements))
        )
    )
    assert canonical_json(other) == canonical_json(document)


@given(document=documents)
def test_what_is_written_reads_back_as_itself(document: PolicyDocument) -> None:
    """A document survives the way to AWS and back, in characters that IAM accepts."""
    text = canonical_json(document)
    assert text.isascii()
    assert canonical_json(document_of(text)) == text
    assert size(document) == len(text)


def test_every_member_is_written() -> None:
    """No member of a statement is lost in writing, whichever it is."""
    filled = {
        "sid": "A",
        "principals": {"Service": ("x",)},
        "not_principals": {"AWS": ("y",)},
        "actions": ("a",),
        "not_actions": ("b",),
        "resources": ("c",),
        "not_resources": ("d",),
        "conditions": {"Null": {"k": ("true",)}},
    }
    bare = canonical_json(PolicyDocument(statements=(Statement(effect=Effect.DENY),)))
    for member, value in filled.items():
        one = Statement(effect=Effect.DENY, **{member: value})  # type: ignore[arg-type]
        written = canonical_json(PolicyDocument(statements=(one,)))
        assert written != bare, member
        json.loads(written)


def test_nothing_merged_is_no_document() -> None:
    """A role that nobody asked for gets no empty policy, which IAM would refuse."""
    assert merged([]) is None
