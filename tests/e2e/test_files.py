"""Files to an instance and back, by `spawn cp` and by the programs that everyone has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.boxes import REGION, Box, client
from tests.e2e.conftest import Launch
from tests.tools.programs import Finished, Program, run

pytestmark = pytest.mark.e2e

EVIL_NAME = "-r $(touch reached) 'q' \"*\" [a]\\ new\nline"
HERE = ("--region", REGION)


@pytest.fixture
def named(launch: Launch) -> Box:
    """An instance with a name."""
    return launch("--ttl", "30m", "--name", "files-box")


def written_config(spawn: Program, *words: str) -> Path:
    """Write what `spawn ssh-config` prints into a file."""
    done = spawn("ssh-config", *words, *HERE)
    assert done.code == 0, done.stderr
    place = spawn.directory / "spawn hosts"
    place.write_text(done.stdout)
    return place


def plainly(spawn: Program, *words: str) -> Finished:
    """Run a program of the system's in the person's environment."""
    return run(words, environment=spawn.environment, directory=spawn.directory)


def test_plain_programs_reach_an_instance_by_name(named: Box, spawn: Program, home: Path) -> None:
    """With the written configuration, ssh and scp take the name, the id and no further flag."""
    config = str(written_config(spawn))
    for alias in ("files-box", named.id):
        done = plainly(spawn, "ssh", "-F", config, alias, "echo $((6 * 7)); exit 3")
        assert (done.code, done.stdout) == (3, "42\n")
    (home / "file").write_bytes(b"content")
    assert plainly(spawn, "scp", "-q", "-F", config, "file", "files-box:there").code == 0
    assert plainly(spawn, "scp", "-q", "-F", config, "files-box:there", "back").code == 0
    assert (home / "back").read_bytes() == b"content"


def test_rsync_reaches_an_instance_by_name(named: Box, spawn: Program, home: Path) -> None:
    """rsync over plain ssh carries a tree there and back."""
    config = written_config(spawn, named.id)
    (home / "tree/sub").mkdir(parents=True)
    (home / "tree/sub/file").write_text("content")
    ssh = ("-e", f"ssh -F '{config}'")
    assert plainly(spawn, "rsync", "-a", *ssh, "tree", f"{named.id}:").code == 0
    assert plainly(spawn, "rsync", "-a", *ssh, f"{named.id}:tree/", "back").code == 0
    assert (home / "back/sub/file").read_text() == "content"


def test_an_included_configuration_works_and_goes(named: Box, spawn: Program, home: Path) -> None:
    """Installed, a person's own configuration leads there; uninstalled, it is as it was."""
    own = home / ".ssh/config"
    own.parent.mkdir(mode=0o700)
    own.write_text("Host *\n  StrictHostKeyChecking no\n")
    refused = spawn("ssh-config", "--install", *HERE)
    assert refused.code == 2
    assert "--yes" in refused.stderr
    assert spawn("ssh-config", "--install", "--yes", *HERE).code == 0
    reached = plainly(spawn, "ssh", "-F", str(own), "files-box", "echo", "reached")
    assert reached.stdout == "reached\n", reached.stderr
    assert spawn("ssh-config", "--uninstall", "--yes").code == 0
    assert own.read_text() == "Host *\n  StrictHostKeyChecking no\n"


def test_what_can_not_be_written_is_said(launch: Launch, spawn: Program) -> None:
    """An instance that has ended is left out by name, and a wish for it alone is not met."""
    box = launch("--ttl", "30m")
    client(box.cloud, "ec2").terminate_instances(InstanceIds=[box.id])
    box.await_state("terminated")
    done = spawn("ssh-config", box.id, *HERE)
    assert done.code == 6
    assert f"left out: {box.id}: {box.id} is terminated" in done.stderr
    assert "\nHost " not in done.stdout


def test_files_are_copied_both_ways(named: Box, spawn: Program, home: Path) -> None:
    """Bytes of any value under a name of any kind, several at a time, whole directories."""
    everything = bytes(range(256)) * 16_384
    (home / EVIL_NAME).write_bytes(everything)
    (home / "tree/sub").mkdir(parents=True)
    (home / "tree/sub/file").write_text("content")
    sent = spawn("cp", "-r", *HERE, "--", EVIL_NAME, "tree", "files-box:")
    assert (sent.code, sent.stdout) == (0, ""), sent.stderr
    there = named.sh("find . -mindepth 1 -maxdepth 1 -not -name .ssh -print0")
    assert set(there.split("\0")) == {f"./{EVIL_NAME}", "./tree", ""}
    (home / "back").mkdir()
    fetched = spawn("cp", "-r", *HERE, f"files-box:{EVIL_NAME}", "files-box:tree", "back")
    assert fetched.code == 0, fetched.stderr
    assert (home / "back" / EVIL_NAME).read_bytes() == everything
    assert (home / "back/tree/sub/file").read_text() == "content"
    assert named.run("ls", "reached").code != 0


def test_copying_tells_what_went_wrong(named: Box, spawn: Program) -> None:
    """scp's exit code and words for what is missing; no instance by that name; two instances."""
    missing = spawn("cp", *HERE, f"{named.id}:nothing", ".")
    assert missing.code == 1
    assert "scp: " in missing.stderr
    assert "No such file" in missing.stderr
    assert "Authenticated" not in missing.stderr
    assert spawn("cp", *HERE, "nobody:file", ".").code == 5
    assert spawn("cp", *HERE, f"{named.id}:a", f"{named.id}:b").code == 2
    assert spawn("cp", *HERE, "a", "b").code == 2
