"""Whoever waits for secrets waits so long, and is told why it is not started."""

from __future__ import annotations

import pytest

from spored.secrets import NAME, UNCONFIGURED, main, state, wait


def test_a_wait_without_an_end_has_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody says how it stands, the program is not started, with a code of its own."""
    assert state() == ("waiting", "")
    with pytest.raises(SystemExit) as ended:
        wait("/srv/work", 0.0)
    assert ended.value.code == UNCONFIGURED
    assert "/srv/work is not started" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["exec"], ["exec", "--"], ["exec", "true"], ["reveal"]])
def test_words_that_mean_nothing_are_told_what_does(words: list[str]) -> None:
    """A command that is written wrongly starts nothing, and waits for nothing."""
    with pytest.raises(SystemExit, match="usage: spored secrets"):
        main(words)


@pytest.mark.parametrize(
    "name", ["A-B", "", "1A", "A B", "../A", "A\n", "\u00c9", "A" * 129, ".new"]
)
def test_what_no_variable_is_named(name: str) -> None:
    """A name is letters, digits and `_`, and so leads to no other file either."""
    assert NAME.fullmatch(name) is None
