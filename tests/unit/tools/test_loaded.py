"""A loaded `spawn` is the program: the same words, streams and codes come of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.tools.loaded import loaded_spawn
from tests.tools.programs import PROGRAMS, Program, clean_environment

SECONDS = 2.0


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("--version",), ""),
        (("lunch",), ""),
        (("config", "show", "region", "-o", "json"), ""),
        (("apply", "-"), "no plan at all"),
    ],
)
def test_it_does_what_the_program_does(home: Path, words: tuple[str, ...], stdin: str) -> None:
    """Arguments, input, settings, both outputs and the exit code are those of a start."""
    environment = {**clean_environment(home), "SPAWN_REGION": "eu-west-1"}
    started = Program(path=PROGRAMS / "spawn", environment=environment, directory=home)
    assert loaded_spawn(environment, home)(*words, stdin=stdin) == started(*words, stdin=stdin)


def test_a_run_that_hangs_is_ended(home: Path) -> None:
    """After its time it is killed, and the next one runs."""
    os.mkfifo(home / "plan.json")  # opening it waits for a writer, who never comes
    spawn = loaded_spawn({**clean_environment(home), "SPAWN_REGION": "eu-west-1"}, home)
    with pytest.raises(subprocess.TimeoutExpired):
        spawn("apply", "plan.json", timeout_seconds=SECONDS)
    assert spawn("--version").code == 0
