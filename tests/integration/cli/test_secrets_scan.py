"""`spawn secrets scan`: files and pipes, without AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.loaded import loaded_spawn
from tests.tools.programs import Program, clean_environment

CANARY = "sunflower42-Velvet"


@pytest.fixture
def offline(home: Path) -> Program:
    """A person's `spawn` without credentials, region or network."""
    return loaded_spawn(clean_environment(home), home)


def test_what_is_found_is_told_in_three_ways(offline: Program, home: Path) -> None:
    """Words, JSON and SARIF tell file, line and what to write instead; none tells the secret."""
    (home / "boot.sh").write_text(f"#!/bin/sh\necho 'ubuntu:{CANARY}' | chpasswd\n")
    words = offline("secrets", "scan", "boot.sh")
    assert words.code == 3
    assert "boot.sh:2:" in words.stdout
    assert "--secret PASSWORD=secretsmanager:ID" in words.stdout
    document = offline("secrets", "scan", ".", "-o", "json")
    assert document.code == 3
    (found,) = document.document()["findings"]
    assert (found["path"], found["secret"]["line"]) == ("boot.sh", 2)
    assert (found["secret"]["rule"], found["secret"]["certainty"]) == ("stdin", "known")
    log = offline("secrets", "scan", "boot.sh", "-o", "sarif")
    assert log.code == 3
    (run,) = log.document()["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("secret-stdin", "error")
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 2
    for said in (words, document, log):
        assert CANARY not in said.stdout + said.stderr


def test_what_is_clean_ends_with_zero(offline: Program) -> None:
    """A pipe is read as a file is; with nothing in it the exit code is 0."""
    clean = offline("secrets", "scan", "-", stdin="mysql -uroot -p$DB_PASSWORD\n")
    assert (clean.code, clean.stdout) == (0, "1 file looked at: no secret\n")
    found = offline("secrets", "scan", "-", stdin=f"mysql -uroot -p{CANARY}\n")
    assert found.code == 3
    assert "stdin:1:" in found.stdout


def test_bad_words_are_told(offline: Program, home: Path) -> None:
    """What is not there, and a pipe among files, are the person's to mend."""
    missing = offline("secrets", "scan", "no-such-file")
    assert missing.code == 5
    assert "no-such-file" in missing.stderr
    (home / "a").write_text("a\n")
    assert offline("secrets", "scan", "-", "a").code == 2
    assert offline("secrets", "scan").code == 2


def test_foreign_names_do_not_act_on_a_terminal(offline: Program, home: Path) -> None:
    """A file's name is escaped like any other text of a stranger's."""
    (home / "a\x1b[2J.sh").write_text(f"DB_PASSWORD={CANARY}\n")
    told = offline("secrets", "scan", ".")
    assert told.code == 3
    assert "\x1b" not in told.stdout
