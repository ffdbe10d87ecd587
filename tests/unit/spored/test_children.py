"""Processes that are started, and never waited for."""

from __future__ import annotations

import time

from spored.children import Children

PATIENCE_SECONDS = 20.0


def ended(children: Children, name: str) -> int:
    """Wait until it has ended, and return its exit code."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while name not in children.codes:
        assert time.monotonic() < deadline
        time.sleep(0.01)
        children.reap()
    return children.codes[name]


def test_a_program_runs_beside_us_with_its_words_as_they_are() -> None:
    """Words are words, whatever a shell could read into them; the exit code comes back."""
    children = Children()
    assert children.run("check", 10, '[ "$1" = \'$(reboot); "x\' ] && exit 7', '$(reboot); "x')
    assert ended(children, "check") == 7


def test_one_of_a_name_runs_at_a_time() -> None:
    """What still runs is not started again; once it has ended it is, and its old code is gone."""
    children = Children()
    assert children.run("sleep", 10, "sleep 0.2; exit 3")
    assert not children.run("sleep", 10, "exit 4")
    assert ended(children, "sleep") == 3
    assert children.run("sleep", 10, "exit 5")
    assert "sleep" not in children.codes
    assert ended(children, "sleep") == 5


def test_what_takes_too_long_is_killed() -> None:
    """A program that heeds no signal ends when its time is up."""
    children = Children()
    children.run("stuck", 0.2, "trap '' TERM INT; while :; do sleep 1; done")
    assert ended(children, "stuck") != 0


def test_a_job_that_fails_is_told_by_its_code() -> None:
    """A job of our own runs in its process alone: what goes wrong there ends nothing here."""
    children = Children()
    children.start("fails", lambda: int("no number"))
    children.start("works", lambda: None)
    assert ended(children, "fails") == 1
    assert ended(children, "works") == 0
