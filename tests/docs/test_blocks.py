"""The reader of pages sees what is there, and takes nothing for the same that is not."""

from pathlib import Path

import pytest

from tests.docs.blocks import (
    Block,
    Command,
    NotATranscript,
    blocks,
    matches,
    screens,
    unfenced_commands,
)
from tests.docs.session import Said, complaint, typed
from tests.tools.programs import clean_environment

PAGE = """\
# A page

```console
$ first \\
    continued
…
$ second

said
```

<!-- not run: it takes a week -->
```sh
make tea
```

```toml
key = 1
```
"""


def test_blocks_and_their_commands_are_found() -> None:
    """Transcripts fall into commands with their output; scripts stay whole; others are none."""
    transcript, script = blocks(PAGE)
    assert transcript.commands == (
        Command(text="first \\\n    continued", line=4, shown=("…",)),
        Command(text="second", line=7, shown=("", "said")),
    )
    assert (script.line, script.not_run) == (13, "it takes a week")
    assert [command.text for command in script.commands] == ["make tea"]


def test_screens_are_found_apart() -> None:
    """A screen has its terminal's width, and is nothing that a shell without one could run."""
    page = "```screen\n$ a\nsaid\n```\n```screen40\n$ b\n```\n```screenshot\n$ c\n```\n"
    assert [screen.columns for screen in screens(page)] == [80, 40]
    assert screens(page)[0].commands == (Command(text="a", line=2, shown=("said",)),)
    assert blocks(page) == ()


def test_a_block_of_commands_alone_shows_no_output() -> None:
    """Where no command of a block has an output, none is compared."""
    (block,) = blocks("```console\n$ one\n$ two\n```")
    assert [command.shown for command in block.commands] == [None, None]


def test_a_reason_holds_for_the_next_block_alone() -> None:
    """A mark does not reach over other text, nor to a second block."""
    text = "<!-- not run: why -->\n\nwords\n```sh\na\n```\n```sh\nb\n```"
    assert [block.not_run for block in blocks(text)] == ["", ""]


def test_what_is_no_transcript_is_not_read_as_one() -> None:
    """A console block without a prompt, and a fence without an end, are mistakes of the page."""
    with pytest.raises(NotATranscript):
        _ = Block(language="console", line=1, lines=("spawn list",)).commands
    with pytest.raises(ValueError, match="never closed"):
        blocks("```sh\nls")


@pytest.mark.parametrize(
    ("shown", "said", "same"),
    [
        ("a … c", "a b b c", True),
        ("a … c", "a b\nc", False),
        ("…", "", True),
        ("a\n…\nz", "a\nz", True),
        ("a\n…\nz", "a\nb\nc\nz\n", True),
        ("a\n…", "b", False),
        ("NAME  ID", "NAME    ID", True),
        ("NAME ID", "NAMEID", False),
        ("a.c", "abc", False),
        ("\n\na\n\n", "a", True),
        ("a", "a\nb", False),
        ("", "a", False),
        ("(1|2)…", "(1|2)[x]", True),
    ],
)
def test_an_output_is_what_was_shown_or_not(shown: str, said: str, same: bool) -> None:
    """The ellipsis alone stands for something else; blank lines at the ends count for nothing."""
    assert matches(tuple(shown.split("\n")), said) is same


def test_commands_that_would_not_be_run_are_seen() -> None:
    """An indented command is named by its line; one in a fence, or one of make's, is not."""
    page = "    spawn list\n    make demo\n```sh\n    aws s3 ls\n```\n    $ ls\n"
    assert unfenced_commands(page) == (1, 6)


def test_a_page_is_typed_into_one_shell(tmp_path: Path, home: Path) -> None:
    """Variables and directories last from command to command; outputs and codes are kept apart."""
    commands = [
        Command(text=text, line=1)
        for text in ("x=1; cd /", 'printf %s "$x"', "pwd; (exit 3)", "cat", "echo err >&2")
    ]
    said = typed(commands, environment=clean_environment(home), directory=tmp_path)
    assert [(each.output, each.code) for each in said] == [
        ("", 0),
        ("1", 0),
        ("/\n", 3),
        ("", 0),
        ("err\n", 0),
    ]


@pytest.mark.parametrize(
    ("shown", "said", "is_right"),
    [
        (None, Said(output="anything", code=0), True),
        (None, Said(output="", code=1), False),
        (("refused: …",), Said(output="refused: no\n", code=3), True),
        (("refused: …",), Said(output="refused: no\n", code=0), False),
        (("…",), Said(output="error: no\n", code=1), False),
    ],
)
def test_a_failure_must_be_shown_as_one(
    shown: tuple[str, ...] | None, said: Said, is_right: bool
) -> None:
    """A command fails exactly where the page shows its refusal: an ellipsis hides no failure."""
    assert (complaint(Command(text="x", line=1, shown=shown), said) == "") is is_right
