"""The questions of a person's first launch, and what their answers mean: pure, nothing is read.

`START` is the beginning, `step` takes one answer, `question_of` says what is asked next; where
nothing is, `words_of` gives the launch's parameters and `command_of` the line that means the same.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from spawn.core.durations import format_duration, parse_duration
from spawn.core.errors import InputError
from spawn.core.tags import LONGEST_VALUE
from spawn.images.catalog import DEEP_LEARNING, OperatingSystem
from spawn.launch.spec import DEFAULT_INSTANCE_TYPE, DEFAULT_TTL
from spawn.posture.controls.ending import LONGEST_LIFE

HELP = "?"
GPU_TYPE = "g4dn.xlarge"
# EC2 user guide, "Instance type naming conventions": family, generation and options, then a size.
_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A word to answer with, and the flag's value that it stands for."""

    word: str
    value: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    parameter   the launch's parameter that it decides, as click names it
    flag        the same as it is typed
    asks        the question, and in half a line what it decides
    explains    what `?` says
    default     what Enter answers; "" leaves the flag out
    understand  turns an answer into the flag's value, knowing the answers before; raises InputError
    """

    parameter: str
    flag: str
    asks: str
    explains: str
    default: str
    choices: tuple[Choice, ...] = ()
    understand: Callable[[str, Mapping[str, str]], str]


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """How far it has come.

    answers    values by parameter, "" where the flag is left out
    remark     what to say before the next question: why an answer can't be used
    explained  whether the question was asked what it means
    """

    answers: Mapping[str, str]
    remark: str = ""
    explained: bool = False


START = Dialogue(answers={})

_PURPOSES = (
    Choice(word="small", value=DEFAULT_INSTANCE_TYPE, says="2 CPUs, 1 GiB: to try things"),
    Choice(word="general", value="m6i.large", says="2 CPUs, 8 GiB"),
    Choice(word="compute", value="c6i.xlarge", says="4 CPUs, 8 GiB"),
    Choice(word="memory", value="r6i.large", says="2 CPUs, 16 GiB"),
    Choice(word="gpu", value=GPU_TYPE, says="4 CPUs, 16 GiB, NVIDIA T4"),
)
_SYSTEMS = tuple(
    Choice(word=each.value, value=each.value, says=each.label) for each in OperatingSystem
)


def _instance_types(text: str, _answers: Mapping[str, str]) -> str:
    chosen = _chosen(text, _PURPOSES)
    if chosen is not None:
        return chosen.value
    types = [one.strip() for one in text.split(",")]
    if not all(_TYPE.fullmatch(one) for one in types):
        raise InputError(
            f"{text!r} is neither a purpose nor an instance type",
            why=f"write one of {_listed(_PURPOSES)}, or a type such as {DEFAULT_INSTANCE_TYPE}",
        )
    return ",".join(types)


def _system(text: str, answers: Mapping[str, str]) -> str:
    chosen = _chosen(text, _SYSTEMS)
    if chosen is None:
        raise InputError(f"{text!r} is no system", why=f"write one of {_listed(_SYSTEMS)}")
    if answers["instance_type"] == GPU_TYPE and OperatingSystem(chosen.value) not in DEEP_LEARNING:
        able = ", ".join(each.value for each in DEEP_LEARNING)
        raise InputError(
            f"{chosen.value} has no image with drivers for a GPU", why=f"write one of {able}"
        )
    return chosen.value


def _lifetime(text: str, _answers: Mapping[str, str]) -> str:
    length = parse_duration(text.replace(" ", ""), flag="a time of")
    if length > LONGEST_LIFE:
        raise InputError(
            f"{format_duration(length)} is too long",
            why=f"no end may be further away than {format_duration(LONGEST_LIFE)}",
        )
    return format_duration(length)


def _name(text: str, _answers: Mapping[str, str]) -> str:
    if not text.isprintable() or len(text) > LONGEST_VALUE:
        raise InputError(
            "that can't be a name", why=f"write up to {LONGEST_VALUE} characters that can be seen"
        )
    return text


def _chosen(text: str, choices: tuple[Choice, ...]) -> Choice | None:
    """Return the choice that the text is, or is the beginning of, and of no other."""
    folded = text.casefold()
    exact = [one for one in choices if one.word == folded]
    near = exact or [one for one in choices if one.word.startswith(folded)]
    return near[0] if len(near) == 1 else None


def _listed(choices: tuple[Choice, ...]) -> str:
    return ", ".join(one.word for one in choices)


QUESTIONS = (
    Question(
        parameter="instance_type",
        flag="--instance-type",
        asks="What is it for? This decides the hardware, and most of the price.",
        explains="A word below stands for the instance type beside it. Any other type of EC2 can "
        "be written too, or several with commas between: they are tried in that order.",
        default="small",
        choices=_PURPOSES,
        understand=_instance_types,
    ),
    Question(
        parameter="os_",
        flag="--os",
        asks="Which system? Its newest image is taken.",
        explains="The image comes from the system's own publisher. Where the hardware has a GPU, "
        "it is one with drivers.",
        default=OperatingSystem.AL2023.value,
        choices=_SYSTEMS,
        understand=_system,
    ),
    Question(
        parameter="ttl",
        flag="--ttl",
        asks="For how long (30m, 4h, 2d)? Then it ends by itself, and its disk with it.",
        explains="A number and a unit, larger units first: 30m, 4h, 1d12h. Whatever is to last "
        "must be copied elsewhere before; `spawn cancel` ends it sooner.",
        default=format_duration(DEFAULT_TTL),
        understand=_lifetime,
    ),
    Question(
        parameter="name",
        flag="--name",
        asks="What is its name? You can say that in place of its id.",
        explains="It becomes the instance's Name tag, which everybody in the account can read. "
        "Enter gives it none.",
        default="",
        understand=_name,
    ),
)


def question_of(dialogue: Dialogue) -> Question | None:
    """Return what is to be asked next, None where all has been answered."""
    return next((one for one in QUESTIONS if one.parameter not in dialogue.answers), None)


def step(dialogue: Dialogue, answer: str) -> Dialogue:
    """Return how it goes on after an answer; one that can't be used is asked for again."""
    question = question_of(dialogue)
    if question is None:
        return dialogue
    text = answer.strip() or question.default
    if text == HELP:
        return replace(dialogue, remark="", explained=True)
    try:
        value = question.understand(text, dialogue.answers)
    except InputError as error:
        return replace(dialogue, remark=f"{error.what}: {error.why}", explained=False)
    return Dialogue(answers={**dialogue.answers, question.parameter: value})


def words_of(dialogue: Dialogue) -> dict[str, str]:
    """Return the launch's parameters that were decided, by click's names."""
    return {parameter: value for parameter, value in dialogue.answers.items() if value}


def command_of(words: Mapping[str, str]) -> str:
    """Return the command line that means the same."""
    flags = (
        # A value that begins with a dash would be read as a flag.
        (f"{one.flag}={value}",) if value.startswith("-") else (one.flag, value)
        for one in QUESTIONS
        if (value := words.get(one.parameter))
    )
    return shlex.join(("spawn", "launch", *(word for flag in flags for word in flag)))
