"""A bare `spawn launch` on a terminal asks four questions, the first time and never again."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.launch.account import Account
from tests.tools.clouds import running_cloud
from tests.tools.programs import PROGRAMS, Program, run
from tests.tools.terminal import END_OF_INPUT, INTERRUPT, Terminal, terminal

LAUNCH = (str(PROGRAMS / "spawn"), "launch")
FIRST = "1/4"
# Read after the questions would have come: a launch that is not asked about fails here at once.
FAILS_LATER = {"SPAWN_ADDRESS_URL": "no-url"}


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account in which instances are only written down."""
    with running_cloud(control_plane_only=True) as cloud:
        yield Account(cloud=cloud)


@pytest.fixture
def environment(account: Account, home: Path) -> dict[str, str]:
    """The environment of a person who has never used spawn; nothing is waited for."""
    return {**account.cloud.environment(home), "SPAWN_WAIT": "no"}


def answer(shown: Terminal, question: str, keys: str) -> None:
    """Wait for the prompt that follows these words, and type."""
    seen = shown.text.rfind(question)
    shown.expect(question)
    shown.expect("] ", after=max(seen, shown.text.rfind(question)))
    shown.type(keys)


def journal(home: Path) -> Path:
    """Return where launches are written down."""
    return home / ".local" / "state" / "spawn" / "journal"


def test_the_answers_are_launched(
    account: Account, environment: dict[str, str], home: Path
) -> None:
    """A wrong answer is told and asked again, and what was chosen is what AWS was asked for."""
    with terminal(LAUNCH, environment=environment, directory=home) as shown:
        answer(shown, "1/4", "huge\r")
        answer(shown, "'huge' is neither", "?\r")
        answer(shown, "stands for the instance type", "compute\r")
        answer(shown, "2/4", "\r")
        answer(shown, "3/4", "tomorrow\r")
        answer(shown, "'tomorrow' is not a length", "45m\r")
        answer(shown, "4/4", "first box\r")
        assert shown.finish() == 0, shown.text
    command = "spawn launch --instance-type c6i.xlarge --os al2023 --ttl 45m --name 'first box'"
    assert f"  {command}\n" in shown.text
    assert shown.text.index(command) < shown.text.index("123456789012")
    (ran,) = (
        each
        for page in account.client("ec2").describe_instances()["Reservations"]
        for each in page["Instances"]
        if {"Key": "Name", "Value": "first box"} in each["Tags"]
    )
    assert ran["InstanceType"] == "c6i.xlarge"
    spawn = Program(path=PROGRAMS / "spawn", environment=environment, directory=home)
    preview = spawn(*shlex.split(command)[1:], "--dry-run")
    assert preview.code == 0, preview.stderr
    assert "c6i.xlarge" in preview.stdout


@pytest.mark.parametrize("key", [INTERRUPT, END_OF_INPUT])
@pytest.mark.parametrize("before", [(), ("small\r", "\r", "1h\r")])
def test_leaving_launches_nothing(
    key: str, before: tuple[str, ...], environment: dict[str, str], home: Path
) -> None:
    """Ctrl-C and Ctrl-D at any question end it: nothing was made, and the person is told so."""
    with terminal(LAUNCH, environment=environment, directory=home) as shown:
        for number, keys in enumerate(before, start=1):
            answer(shown, f"{number}/4", keys)
        answer(shown, f"{len(before) + 1}/4", key)
        assert shown.finish() == 130, shown.text
    assert "nothing was launched" in shown.text
    assert "Traceback" not in shown.text
    assert not journal(home).exists()


def test_it_is_asked_once(environment: dict[str, str], home: Path) -> None:
    """Whoever left the questions is not asked again; the mark is a private file."""
    with terminal(LAUNCH, environment=environment, directory=home) as shown:
        answer(shown, FIRST, INTERRUPT)
        assert shown.finish() == 130
    settings = {**environment, **FAILS_LATER}
    with terminal(LAUNCH, environment=settings, directory=home) as shown:
        assert shown.finish() == 2, shown.text
    assert FIRST not in shown.text
    (mark,) = (home / ".local" / "state" / "spawn").glob("first-launch-asked")
    assert mark.stat().st_mode & 0o777 == 0o600


def settings_file(home: Path) -> None:
    """Leave settings of the person's own."""
    (home / ".config" / "spawn").mkdir(parents=True, mode=0o700)
    (home / ".config" / "spawn" / "config.toml").write_text('ttl = "1h"\n')


def project_file(home: Path) -> None:
    """Leave settings in the directory."""
    (home / "spawn.toml").write_text('ttl = "1h"\n')


def earlier_launch(home: Path) -> None:
    """Leave what a launch writes down."""
    journal(home).mkdir(parents=True, mode=0o700)
    (journal(home) / "l-0000000000000001.jsonl").write_text("")


def unwritable_state(home: Path) -> None:
    """Leave a file where the state directory would be: nothing can be remembered."""
    (home / ".local").mkdir(mode=0o700)
    (home / ".local" / "state").write_text("")


@pytest.mark.parametrize(
    ("words", "extra", "prepare"),
    [
        (("--dry-run",), {}, None),
        (("--yes",), {}, None),
        ((), {"SPAWN_NO_WIZARD": "1"}, None),
        ((), {"SPAWN_TTL": "1h"}, None),
        ((), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, None),
        ((), {}, settings_file),
        ((), {}, project_file),
        ((), {}, earlier_launch),
        ((), {}, unwritable_state),
    ],
)
def test_nobody_else_is_asked(
    *,
    words: tuple[str, ...],
    extra: dict[str, str],
    prepare: Callable[[Path], None] | None,
    environment: dict[str, str],
    home: Path,
) -> None:
    """One word, a setting, an earlier launch, or no way to remember: it launches as always."""
    if prepare is not None:
        prepare(home)
    settings = {**environment, **FAILS_LATER, **extra}
    with terminal((*LAUNCH, *words), environment=settings, directory=home) as shown:
        assert shown.finish() not in {0, 130}, shown.text
    assert FIRST not in shown.text
    assert "error: " in shown.text or "AWS: " in shown.text or "not possible: " in shown.text


@pytest.mark.parametrize("pipe", ["</dev/null", "| cat", "2>err"])
def test_a_pipe_is_never_asked(pipe: str, environment: dict[str, str], home: Path) -> None:
    """Input, output and words to the person must all be on the terminal."""
    words = ("sh", "-c", f"{shlex.join(LAUNCH)} {pipe}")
    settings = {**environment, **FAILS_LATER}
    with terminal(words, environment=settings, directory=home) as shown:
        shown.finish()
    assert FIRST not in shown.text
    mark = home / ".local" / "state" / "spawn" / "first-launch-asked"
    assert not mark.exists()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize("columns", [80, 40])
def test_the_screen_of_a_real_terminal(
    columns: int, environment: dict[str, str], home: Path, tmp_path: Path
) -> None:
    """At any width the question, its choices and the cursor behind the default are seen."""
    tmux = ("tmux", "-S", str(tmp_path / "tmux"), "-f", os.devnull)
    size = ("-x", str(columns), "-y", "24")
    run(
        (*tmux, "new-session", "-d", *size, shlex.join(LAUNCH)),
        environment=environment,
        directory=home,
    )
    try:
        screen = screen_with(tmux, "[small]", environment)
        assert "gpu      g4dn.xlarge" in screen
        assert max(map(len, screen.split("\n"))) <= columns
        assert screen.rstrip().endswith("[small]")
    finally:
        subprocess.run((*tmux, "kill-server"), env=environment, check=False, timeout=20)


def screen_with(tmux: tuple[str, ...], text: str, environment: dict[str, str]) -> str:
    """Wait until the screen shows the text; return the screen."""
    end = time.monotonic() + 60
    while True:
        captured = subprocess.run(
            (*tmux, "capture-pane", "-p"),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        if text in captured.stdout or time.monotonic() > end:
            return captured.stdout
        time.sleep(0.1)
