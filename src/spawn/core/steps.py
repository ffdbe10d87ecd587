"""Writes as data: what a plan is made of.

A `Step` is one AWS write that has not happened yet. Steps stand in stages: those of one stage
don't need each other and are performed at once, a stage begins when the one before it is done.
What a later step needs of an earlier one (the id of a group that is yet to be made) is an
`Output`, put into its parameters as such and replaced when it is known.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from spawn.core.errors import Defect

# JSON as AWS takes it, but that a leaf may be an output, or text around one, instead of a value.
Parameters = dict[str, Any]


class Output(enum.StrEnum):
    """Something that only a performed step can tell."""

    SECURITY_GROUP_ID = "security-group-id"
    INSTANCE_ID = "instance-id"
    INSTANCE_TYPE = "instance-type"
    IMAGE_ID = "image-id"
    SUBNET_ID = "subnet-id"
    POLICY_ID = "policy-id"
    KEY_ARN = "key-arn"


class OutputReference(msgspec.Struct, frozen=True):
    """Stands in parameters for the output, until an earlier step has yielded it."""

    output: Output = msgspec.field(name="$output")


class OutputText(msgspec.Struct, frozen=True):
    """Stands in parameters for a text that an output is a part of: a name, a JSON document."""

    parts: tuple[str | OutputReference, ...] = msgspec.field(name="$text")


# Text that is known, or will be once earlier steps are done.
Text = str | OutputReference | OutputText

# Texts are written with this in the output's place, then cut there. It is nothing that a name,
# an ARN or a document of spawn's holds, and JSON passes it through as it is.
_HOLE = "@output-goes-here@"


def text_around(value: Text, write: Callable[[str], str]) -> Text:
    """Return `write(value)`, also for a value that is not known yet.

    `write` must put its argument into its text as it stands, which for JSON holds only where the
    value needs no escaping: AWS's ids and ARNs don't. Raises Defect where it does not.
    """
    if isinstance(value, str):
        return write(value)
    pieces = write(_HOLE).split(_HOLE)
    if len(pieces) == 1:
        raise Defect("the text leaves out the output that it is written around")
    inner = value.parts if isinstance(value, OutputText) else (value,)
    parts = [pieces[0], *(part for piece in pieces[1:] for part in (*inner, piece))]
    return OutputText(tuple(part for part in parts if part != ""))


# What steps have yielded so far: one value of an output, or several where a step made several.
Outputs = Mapping[Output, tuple[str, ...]]
# Stands in a path for every member of a list.
EACH = "*"


class Yield(msgspec.Struct, frozen=True):
    """Where in the step's answer an output is found: keys and indexes from the top down.

    With `EACH` in the path there are as many values as the list there has members.
    """

    output: Output
    path: tuple[str | int, ...]


def yielded(answer: Any, path: tuple[str | int, ...]) -> tuple[str, ...]:
    """Return the values that a path leads to."""
    found = [answer]
    for key in path:
        found = [each for value in found for each in (value if key == EACH else (value[key],))]
    return tuple(map(str, found))


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """An error that passes by itself: ask again, for at most so many seconds.

    `code` is AWS's error code; `message` is a part of its message ("" matches any), for codes
    that mean many things.
    """

    code: str
    message: str = ""
    limit_seconds: float


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """The same step elsewhere: another zone or type, with a client token of its own."""

    label: str
    parameters: Parameters


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """How a step that was performed is taken back, when a later one fails."""

    operation: str
    parameters: Parameters
    sentence: str


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One AWS write, with all that is needed to show, perform, retry and undo it.

    operation      key in the Operation table, "ec2:RunInstances"
    sentence       what it does, in words, as a plan shows it: "open SSH from 203.0.113.10/32"
    undo           None for what is shared: a launch never takes that back
    retries        errors to wait out (eventual consistency)
    collides       error codes that say: someone made the same thing since the facts were read.
                   Nothing is assumed of theirs; facts are read again and the plan is made anew
    accepts        error codes that say: it already is as wanted
    optional       a failure is a warning, not an end
    follows        operations of optional steps: where one of them failed, this one is pointless
    alternatives   what to try, in order, when capacity is short (`next_on` holds those codes)
    """

    operation: str
    region: str
    parameters: Parameters
    sentence: str
    yields: tuple[Yield, ...] = ()
    undo: Undo | None = None
    retries: tuple[Retry, ...] = ()
    collides: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    optional: bool = False
    follows: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    next_on: tuple[str, ...] = ()


Stage = tuple[Step, ...]


def for_each(step: Step, outputs: Outputs) -> tuple[Step, ...]:
    """Return the step once for every value of the outputs that it refers to.

    What needs the id of an instance is done for each instance of a launch.
    """
    needed = {*references([step.parameters, *(one.parameters for one in step.alternatives)])}
    count = max((len(outputs.get(output, ())) for output in needed), default=1)
    if count <= 1:
        return (step,)
    return tuple(_nth(step, outputs, index=index, count=count) for index in range(count))


def _nth(step: Step, outputs: Outputs, *, index: int, count: int) -> Step:
    """Return the step for one value of each output; one that has a single value serves all."""
    mine = {
        output: (values[index],) if len(values) == count else values[:1]
        for output, values in outputs.items()
    }
    return msgspec.structs.replace(
        step,
        parameters=resolve(step.parameters, mine),
        sentence=f"{step.sentence} ({index + 1} of {count})",
        alternatives=tuple(
            msgspec.structs.replace(one, parameters=resolve(one.parameters, mine))
            for one in step.alternatives
        ),
    )


def resolve(value: Any, outputs: Outputs) -> Any:
    """Return `value` with every output reference replaced by the first that was yielded.

    Raises Defect where a needed output is missing: the plan was not checked.
    """
    match value:
        case OutputReference(output=output):
            if not outputs.get(output):
                raise Defect(f"the plan uses {output} before a step has yielded it")
            return outputs[output][0]
        case OutputText(parts=parts):
            return "".join(resolve(part, outputs) for part in parts)
        case dict():
            return {key: resolve(inner, outputs) for key, inner in value.items()}
        case list() | tuple():
            return [resolve(inner, outputs) for inner in value]
        case _:
            return value


def references(value: Any) -> Iterator[Output]:
    """Yield every output that the parameters refer to."""
    match value:
        case OutputReference(output=output):
            yield output
        case OutputText(parts=parts):
            yield from references(list(parts))
        case dict():
            for inner in value.values():
                yield from references(inner)
        case list() | tuple():
            for inner in value:
                yield from references(inner)


def unmet_references(stages: tuple[Stage, ...]) -> tuple[Output, ...]:
    """Return the outputs that a step needs and no step of an earlier stage yields."""
    yielded: set[Output] = set()
    unmet: list[Output] = []
    for stage in stages:
        for step in stage:
            needs = (step.parameters, *(choice.parameters for choice in step.alternatives))
            unmet.extend(output for output in references(list(needs)) if output not in yielded)
        yielded.update(found.output for step in stage for found in step.yields)
    return tuple(unmet)
