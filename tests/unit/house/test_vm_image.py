"""`make test-vm` gets its image where it may be made, and else says what to type."""

import re
import shutil
from pathlib import Path

import pytest

from tests.tools.programs import Finished, run
from tests.tools.source import ROOT

SCRIPT = ROOT / "scripts" / "vm-image"
# What the script itself needs, in whatever Linux.
NEEDED = ("cat", "cut", "grep", "mkdir", "mktemp", "rm", "sh", "sha256sum", "sort", "tail")
# What it looks for, but `mmdebstrap`.
LOOKED_FOR = ("qemu-system-x86_64", "mkfs.ext4", "ssh", "newuidmap")
SOURCE = "deb [signed-by=/key] http://mirror.example/debian bookworm main"


class Machine:
    """A machine of Debian's whose only programs are those put on it."""

    def __init__(self, directory: Path) -> None:
        self.bin, self.cache = directory / "bin", directory / "cache"
        self.bin.mkdir()
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name, path="/usr/bin:/bin") or "")
        for name in LOOKED_FOR:
            self.put(name, "exit 99")
        self.put("id", "echo 1000")
        self.put("dpkg", "echo amd64")
        self.put("apt-get", f'[ "$1" = indextargets ] && echo "{SOURCE}"')

    def put(self, name: str, script: str) -> None:
        """Put a program on the machine."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def ask(self) -> Finished:
        """Run the script."""
        # The script adds the usual places to PATH: those are not of this machine.
        text = SCRIPT.read_text(encoding="utf-8").replace("PATH=$PATH:/usr/sbin:/sbin\n", "")
        self.put("vm-image", text.partition("\n")[2])
        environment = {"PATH": str(self.bin), "XDG_CACHE_HOME": str(self.cache)}
        words = (str(self.bin / "vm-image"),)
        return run(words, environment=environment, directory=self.bin)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_ordinary_user_is_told_what_to_type(machine: Machine) -> None:
    """Without the right to install, it prints the line that brings what is missing, and fails."""
    finished = machine.ask()
    assert finished.code == 1
    assert finished.stderr.endswith("    sudo apt-get install --yes mmdebstrap\n")


def test_another_system_than_debian_is_refused(machine: Machine) -> None:
    """Where there is no apt, it says where the tests can be run instead."""
    (machine.bin / "apt-get").unlink()
    finished = machine.ask()
    assert finished.code == 1
    assert "run it on Debian" in finished.stderr


def test_an_image_is_made_of_debians_packages_only(machine: Machine) -> None:
    """Where apt knows none of Debian's packages, nothing is downloaded from anywhere else."""
    machine.put("mmdebstrap", "exit 99")
    machine.put("apt-get", "")
    finished = machine.ask()
    assert finished.code == 1
    assert finished.stderr.endswith("    sudo apt-get update\n")


def test_an_image_is_made_once(machine: Machine) -> None:
    """What lies in the cache is printed, and nothing is made; other packages make another."""
    machine.put("apt-config", "")
    machine.put("mmdebstrap", 'echo "$0 $*" >&2; exit 7')
    failed = machine.ask()
    assert failed.code == 1
    assert "mmdebstrap --mode=unshare" in failed.stderr
    assert not [*machine.cache.glob("spawn/*")]
    made = machine.cache / "spawn" / re.findall(r"/(vm-[0-9a-f]{16})\.", failed.stderr)[0]
    made.mkdir(parents=True)
    (made / "disk").touch()
    assert machine.ask() == Finished(code=0, stdout=f"{made}\n", stderr="")
    machine.put("apt-get", f'echo "{SOURCE}-updates"')
    assert machine.ask().code == 1
