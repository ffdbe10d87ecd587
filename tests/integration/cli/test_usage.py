"""Words that are no command of spawn's: told without asking anything of anybody."""

from __future__ import annotations

import pytest

from tests.tools.programs import Program

USAGE = 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("lanch",), ("there is no command 'lanch'", "did you mean 'launch'?")),
        (("xyzzy",), ("there is no command 'xyzzy'", "spawn --help")),
        (("launch", "--instance-typ", "t3.micro"), ("--instance-typ", "--instance-type")),
        (("launch", "--ttl"), ("--ttl", "--help")),
        (("launch", "extra"), ("extra", "spawn launch --help")),
        (("launch", "--security", "paranoid"), ("--security", "'strict'")),
        (("launch", "--volume-size", "large"), ("--volume-size", "large")),
        (("launch", "-o", "xml"), ("-o", "'json'")),
        (("list", "--state", "walking"), ("--state 'walking'", "running")),
        (("list", "--filter", "owner ="), ("--filter",)),
        (("cancel",), ("ID|NAME", "spawn cancel --help")),
        (("apply",), ("PLAN.JSON", "spawn apply --help")),
        (("cloud", "upp"), ("upp", "spawn cloud --help")),
    ],
    ids=lambda case: " ".join(case)[:40],
)
def test_a_mistyped_word_is_told(
    words: tuple[str, ...], says: tuple[str, ...], bare_spawn: Program
) -> None:
    """The error names the word and where to look; stdout is empty, and no traceback is shown."""
    finished = bare_spawn(*words)
    assert finished.code == USAGE, finished.stderr
    assert finished.stdout == ""
    assert "Traceback" not in finished.stderr
    for text in says:
        assert text in finished.stderr


@pytest.mark.parametrize("command", [("launch",), ("list",), ("cancel", "box", "--yes")])
def test_a_person_without_credentials_is_told_how_to_get_some(
    command: tuple[str, ...], bare_spawn: Program
) -> None:
    """A fresh machine has none: one line says so, and the next what to type."""
    finished = bare_spawn(*command, AWS_REGION="us-east-1")
    assert finished.code == 4, finished.stderr
    assert "there are no AWS credentials" in finished.stderr
    assert "aws configure" in finished.stderr
    assert finished.stdout == ""


def test_a_profile_that_does_not_exist_is_named(bare_spawn: Program) -> None:
    """`--profile` is the AWS profile: the error says which one there is not."""
    finished = bare_spawn("list", "--profile", "nobody", AWS_REGION="us-east-1")
    assert finished.code == USAGE, finished.stderr
    assert "nobody" in finished.stderr
    assert "aws configure list-profiles" in finished.stderr
