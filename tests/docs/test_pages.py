"""What the pages show, runs: every command, as one would type it, says what the page shows."""

from pathlib import Path

import pytest

from tests.docs.blocks import blocks, unfenced_commands
from tests.docs.pages import ROOT, pages, title
from tests.docs.session import complaint, person, typed

# Of all blocks, one in so many may be marked as not run.
BLOCKS_FOR_EACH_NOT_RUN = 20

WITH_COMMANDS = [page for page in pages() if blocks(page.read_text())]


@pytest.mark.e2e
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=title)
def test_what_a_page_shows_runs(page: Path, home: Path) -> None:
    """Typed from top to end into one shell, each command says what the page shows it to say."""
    run = [block for block in blocks(page.read_text()) if not block.not_run]
    commands = [command for block in run for command in block.commands]
    with person(home) as environment:
        said = typed(commands, environment=environment, directory=home)
    wrong = [complaint(*pair) for pair in zip(commands, said, strict=False)]
    assert not any(wrong), "\n\n".join(filter(None, wrong))
    assert len(said) == len(commands), f"the shell gave up at {commands[len(said)].text}"


def test_nearly_every_block_is_run() -> None:
    """At most one block in twenty is marked as not run."""
    found = [block for page in pages() for block in blocks(page.read_text())]
    marked = [block for block in found if block.not_run]
    assert len(marked) * BLOCKS_FOR_EACH_NOT_RUN <= len(found), [one.not_run for one in marked]


@pytest.mark.parametrize("page", pages(), ids=title)
def test_no_command_hides_from_being_run(page: Path) -> None:
    """A command stands in a fence, where it is run, not in an indented block, where it is not."""
    assert unfenced_commands(page.read_text()) == ()


def test_the_transcript_is_that_of_the_demo() -> None:
    """README shows the commands of `scripts/demo`, all of them, in their order, in one block."""
    demo = (ROOT / "scripts" / "demo").read_text()
    shown = [line.removeprefix("show ") for line in demo.splitlines() if line.startswith("show ")]
    transcripts = [
        [command.text for command in block.commands]
        for block in blocks((ROOT / "README.md").read_text())
    ]
    assert len(shown) > 1
    assert shown in transcripts
