"""What of a console is new, until when it is followed, and what is read instead of what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.logs import LogEvent
from spawn.connect.feeds import ConsoleFeed, LogPart, last_lines, new_output
from spawn.connect.logs import (
    AGENT_LOG,
    BOOT_LOG,
    LoggedInstance,
    LogRequest,
    LogSource,
    log_command,
    show_output,
)
from spawn.connect.patience import Patience, in_silence
from spawn.connect.way import Way
from spawn.core.errors import AccountError, InputError

A = TypeVar("A")
WINDOW = 1000  # room for what a look adds, and for what is needed to know it again


@dataclass
class Scripted:
    """An instance whose console and state are scripted, a look each; the last one is repeated."""

    consoles: Sequence[str]
    states: Sequence[str] = ("running",)
    refusal: str = "there is no way to it"
    group: str = ""
    shipped: Sequence[tuple[LogEvent, ...]] = ((),)
    asked: list[str] = field(default_factory=list)
    shown: bytes = b""
    told: list[str] = field(default_factory=list)

    def sources(self) -> LoggedInstance:
        """Return it as what output is read from; nothing sleeps."""
        return LoggedInstance(
            instance_id="i-1",
            find_way=self._no_way,
            console=self._next("console", self.consoles),
            state=self._next("state", self.states),
            log_group=lambda: self.group,
            shipped=self._events,
            sleep=lambda seconds: self.asked.append("sleep"),
        )

    def _events(self, group: str, from_ms: int) -> tuple[LogEvent, ...]:
        found = self._next(f"events of {group}", self.shipped)()
        return tuple(one for one in found if one.timestamp >= from_ms)

    def _next(self, what: str, answers: Sequence[A]) -> Callable[[], A]:
        def answer() -> A:
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


FOLLOWED = LogRequest(source=LogSource.CONSOLE, follow=True)


def test_a_console_is_followed_to_the_end() -> None:
    """What is printed between the last look and the end is shown, and then it ends by itself."""
    box = Scripted(
        consoles=["one\n", "one\ntwo\n", "one\ntwo\nthree\n"],
        states=["running", "running", "shutting-down", "terminated"],
    )
    show_output(box.sources(), FOLLOWED, box.show)
    assert box.shown == b"one\ntwo\nthree\n"
    assert box.asked.count("sleep") == 3


def test_following_begins_with_the_last_lines() -> None:
    """`-n` cuts what is there at first, and nothing of what comes."""
    box = Scripted(
        consoles=["", "a\nb\nc\n", "a\nb\nc\nd\ne\n"], states=["running"] * 3 + ["stopped"]
    )
    show_output(box.sources(), replace(FOLLOWED, lines=1), box.show)
    assert box.shown == b"c\nd\ne\n"


LINES = st.lists(st.sampled_from(["booting", "spored: 1 now", "a spored: b", "", "login:"]))


@given(lines=LINES, cuts=st.lists(st.integers(0, 200), max_size=6))
def test_a_console_is_parted_line_by_line(lines: list[str], cuts: list[int]) -> None:
    """However it is cut by the looks at it, each line is the agent's or the boot's, and shown."""
    whole = "".join(f"{line}\n" for line in lines)
    looks = [whole[:cut] for cut in sorted(cuts)] + [whole]
    for part in (LogPart.AGENT, LogPart.BOOT):
        texts = iter(looks)
        feed = ConsoleFeed(lambda: next(texts), part, lines=None, progress=in_silence)  # noqa: B023
        shown = "".join(
            feed.new(is_last=number == len(looks)) for number in range(1, len(looks) + 1)
        )
        is_agents = part is LogPart.AGENT
        wanted = [line for line in lines if line.startswith("spored: ") is is_agents]
        assert shown == "".join(f"{line}\n" for line in wanted)


def event(number: int, timestamp: int) -> LogEvent:
    """Return one shipped line."""
    return LogEvent(event_id=f"{number}", timestamp=timestamp, message=f"line {number}")


def shipping(*shipped: tuple[LogEvent, ...]) -> Scripted:
    """Return an instance that ships its log, and has shipped these lines at each look."""
    return Scripted(["boot\nspored: 1 now\n"], group="/spawn/spored", shipped=shipped)


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (LogRequest(), b"boot\nline 1\n"),
        (LogRequest(part=LogPart.AGENT), b"line 1\n"),
        (LogRequest(part=LogPart.BOOT), b"boot\n"),
        (LogRequest(source=LogSource.CLOUDWATCH), b"line 1\n"),
        (LogRequest(source=LogSource.CONSOLE), b"boot\nspored: 1 now\n"),
        (LogRequest(source=LogSource.CONSOLE, part=LogPart.AGENT), b"spored: 1 now\n"),
    ],
)
def test_what_was_shipped_is_read_where_it_is_whole(request_: LogRequest, shown: bytes) -> None:
    """Without SSH the agent's part comes from CloudWatch Logs, and is not shown a second time."""
    box = shipping((event(1, 1000),))
    show_output(box.sources(), request_, box.show, progress=box.told.append)
    assert box.shown == shown
    is_auto = request_.source is LogSource.AUTO
    assert [told for told in box.told if "there is no way to it: this is" in told] == box.told[
        :is_auto
    ]


def test_what_is_shipped_is_followed_each_line_once() -> None:
    """A line that arrives after later ones is shown when it does; none is shown twice."""
    minute = 60_000
    first, second, late = event(1, 10 * minute), event(2, 12 * minute), event(3, 11 * minute)
    box = shipping((), (first,), (first, second), (first, late, second))
    box.states = ["running"] * 4 + ["terminated"]
    wanted = LogRequest(source=LogSource.CLOUDWATCH, follow=True)
    show_output(box.sources(), wanted, box.show)
    assert box.shown == b"line 1\nline 2\nline 3\n"


def test_the_last_lines_are_those_of_each_log() -> None:
    """`-n` counts in each log by itself, wherever it comes from."""
    box = Scripted(consoles=["a\nb\n"], group="/spawn/spored", shipped=[(event(1, 1), event(2, 2))])
    show_output(box.sources(), LogRequest(lines=1), box.show)
    assert box.shown == b"b\nline 2\n"


def test_what_was_never_shipped_is_told() -> None:
    """Asked of CloudWatch Logs: a boot's output is not there, and a log only where it is sent."""
    box = shipping(())
    with pytest.raises(InputError, match="--of boot and --source cloudwatch"):
        show_output(
            box.sources(), LogRequest(source=LogSource.CLOUDWATCH, part=LogPart.BOOT), box.show
        )
    box.group = ""
    with pytest.raises(AccountError, match="i-1 ships no log"):
        show_output(box.sources(), LogRequest(source=LogSource.CLOUDWATCH), box.show)
    box.group = "/spawn/spored"
    wanted = LogRequest(source=LogSource.CLOUDWATCH)
    show_output(box.sources(), wanted, box.show, progress=box.told.append)
    assert "has nothing of it (yet)" in box.told[0]


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
    ("wanted", "words", "files"),
    [
        (LogRequest(), "tail -q -n +1", [BOOT_LOG, AGENT_LOG]),
        (LogRequest(lines=3, part=LogPart.BOOT), "tail -q -n 3", [BOOT_LOG]),
        (LogRequest(follow=True), "tail -q -n +1 -F", [BOOT_LOG, AGENT_LOG]),
        (LogRequest(lines=0, follow=True, part=LogPart.AGENT), "tail -q -n 0 -F", [AGENT_LOG]),
    ],
)
def test_the_logs_are_read_as_who_may(wanted: LogRequest, words: str, files: list[str]) -> None:
    """The lines asked for, as root where the login user may not read them, and asking nothing."""
    shell, flag, script = log_command(wanted)
    assert (shell, flag) == ("sh", "-c")
    assert script.endswith(f'exec $become {words} "$@"')
    assert 'become="sudo -n"' in script
    assert [file for file in (BOOT_LOG, AGENT_LOG) if file in script] == files
