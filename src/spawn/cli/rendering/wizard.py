"""The first launch's questions as a terminal of some width shows them."""

from __future__ import annotations

import textwrap

from spawn.cli.rendering.terminal import escape
from spawn.cli.wizard import QUESTIONS, Dialogue, Question

_NARROWEST = 20


def welcome_text(columns: int) -> str:
    """Return what stands before the first question."""
    return _wrapped(
        "This looks like your first launch, so here are four short questions. Enter takes what "
        "stands in brackets, ? explains, Ctrl-C leaves and launches nothing.",
        columns,
    )


def question_text(question: Question, dialogue: Dialogue, columns: int) -> str:
    """Return a question with what there is to choose, or only why it is asked once more."""
    if dialogue.remark:
        return _wrapped(dialogue.remark, columns, indent="  ")
    number = QUESTIONS.index(question) + 1
    lines = [_wrapped(f"{number}/{len(QUESTIONS)}  {question.asks}", columns, hang="     ")]
    if dialogue.explained:
        lines = [_wrapped(question.explains, columns, indent="  ")]
    widest = max((len(one.word) for one in question.choices), default=0)
    for one in question.choices:
        type_ = f"{one.value}, " if one.value != one.word else ""
        row = f"{one.word:<{widest}}  {type_}{one.says}"
        lines.append(_wrapped(row, columns, indent="     ", hang=" " * (widest + 7)))
    return "\n".join(lines)


def prompt_text(question: Question) -> str:
    """Return what stands before the cursor."""
    return f"     [{question.default or 'none'}] "


def next_time_text(command: str, columns: int) -> str:
    """Return the line to type next time; it is never broken, so that it can be copied."""
    words = _wrapped("Next time, without questions:", columns)
    return f"{words}\n  {escape(command)}\n"


def _wrapped(text: str, columns: int, *, indent: str = "", hang: str = "") -> str:
    return textwrap.fill(
        escape(text),
        width=max(columns - 1, _NARROWEST),
        initial_indent=indent,
        subsequent_indent=hang or indent,
        break_on_hyphens=False,
    )
