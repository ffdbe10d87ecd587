"""docs/first-hour.md, played: somebody new, in a real terminal, from the page's top to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import pytest

from spawn.local.client import ControlClient
from spawn.local.files import read_cloud_file
from tests.docs.blocks import Command, matches, screens
from tests.docs.pages import ROOT
from tests.docs.session import person
from tests.tools.terminal import INTERRUPT, terminal

PAGE = ROOT / "docs" / "first-hour.md"
CAFE = "203.0.113.99"
ENTER = "\r"

# What is typed while a command runs: each time once these words have come.
KEYS = {
    "spawn launch": (
        ("[small] ", ENTER),
        ("[al2023] ", ENTER),
        ("[8h] ", f"2h{ENTER}"),
        ("[none] ", f"box{ENTER}"),
    ),
    "spawn launch --name other": (("✓ launch", INTERRUPT),),
    'spawn launch --name slow --ttl 1h --wait ready --user-data "sleep 600"': (
        ("waiting for the user-data", INTERRUPT),
    ),
    "spawn connect box": (("-bash-", f"uname -s{ENTER}"), ("Linux\n-bash-", f"exit{ENTER}")),
    "spawn network allow box": (("[y/N] ", f"y{ENTER}"),),
    "spawn cancel box": (("[y/N] ", f"y{ENTER}"),),
}
# The first time the person has just sat down in a café.
IN_THE_CAFE = "spawn connect box -- uname -s"
DECLINED = (("[y/N] ", f"n{ENTER}"),)


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_a_first_hour_is_as_the_page_shows_it(home: Path) -> None:
    """Each screen of the page is what a terminal of its width shows, in one person's session."""
    shown = [
        (command, block.columns)
        for block in screens(PAGE.read_text())
        for command in block.commands
    ]
    with person(home) as environment:
        said = list(_played(shown, environment=environment, home=home))
    wrong = [
        f"line {command.line}: {command.text}\n--- it shows\n{text}"
        for (command, _), text in zip(shown, said, strict=True)
        if not _is_same(command, text)
    ]
    assert not wrong, "\n\n".join(wrong)


def test_all_that_is_typed_is_on_the_page() -> None:
    """No command is left out of the page that the session knows keys for."""
    shown = {command.text for block in screens(PAGE.read_text()) for command in block.commands}
    assert {*KEYS, IN_THE_CAFE} <= shown


def _played(
    shown: Iterable[tuple[Command, int]], *, environment: dict[str, str], home: Path
) -> Iterator[str]:
    """Type one command after the other; what stands on the terminal when each has ended."""
    is_home = True
    for command, columns in shown:
        keys = KEYS.get(command.text, ())
        if is_home and command.text == IN_THE_CAFE:
            is_home, keys = False, DECLINED
            _move(Path(environment["SPAWN_CLOUD_DIRECTORY"]), CAFE)
        words = ("bash", "-c", command.text)
        with terminal(words, environment=environment, directory=home, columns=columns) as screen:
            seen = 0
            for words_before, typed in keys:
                screen.expect(words_before, after=seen)
                seen = len(screen.text)
                screen.type(typed)
            screen.finish()
            # A terminal that was raw for ssh gets its line breaks in either order.
            yield screen.text.replace("\r", "")


def _move(cloud: Path, address: str) -> None:
    described = read_cloud_file(cloud)
    assert described is not None
    ControlClient(described).set_switches({"caller_address": address})


def _is_same(command: Command, text: str) -> bool:
    shown = _in_one_order(command.shown or ())
    return matches(tuple(shown), "\n".join(_in_one_order(text.split("\n"))))


def _in_one_order(lines: Iterable[str]) -> list[str]:
    """Sort the lines of steps that stand together: those of one stage end in any order."""
    return [
        line
        for is_step, group in groupby(lines, key=lambda line: line.startswith("  ✓ "))
        for line in (sorted(group) if is_step else group)
    ]
