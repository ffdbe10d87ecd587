"""Errors in words: what happened, why, what to type next."""

from __future__ import annotations

from collections.abc import Iterator

from spawn.cli.rendering.terminal import escape
from spawn.core.errors import (
    AccessDenied,
    AccountError,
    AwsRefusal,
    Defect,
    InputError,
    Interrupted,
    PartlyDone,
    RefusedByControl,
    SpawnError,
)


def error_text(error: SpawnError) -> str:
    """Return the lines that stderr gets."""
    lines = [f"{_tone(error)}: {escape(error.what)}"]
    if error.why:
        lines.append(f"  {_lines(error.why)}")
    lines.extend(f"  {escape(sentence)}" for sentence in _about_denial(error))
    lines.extend(f"  {escape(sentence)}" for sentence in error.aftermath)
    if error.next_command:
        lines.append(f"  try: {escape(error.next_command)}")
    return "\n".join(lines) + "\n"


def _about_denial(error: BaseException) -> Iterator[str]:
    """Say what would allow what was denied. What the error merely quotes is not looked at."""
    while not isinstance(error, AccessDenied):
        if error.__cause__ is None:
            return
        error = error.__cause__
    from spawn.iam.documents import on_one_line
    from spawn.iam.permissions.denied import advice

    for one in advice(error):
        if one.statement is None:
            yield one.why
        else:
            yield f"this statement allows it: {on_one_line(one.statement)}"


def _lines(text: str) -> str:
    """Keep line breaks, and nothing else that acts on a terminal.

    Later lines are marked: a name or a message that holds a break can't pose as a `try:` of ours.
    """
    return "\n  | ".join(escape(line) for line in text.strip("\n").split("\n"))


def _tone(error: SpawnError) -> str:
    """Whose turn it is: the person's, the account's, AWS's, or ours."""
    match error:
        case InputError():
            return "error"
        case RefusedByControl():
            return "refused"
        case AccountError():
            return "not possible"
        case AwsRefusal():
            return "AWS"
        case PartlyDone():
            return "done in part"
        case Interrupted():
            return "interrupted"
        case Defect():
            return "defect"
        case _:
            return "error"
