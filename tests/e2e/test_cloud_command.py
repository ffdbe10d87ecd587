"""`spawn cloud`: one cloud a person, up and down at will, and nothing of it left when it dies."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from spawn.local import cloud as embedded
from spawn.local.files import read_cloud_file, start_time_of
from tests.e2e.boxes import wait_for
from tests.tools.programs import PROGRAMS, Finished, Program, clean_environment, run

pytestmark = pytest.mark.e2e


class Person:
    """Somebody with a home, and a directory in which their cloud will be."""

    def __init__(self, home: Path, directory: Path) -> None:
        self.directory = directory
        environment = {**clean_environment(home), "SPAWN_CLOUD_DIRECTORY": str(directory)}
        self.spawn = Program(path=PROGRAMS / "spawn", environment=environment, directory=home)

    def shell(self, script: str) -> Finished:
        """Run a script in the shell that every system has, with the cloud's settings in force."""
        return run(
            ("/bin/sh", "-ec", f'eval "$(spawn cloud env)"\n{script}'),
            environment=self.spawn.environment,
            directory=self.spawn.directory,
        )

    def processes(self) -> tuple[int, ...]:
        """The ids of the cloud's two first processes."""
        file = read_cloud_file(self.directory)
        assert file is not None
        return tuple(each for each in (file.pid, file.plane_pid) if each is not None)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    """Two people who have no cloud yet, and have none any more at the end."""
    # Not below tmp_path, which is long: the path of a Unix socket ends at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="spawn-cloud-") as place:
        both = [Person(tmp_path / name, Path(place) / name) for name in ("a", "b")]
        try:
            yield both[0], both[1]
        finally:
            for person in both:
                embedded.down(person.directory)


def test_up_twice_is_one_cloud_and_down_ends_it(people: tuple[Person, Person]) -> None:
    """A second `up` finds the first one's cloud; `down` ends it and may be said twice as well."""
    person, _ = people
    first, second = (person.spawn("cloud", "up") for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.stderr
    assert first.stderr == second.stderr
    processes = person.processes()
    assert person.shell("aws sts get-caller-identity").code == 0
    status = person.spawn("cloud", "status", "-o", "json").document()
    assert status["instances"] == {}
    assert "the embedded cloud has ended" in person.spawn("cloud", "down").stderr
    assert not alive(processes)
    assert "no embedded cloud was running" in person.spawn("cloud", "down").stderr
    refused = person.spawn("cloud", "env")
    assert refused.code == 1
    assert "try: spawn cloud up" in refused.stderr


def test_a_killed_cloud_leaves_nothing(people: tuple[Person, Person]) -> None:
    """When its first process is killed, its instances' processes and mounts go with it."""
    person, _ = people
    mounts = Path("/proc/self/mounts").read_text()
    assert person.spawn("cloud", "up").code == 0
    launched = person.spawn("launch", "--local", "-o", "json")
    assert launched.code == 0, launched.stderr
    everyone = processes_of(person)
    assert len(everyone) > len(person.processes())
    os.kill(person.processes()[0], signal.SIGKILL)
    wait_for(
        lambda: not alive(everyone),
        f"the end of {everyone}",
    )
    assert Path("/proc/self/mounts").read_text() == mounts
    # The next `up` starts anew in the same place.
    assert person.spawn("cloud", "up").code == 0
    assert person.spawn("list", "--local").stdout == "no instances\n"


def test_two_peoples_clouds_are_apart(people: tuple[Person, Person]) -> None:
    """Each has its own port, keys and account; one's keys open nothing at the other's."""
    mine, theirs = people
    for person in people:
        assert person.spawn("cloud", "up", "--control-plane-only").code == 0
    assert mine.shell("aws s3 mb s3://bucket-of-mine").code == 0
    assert theirs.shell("aws s3 ls").stdout == ""
    endpoint = embedded.environment(theirs.directory).variables["AWS_ENDPOINT_URL"]
    refused = mine.shell(f"AWS_ENDPOINT_URL={endpoint} aws sts get-caller-identity")
    assert refused.code != 0
    assert "InvalidClientTokenId" in refused.stderr
    assert mine.directory.stat().st_mode & 0o077 == 0


def test_reset_empties_the_account_and_keeps_the_keys(people: tuple[Person, Person]) -> None:
    """After `reset` a shell that was set up before goes on working, in an empty account."""
    person, _ = people
    assert person.spawn("cloud", "up", "--control-plane-only").code == 0
    done = person.shell(
        "aws s3 mb s3://bucket >/dev/null; spawn cloud reset --yes; aws s3 ls; echo reached"
    )
    assert (done.code, done.stdout) == (0, "reached\n")
    unasked = person.spawn("cloud", "reset")
    assert unasked.code == 2
    assert "--yes" in unasked.stderr


def test_without_instances_only_by_an_explicit_switch(people: tuple[Person, Person]) -> None:
    """A control plane alone says that it is one, and is not taken for a whole cloud."""
    person, _ = people
    assert person.spawn("cloud", "up", "--control-plane-only").code == 0
    status = person.spawn("cloud", "status", "-o", "json").document()
    assert status["control_plane_only"] is True
    refused = person.spawn("cloud", "up")
    assert refused.code != 0
    assert "has no instances" in refused.stderr


def test_doctor_says_that_all_is_there(people: tuple[Person, Person]) -> None:
    """Where these tests run, the machine has all that it needs, and `doctor` ends with 0."""
    person, _ = people
    done = person.spawn("cloud", "doctor")
    assert (done.code, done.stderr) == (0, "")


def alive(processes: tuple[int, ...]) -> list[int]:
    """Those of the processes that run; one that has ended and is not yet buried does not."""
    return [each for each in processes if start_time_of(each) is not None]


def processes_of(person: Person) -> tuple[int, ...]:
    """The cloud's processes and all that descend from them."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = set(person.processes())
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return tuple(sorted(found))
