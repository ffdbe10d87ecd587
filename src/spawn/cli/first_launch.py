"""A bare `spawn launch` of somebody who never launched before: a few questions, once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from spawn.cli.options import AccountWords, account_of
from spawn.cli.settings import project_file, user_file
from spawn.cli.wiring import Wiring
from spawn.core.directories import make_private_directory
from spawn.core.errors import Interrupted
from spawn.settings.table import SETTINGS

if TYPE_CHECKING:
    from spawn.cli.wizard import Dialogue, Question

NO_WIZARD = "SPAWN_NO_WIZARD"
MARKER = "first-launch-asked"
# Where one of these is set already, Enter would set it otherwise.
_DECIDES = ("instance-type", "ami", "os", "ttl", "name")


def maybe_ask(wiring: Wiring, context: click.Context) -> dict[str, str] | None:
    """Return the parameters that the person chose, by click's names; None where nothing is asked.

    It asks only where a person types `spawn launch` and nothing else on a terminal, has no
    settings, and has not launched or been asked before. Raises Interrupted where they leave, and
    what `account_of` raises before the first question.
    """
    if not (_is_bare(context) and _can_be_asked(wiring) and _is_new(wiring)):
        return None
    if account_of(wiring, AccountWords()).session.access_key_id() is None:
        return None  # there is something else to do first, and the launch says what
    if not _remember_asking(wiring):
        return None  # it would come again and again
    try:
        return _ask(wiring)
    except (KeyboardInterrupt, EOFError) as error:
        wiring.say("")
        raise Interrupted(
            "nothing was launched",
            why="these questions come only once: from now on `spawn launch` takes its defaults",
            next_command="spawn launch --help",
        ) from error


def take_as_typed(context: click.Context, words: Mapping[str, str]) -> None:
    """Let the command go on as if these had been typed."""
    for parameter, value in words.items():
        context.params[parameter] = value
        context.set_parameter_source(parameter, ParameterSource.COMMANDLINE)


def _is_bare(context: click.Context) -> bool:
    return not any(
        context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in context.params
    )


def _can_be_asked(wiring: Wiring) -> bool:
    is_refused = wiring.environment.get(NO_WIZARD, "") not in {"", "0"}
    return wiring.is_terminal and wiring.stdout.isatty() and not is_refused


def _is_new(wiring: Wiring) -> bool:
    """Whether nothing shows that this person launched, or set anything, before."""
    if any(wiring.environment.get(SETTINGS[key].variable) for key in _DECIDES):
        return False
    files = (user_file(wiring).path, project_file().path, wiring.paths.state / MARKER)
    if any(os.path.lexists(file) for file in files):
        return False
    try:
        return not any(wiring.paths.journal.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return False  # what can't be looked at may hold launches


def _remember_asking(wiring: Wiring) -> bool:
    """Leave a mark, and say whether it is ours: of two terminals at once one is asked."""
    try:
        make_private_directory(wiring.paths.state)
        (wiring.paths.state / MARKER).touch(mode=0o600, exist_ok=False)
    except OSError:
        return False
    return True


def _ask(wiring: Wiring) -> dict[str, str]:
    from spawn.cli.rendering.wizard import next_time_text, welcome_text
    from spawn.cli.wizard import START, command_of, question_of, step, words_of

    columns = wiring.columns or 80
    wiring.say(welcome_text(columns))
    dialogue = START
    while (question := question_of(dialogue)) is not None:
        dialogue = step(dialogue, _answer(wiring, question, dialogue, columns=columns))
    words = words_of(dialogue)
    wiring.say("\n" + next_time_text(command_of(words), columns))
    return words


def _answer(wiring: Wiring, question: Question, dialogue: Dialogue, *, columns: int) -> str:
    """Return one line as it was typed. Raises EOFError where there is no more."""
    from spawn.cli.rendering.wizard import prompt_text, question_text

    wiring.say("\n" + question_text(question, dialogue, columns))
    wiring.stderr.write(prompt_text(question))
    wiring.stderr.flush()
    # Bytes: a terminal of another encoding must not end the dialogue.
    line = wiring.stdin.buffer.readline()
    if not line:
        raise EOFError
    return line.decode("utf-8", "replace")
