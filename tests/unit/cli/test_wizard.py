"""The first launch's questions: every answer leads on, is explained, or is asked for again."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.cli.launch import command as launch
from spawn.cli.rendering.wizard import question_text, welcome_text
from spawn.cli.wizard import (
    QUESTIONS,
    START,
    Dialogue,
    command_of,
    question_of,
    step,
    words_of,
)

ANSWERS = st.lists(st.text(max_size=30), max_size=12)


def after(*answers: str) -> Dialogue:
    """Return the dialogue after these answers."""
    dialogue = START
    for answer in answers:
        dialogue = step(dialogue, answer)
    return dialogue


def test_enter_takes_the_defaults() -> None:
    """Four times Enter decides what a launch without any word would do, and no name."""
    dialogue = after("\n", "\n", "\n", "\n")
    assert question_of(dialogue) is None
    assert words_of(dialogue) == {"instance_type": "t3.micro", "os_": "al2023", "ttl": "8h"}


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (("compute",), {"instance_type": "c6i.xlarge"}),
        (("COMP",), {"instance_type": "c6i.xlarge"}),
        (("m7g.large, m6g.large",), {"instance_type": "m7g.large,m6g.large"}),
        (("", "debian"), {"os_": "debian-12"}),
        (("gpu", "ubuntu-22.04"), {"os_": "ubuntu-22.04"}),
        (("", "", "1d 12h"), {"ttl": "1d12h"}),
        (("", "", "", " my box "), {"name": "my box"}),
    ],
    ids=lambda case: "/".join(case) if isinstance(case, tuple) else "",
)
def test_an_answer_becomes_a_parameter(answers: tuple[str, ...], words: dict[str, str]) -> None:
    """Words, beginnings of words and values of one's own are taken as the flag would have them."""
    assert words.items() <= words_of(after(*answers)).items()


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (("big",), "small, general, compute, memory, gpu"),
        (("g",), "small, general, compute, memory, gpu"),
        (("", "windows"), "al2023, ubuntu-24.04, ubuntu-22.04, debian-12"),
        (("", "ubuntu"), "al2023, ubuntu-24.04, ubuntu-22.04, debian-12"),
        (("gpu", "debian-12"), "al2023, ubuntu-24.04, ubuntu-22.04"),
        (("", "", "tomorrow"), "30m, 4h, 1d12h"),
        (("", "", "0h"), "30m, 4h, 1d12h"),
        (("", "", "31d"), "30d"),
        (("", "", "", "a\x1b[2Jb"), "can be seen"),
        (("", "", "", "x" * 257), "256"),
    ],
    ids=lambda case: "/".join(case)[:20] if isinstance(case, tuple) else "",
)
def test_what_cannot_be_used_is_asked_again(answers: tuple[str, ...], why: str) -> None:
    """The reason says what to write, what was answered before stays, and Enter then goes on."""
    *before, _ = answers
    dialogue = after(*answers)
    assert why in dialogue.remark
    assert question_of(dialogue) == question_of(after(*before))
    assert step(dialogue, "").answers == step(after(*before), "").answers


@given(answers=ANSWERS, columns=st.integers(20, 200))
def test_no_answer_breaks_the_dialogue(answers: list[str], columns: int) -> None:
    """Each answer is taken or asked for again, and nothing typed ever acts on the terminal."""
    dialogue = START
    for answer in answers:
        dialogue = step(dialogue, answer)
        question = question_of(dialogue)
        if question is None:
            break
        text = question_text(question, dialogue, columns)
        assert text.replace("\n", "").isprintable()


@given(answers=ANSWERS)
def test_the_line_for_next_time_means_the_same(answers: list[str]) -> None:
    """Typed into a shell, it gives `spawn launch` the very parameters that were chosen."""
    dialogue = after(*answers)
    while question_of(dialogue) is not None:
        dialogue = step(dialogue, "")
    words = words_of(dialogue)
    typed = shlex.split(command_of(words))
    assert typed[:2] == ["spawn", "launch"]
    context = launch.make_context("launch", typed[2:])
    assert {key: context.params[key] for key in words} == words


@pytest.mark.parametrize("columns", [80, 40])
def test_the_questions_fit(columns: int) -> None:
    """On a narrow terminal no line is broken but by us; a question mark explains."""
    texts = [welcome_text(columns)]
    for question in QUESTIONS:
        answers = {one.parameter: "" for one in QUESTIONS[: QUESTIONS.index(question)]}
        asked = Dialogue(answers=answers)
        explained = step(asked, "?")
        assert question_of(explained) is question
        assert question_text(question, explained, 200) != question_text(question, asked, 200)
        texts += [question_text(question, each, columns) for each in (asked, explained)]
    assert max(len(line) for text in texts for line in text.split("\n")) < columns
