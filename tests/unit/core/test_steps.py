"""Steps and what they need of one another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import Defect
from spawn.core.steps import (
    Output,
    OutputReference,
    OutputText,
    Step,
    Yield,
    references,
    resolve,
    text_around,
    unmet_references,
)

INSTANCE = OutputReference(Output.INSTANCE_ID)
GROUP = OutputReference(Output.SECURITY_GROUP_ID)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8"))
    | st.sampled_from((INSTANCE, GROUP, OutputText(("a-", INSTANCE, "-b"))))
)
PARAMETERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abAB", min_size=1), inner, max_size=3)
    ),
    max_leaves=9,
)
KNOWN = {Output.INSTANCE_ID: ("i-1",), Output.SECURITY_GROUP_ID: ("sg-1",)}


def step(parameters: Any, *yields: Output) -> Step:
    """Return a step with these parameters, that yields these outputs."""
    return Step(
        operation="ec2:RunInstances",
        region="eu-west-1",
        parameters={"P": parameters},
        sentence="do it",
        yields=tuple(Yield(output, ("Id",)) for output in yields),
    )


@given(PARAMETERS)
def test_what_is_resolved_refers_to_nothing(parameters: Any) -> None:
    """Once outputs are known no reference is left, and what had none is as it was."""
    resolved = resolve(parameters, KNOWN)
    assert not list(references(resolved))
    if not list(references(parameters)):
        assert resolved == parameters


@given(st.lists(st.tuples(PARAMETERS, st.sets(st.sampled_from((*KNOWN,)))), max_size=4))
def test_unmet_needs_are_found_before_anything_is_sent(
    drawn: list[tuple[Any, set[Output]]],
) -> None:
    """Where nothing is unmet, each step can be resolved with what earlier stages yielded."""
    stages = tuple((step(parameters, *yields),) for parameters, yields in drawn)
    known: dict[Output, tuple[str, ...]] = {}
    unmet: list[Output] = []
    for (each,) in stages:
        unmet += [need for need in references(each.parameters) if need not in known]
        known |= {found.output: ("id",) for found in each.yields}
    assert unmet_references(stages) == tuple(unmet)


def test_steps_of_one_stage_can_not_need_each_other() -> None:
    """They are performed at once: what one yields is known in the next stage only."""
    maker, user = step("x", Output.INSTANCE_ID), step(INSTANCE)
    assert unmet_references(((maker, user),)) == (Output.INSTANCE_ID,)
    assert unmet_references(((maker,), (user,))) == ()


def test_a_missing_output_is_spawns_own_mistake() -> None:
    """Nothing is sent with a hole in it."""
    with pytest.raises(Defect, match="instance-id"):
        resolve({"InstanceIds": [INSTANCE]}, {})


def test_text_is_written_around_what_is_not_known_yet() -> None:
    """A document that holds an id is written now, and filled in when the id is there."""
    text = text_around(INSTANCE, lambda known: json.dumps({"InstanceIds": [known]}))
    assert resolve(text, KNOWN) == '{"InstanceIds": ["i-1"]}'
    twice = text_around(text, lambda known: f"<{known}|{known}>")
    assert resolve(twice, KNOWN) == '<{"InstanceIds": ["i-1"]}|{"InstanceIds": ["i-1"]}>'
    assert text_around("i-2", str.upper) == "I-2"


def test_a_text_that_forgets_its_output_is_a_defect() -> None:
    """A name without the id would be the same for every instance."""
    with pytest.raises(Defect, match="leaves out"):
        text_around(INSTANCE, lambda _: "always the same")
