"""`spawn run`: an instance for one command, whatever becomes of the command."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.boxes import client
from tests.tools.clouds import Cloud
from tests.tools.programs import Program
from tests.tools.terminal import INTERRUPT, Terminal, terminal

pytestmark = pytest.mark.e2e

PARTLY, INTERRUPTED = 6, 130
LIVING = ("pending", "running", "stopping", "stopped")
SCRIPT = """\
[ "$(cat /var/tmp/prepared)" = "by user-data" ] || exit 9
[ -x tools/build.sh ] && sort < data/words > made.txt && mkdir out && cp made.txt out/copy
echo "on stdout: $1"; echo "on stderr" >&2
cat
exit 42
"""
PREPARES = "sleep 1; echo by user-data > /var/tmp/prepared"


class Errands:
    """Runs of `spawn run` whose instances bear a name of their own."""

    def __init__(self, cloud: Cloud, spawn: Program) -> None:
        self.cloud = cloud
        self.spawn = spawn
        self.name = f"run-{uuid.uuid4().hex[:8]}"

    def words(self, *words: str) -> tuple[str, ...]:
        """What `spawn` is given."""
        return ("run", "--name", self.name, "--ttl", "30m", *words)

    def living(self) -> list[dict[str, Any]]:
        """The instances of this test that still cost something."""
        filters = [
            {"Name": "tag:Name", "Values": [self.name]},
            {"Name": "instance-state-name", "Values": LIVING},
        ]
        found = client(self.cloud, "ec2").describe_instances(Filters=filters)["Reservations"]
        return [one for reservation in found for one in reservation["Instances"]]

    def assert_ended(self, instance_id: str) -> None:
        """Fail where something is left that costs, or a backstop of what is gone."""
        assert self.living() == []
        scheduler = client(self.cloud, "scheduler")
        names = [one["Name"] for one in scheduler.list_schedules(GroupName="spawn")["Schedules"]]
        assert not [name for name in names if instance_id in name]

    @contextlib.contextmanager
    def on_a_terminal(self, *words: str) -> Iterator[Terminal]:
        """One run, on a real terminal."""
        program = (str(self.spawn.path), *self.words(*words))
        with terminal(
            program, environment=self.spawn.environment, directory=self.spawn.directory
        ) as shown:
            yield shown


@pytest.fixture
def errands(cloud: Cloud, spawn: Program) -> Iterator[Errands]:
    """Runs whose instances are gone with the test."""
    running = Errands(cloud, spawn)
    yield running
    left = [one["InstanceId"] for one in running.living()]
    if left:
        client(cloud, "ec2").terminate_instances(InstanceIds=left)


def instance_in(text: str) -> str:
    """Return the one instance that is spoken of."""
    (found,) = {*re.findall(r"i-[0-9a-f]{17}", text)}
    return str(found)


def test_files_go_there_and_come_back(errands: Errands, home: Path) -> None:
    """User-data first, then the command among the files; its words, code and results come back."""
    here = home / "project"
    (here / "data").mkdir(parents=True)
    (here / "tools").mkdir()
    (here / "data" / "words").write_text("b\na\n")
    (here / "tools" / "build.sh").write_text("#!/bin/sh\n")
    (here / "tools" / "build.sh").chmod(0o755)
    command = ("sh", "-c", SCRIPT, "sh", "two  words; $HOME")
    fetched = ("--fetch", "made.txt", "--fetch", "out", "--into", str(home / "results"))
    words = errands.words("--user-data", PREPARES, "--copy", str(here), *fetched, "--", *command)
    done = errands.spawn(*words, stdin="from stdin")
    assert done.code == 42, done.stderr
    assert done.stdout == "on stdout: two  words; $HOME\nfrom stdin"
    assert "on stderr" in done.stderr
    assert (home / "results" / "made.txt").read_text() == "a\nb\n"
    assert (home / "results" / "out" / "copy").read_text() == "a\nb\n"
    assert not (here / "made.txt").exists()
    errands.assert_ended(instance_in(done.stderr))


def test_after_failing_user_data_nothing_is_run(errands: Errands) -> None:
    """The command counts on it: it is told with its exit code instead, and the instance ends."""
    done = errands.spawn(*errands.words("--user-data", "exit 7", "--", "echo", "ran"))
    assert done.code == PARTLY, done.stderr
    assert done.stdout == ""
    assert "its user-data failed with exit code 7" in done.stderr
    instance_id = instance_in(done.stderr)
    assert f"{instance_id} was ended again\n  try: spawn logs {instance_id}\n" in done.stderr
    errands.assert_ended(instance_id)


@pytest.mark.parametrize("stage", ["✓ launch", "waiting for SSH", "the command runs"])
def test_ctrl_c_leaves_nothing(errands: Errands, stage: str) -> None:
    """While it is launched, while SSH is awaited, while the command runs: it is ended, and said."""
    with errands.on_a_terminal("--", "sh", "-c", "echo the command runs; sleep 50") as shown:
        shown.expect(stage)
        shown.type(INTERRUPT)
        assert shown.finish() == INTERRUPTED, shown.text
    instance_id = instance_in(shown.text)
    assert f"{instance_id} was ended" in shown.text
    assert "Traceback" not in shown.text
    errands.assert_ended(instance_id)


def test_a_kept_spot_instance_lives_on(errands: Errands) -> None:
    """With --keep it is there afterwards, until its end date; --spot is spare capacity."""
    done = errands.spawn(*errands.words("--spot", "--keep", "--", "true"))
    assert done.code == 0, done.stderr
    (kept,) = errands.living()
    assert kept["InstanceLifecycle"] == "spot"
    assert "is kept until its end date" in done.stderr
