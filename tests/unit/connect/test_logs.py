"""What of a console is new, until when it is followed, and what is read instead of what."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.logs import (
    LOG_FILE,
    LoggedInstance,
    LogRequest,
    LogSource,
    follow_console,
    last_lines,
    log_command,
    new_output,
    show_output,
)
from spawn.connect.patience import Patience
from spawn.connect.way import Way
from spawn.core.errors import AccountError

WINDOW = 1000  # room for what a look adds, and for what is needed to know it again


@dataclass
class Scripted:
    """An instance whose console and state are scripted, a look each; the last one is repeated."""

    consoles: Sequence[str]
    states: Sequence[str] = ("running",)
    refusal: str = "there is no way to it"
    asked: list[str] = field(default_factory=list)
    shown: bytes = b""
    told: list[str] = field(default_factory=list)

    def sources(self) -> LoggedInstance:
        """Return it as what output is read from; nothing sleeps."""
        return LoggedInstance(
            find_way=self._no_way,
            console=self._next("console", self.consoles),
            state=self._next("state", self.states),
            sleep=lambda seconds: self.asked.append("sleep"),
        )

    def _next(self, what: str, answers: Sequence[str]) -> Callable[[], str]:
        def answer() -> str:
            self.asked.append(what)
            return answers[min(self.asked.count(what), len(answers)) - 1]

        return answer

    def _no_way(self, source: LogSource) -> tuple[Way, Patience]:
        self.asked.append(f"way for {source}")
        raise AccountError(self.refusal)

    def show(self, piece: bytes) -> None:
        """Take in what is shown."""
        self.shown += piece


@given(counts=st.lists(st.integers(min_value=0, max_value=20), max_size=30))
def test_following_a_console_shows_every_line_once(counts: list[int]) -> None:
    """However the window of 64 KB slides, what comes to it is shown in its order, and once."""
    whole = shown = before = ""
    for count in counts:
        at = whole.count("\n")
        whole += "".join(f"{number} of what it prints, again\n" for number in range(at, at + count))
        now = whole[-WINDOW:]
        new, is_whole = new_output(before, now)
        assert is_whole
        shown, before = shown + new, now
    assert shown == whole


def test_a_window_that_jumped_is_told() -> None:
    """Where nothing of what was seen is left, everything is shown, and that some may be missing."""
    assert new_output("a" * 1000, "b" * 1000) == ("b" * 1000, False)
    assert new_output("old\n", "new\n") == ("new\n", False)


def test_a_console_that_is_gone_shows_nothing() -> None:
    """An empty answer after a full one is no gap."""
    assert new_output("seen", "") == ("", True)


@given(st.text(max_size=50), st.integers(min_value=0, max_value=5))
def test_last_lines_are_the_last_ones(text: str, count: int) -> None:
    """As many lines as were asked for, line ends untouched, and never another's beginning."""
    last = last_lines(text, count)
    assert text.endswith(last)
    assert len(last.splitlines()) == min(count, len(text.splitlines()))


def test_a_console_is_followed_to_the_end() -> None:
    """What is printed between the last look and the end is shown, and then it ends by itself."""
    box = Scripted(
        consoles=["one\n", "one\ntwo\n", "one\ntwo\nthree\n"],
        states=["running", "running", "shutting-down", "terminated"],
    )
    follow_console(box.sources(), box.show, lines=None)
    assert box.shown == b"one\ntwo\nthree\n"
    assert box.asked.count("sleep") == 3


def test_following_begins_with_the_last_lines() -> None:
    """`-n` cuts what is there at first, and nothing of what comes."""
    box = Scripted(
        consoles=["", "a\nb\nc\n", "a\nb\nc\nd\ne\n"], states=["running"] * 3 + ["stopped"]
    )
    follow_console(box.sources(), box.show, lines=1)
    assert box.shown == b"c\nd\ne\n"


def test_without_a_way_the_console_is_read() -> None:
    """`auto` says why there is no SSH and goes on with the console."""
    box = Scripted(consoles=["booting\n"])
    show_output(box.sources(), LogRequest(), box.show, progress=box.told.append)
    assert box.shown == b"booting\n"
    assert box.told == ["there is no way to it: this is its console"]


def test_ssh_that_was_asked_for_is_not_replaced() -> None:
    """`--source ssh` fails where SSH does."""
    box = Scripted(consoles=["booting\n"])
    with pytest.raises(AccountError, match="no way"):
        show_output(box.sources(), LogRequest(source=LogSource.SSH), box.show)
    assert box.shown == b""


@pytest.mark.parametrize(
    ("state", "source"), [("terminated", LogSource.AUTO), ("running", LogSource.CONSOLE)]
)
def test_no_way_is_looked_for_in_vain(state: str, source: LogSource) -> None:
    """An instance that has ended, or a wish for the console, needs no SSH."""
    box = Scripted(consoles=["last words\n"], states=[state])
    show_output(box.sources(), LogRequest(source=source, lines=5), box.show)
    assert box.shown == b"last words\n"
    assert not [asked for asked in box.asked if asked.startswith("way")]


def test_an_empty_console_is_told() -> None:
    """Nothing on stdout has its reason on stderr."""
    box = Scripted(consoles=[""], states=["terminated"])
    show_output(box.sources(), LogRequest(), box.show, progress=box.told.append)
    assert box.shown == b""
    assert "shows nothing" in box.told[0]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (LogRequest(), "tail -n +1"),
        (LogRequest(lines=3), "tail -n 3"),
        (LogRequest(follow=True), "tail -n +1 -F"),
        (LogRequest(lines=0, follow=True), "tail -n 0 -F"),
    ],
)
def test_the_log_is_read_as_who_may(wanted: LogRequest, words: str) -> None:
    """The lines asked for, as root where the login user may not read it, and asking nothing."""
    shell, flag, script = log_command(wanted)
    assert (shell, flag) == ("sh", "-c")
    assert f"exec {words} {LOG_FILE};" in script
    assert f"exec sudo -n {words} {LOG_FILE};" in script
    assert shlex.split(script)
