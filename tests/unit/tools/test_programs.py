"""Programs under test get a whole environment, and can't outlive their time."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.tools.programs import Finished, Program, clean_environment, run


def shell(home: Path, script: str, **options: float) -> Finished:
    return run(
        ("/bin/sh", "-c", script),
        environment=clean_environment(home),
        directory=home,
        timeout_seconds=options.get("timeout_seconds", 20.0),
    )


def test_nothing_of_the_surroundings_is_seen(home: Path) -> None:
    """A program sees only what was given: its home is empty, and no AWS credentials are there."""
    seen = dict(line.split("=", 1) for line in shell(home, "exec env").stdout.splitlines())
    seen.pop("PWD", None)
    assert seen == clean_environment(home)
    assert [name for name in seen if name.startswith("AWS_")] == ["AWS_EC2_METADATA_DISABLED"]


def test_the_tests_themselves_run_clean() -> None:
    """No credentials, profile or setting of the person who runs the tests is in their process."""
    names = [name for name in os.environ if name.startswith(("AWS_", "SPAWN_", "XDG_"))]
    assert names == ["AWS_EC2_METADATA_DISABLED"]
    assert not list(Path.home().iterdir())


def test_code_and_words_come_back(home: Path) -> None:
    """Exit code, stdout and stderr are told apart, and stdin arrives."""
    program = Program(path=Path("/bin/sh"), environment=clean_environment(home), directory=home)
    finished = program("-c", 'cat; echo "$WORD" >&2; exit 3', stdin='{"a": 1}', WORD="aside")
    assert finished == Finished(code=3, stdout='{"a": 1}', stderr="aside\n")
    assert finished.document() == {"a": 1}


def test_a_signal_shows_in_the_code(home: Path) -> None:
    """A program that was killed is told from one that failed."""
    assert shell(home, "kill -9 $$").code == -signal.SIGKILL


def test_time_is_bounded_for_children_too(home: Path) -> None:
    """When time is up, the program ends and what it started ends with it."""
    with pytest.raises(subprocess.TimeoutExpired):
        shell(home, "sleep 300 & echo $! > child; wait", timeout_seconds=0.5)
    child = int((home / "child").read_text())
    deadline = time.monotonic() + 10
    while is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process still runs; one that waits to be reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
