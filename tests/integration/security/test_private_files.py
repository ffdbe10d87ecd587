"""What spawn leaves on the disk, and in the environments of what it starts, is nobody else's."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from spawn.local.cloud import down, up
from tests.tools.programs import Finished, Program, run

CANARY = "canary-4f1d0c7e9b2a"
OTHERS = 0o077
RECORDER = """#!/bin/sh
tr '\\0' '\\n' </proc/self/environ >>"$HOME/started.txt"
exec {program} "$@"
"""


@pytest.fixture(params=[0o000, 0o077], ids=["umask-000", "umask-077"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The umask of this process, and so of what it starts."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def made_in(*directories: Path) -> list[Path]:
    """Return everything below the directories, and the directories."""
    return [each for top in directories for each in (top, *top.rglob("*"))]


def open_to_others(paths: list[Path]) -> dict[str, str]:
    """Return those that others of the machine may read, change or enter, with their modes."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in paths}
    return {str(path): oct(mode) for path, mode in modes.items() if mode & OTHERS}


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("key", [(), ("--key-pair", "theirs")], ids=["own-key", "key-pair"])
def test_a_launch_leaves_nothing_open(spawn: Program, home: Path, key: tuple[str, ...]) -> None:
    """Journal, keys, cache and every directory made for them are their owner's, under any umask."""
    if key:
        imported = spawn_key_pair(spawn)
        assert imported.code == 0, imported.stderr
    launched = spawn("launch", *key)
    assert launched.code == 0, launched.stderr
    made = made_in(home / ".local", home / ".cache")
    assert any(path.suffix == ".jsonl" for path in made)
    assert open_to_others(made) == {}


def spawn_key_pair(spawn: Program) -> Finished:
    """Make a key pair that spawn has not made."""
    aws = spawn.path.with_name("aws")
    words = ("ec2", "create-key-pair", "--key-name", "theirs")
    return run((str(aws), *words), environment=spawn.environment, directory=spawn.directory)


@pytest.mark.usefixtures("umask")
def test_a_cloud_leaves_nothing_open() -> None:
    """Neither do sockets, logs and keys of the embedded cloud, nor the directories above them."""
    # Not below pytest's tmp_path, which is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="spawn-cloud-") as place:
        directory = Path(place) / "state" / "cloud"
        try:
            up(directory, control_plane_only=True)
            made = made_in(Path(place) / "state")
            assert {path.name for path in made} >= {"cloud.json", "api.sock", "control.log"}
            assert open_to_others(made) == {}
        finally:
            down(directory)


def test_a_defect_shows_no_traceback(bare_spawn: Program, home: Path) -> None:
    """A traceback may hold anything: it is kept for its owner, or not at all, but never shown."""
    (home / "file").touch()
    for state, kept in ((home / "state", "is kept in"), (home / "file", "could not be kept")):
        environment = {**bare_spawn.environment, "XDG_STATE_HOME": str(state)}
        words = ("sh", "-c", f"exec {bare_spawn.path} --help >/dev/full")
        said = run(words, environment=environment, directory=home)
        assert kept in said.stderr
        assert "Traceback" not in said.stderr
    assert "Traceback" in (home / "state" / "spawn" / "defects" / "last.txt").read_text()
    assert open_to_others(made_in(home / "state")) == {}


def test_programs_are_started_without_aws_keys(spawn: Program, home: Path) -> None:
    """ssh-keygen has no use for credentials: its environment does not show them."""
    programs = home / "programs"
    programs.mkdir()
    recorder = programs / "ssh-keygen"
    recorder.write_text(RECORDER.format(program=shutil.which("ssh-keygen")))
    recorder.chmod(0o755)
    path = f"{programs}:{spawn.environment['PATH']}"
    planned = spawn("launch", "--dry-run", PATH=path, AWS_CA_BUNDLE_NOTE=CANARY)
    assert planned.code == 0, planned.stderr
    started = (home / "started.txt").read_text()
    assert f"PATH={path}" in started
    assert CANARY not in started
    assert spawn.environment["AWS_SECRET_ACCESS_KEY"] not in started


def test_somebody_elses_key_file_is_not_used(spawn: Program, home: Path) -> None:
    """A key that another user put in the way would let them into every instance."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    assert spawn("launch", "--dry-run").code == 0
    key = home / ".local" / "state" / "spawn" / "keys" / "spawn-ed25519"
    os.chown(key, 65534, 65534)
    refused = spawn("launch", "--dry-run")
    assert refused.code == 1
    assert "belongs to another user" in refused.stderr
