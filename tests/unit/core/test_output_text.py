"""What texts around outputs promise."""

from __future__ import annotations

import json

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
KNOWN = {Output.INSTANCE_ID: ("i-0abc",)}
texts = st.text()


@given(before=texts, after=texts)
def test_a_text_around_an_output_resolves_to_what_a_known_value_gives(
    before: str, after: str
) -> None:
    """Writing around a reference and resolving it is the same as writing around its value."""

    def write(value: str) -> str:
        return f"{before}{value}{after}{value}"

    around = text_around(INSTANCE, write)
    assert resolve({"Name": around}, KNOWN) == {"Name": write("i-0abc")}
    assert text_around("i-0abc", write) == write("i-0abc")


def test_json_around_an_output_is_json() -> None:
    """A JSON document that holds an output is that document once the output is known."""
    around = text_around(INSTANCE, lambda value: json.dumps({"Ids": [value], "ü": 1}))
    assert json.loads(resolve(around, KNOWN)) == {"Ids": ["i-0abc"], "ü": 1}


def test_texts_nest() -> None:
    """A text around an output can itself be put into a text."""
    name = text_around(INSTANCE, lambda value: f"spawn-{value}")
    assert resolve(text_around(name, lambda value: f"schedule/{value}!"), KNOWN) == (
        "schedule/spawn-i-0abc!"
    )


def test_a_text_that_leaves_the_output_out_is_refused() -> None:
    """A name that should hold an id and does not is a defect, found when it is planned."""
    with pytest.raises(Defect):
        text_around(INSTANCE, lambda _value: "always the same")


def test_the_output_within_a_text_is_a_need() -> None:
    """A plan that uses an output only within texts is still found to lack it."""
    step = Step(
        operation="scheduler:CreateSchedule",
        region="eu-west-1",
        parameters={"Name": OutputText(("spawn-", INSTANCE))},
        sentence="",
    )
    assert list(references(step.parameters)) == [Output.INSTANCE_ID]
    assert unmet_references(((step,),)) == (Output.INSTANCE_ID,)
    launch = Step(
        operation="ec2:RunInstances",
        region="eu-west-1",
        parameters={},
        sentence="",
        yields=(Yield(Output.INSTANCE_ID, ("Instances", 0, "InstanceId")),),
    )
    assert unmet_references(((launch,), (step,))) == ()
