"""`make setup` brings the system programs where it may, and else says what to type."""

import shutil
from pathlib import Path

import pytest

from tests.tools.programs import PROGRAMS, Finished, run
from tests.tools.source import ROOT

SCRIPT = ROOT / "scripts" / "system-programs"
# What the script itself needs, and all that it looks for but `ssh` and `ssh-keygen`.
NEEDED = ("sh", "uname", "unshare", "nft", "ip", "rsync")


class Machine:
    """A machine whose only programs are those put on it."""

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.log = directory / "log"
        self.put("id", "echo 1000")
        self.put("sshd", "")
        self.put("python", f'exec "{PROGRAMS / "python"}" "$@"')
        for name in NEEDED:
            (self.bin / name).symlink_to(
                shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin") or ""
            )

    def put(self, name: str, script: str) -> None:
        """Put a program on the machine."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def check(self) -> Finished:
        """Run the script."""
        return run((str(SCRIPT), "python"), environment={"PATH": str(self.bin)}, directory=self.bin)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nothing_is_said_where_nothing_is_missing(machine: Machine) -> None:
    """With all programs there, setup goes on silently and installs nothing."""
    machine.put("ssh", "")
    machine.put("ssh-keygen", "")
    assert machine.check() == Finished(code=0, stdout="", stderr="")


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("apt-get", "sudo apt-get install --yes openssh-client\n"),
        ("dnf", "sudo dnf install --assumeyes openssh-clients\n"),
        ("pacman", "sudo pacman -S --needed openssh\n"),
        ("apk", "sudo apk add openssh-client\n"),
    ],
)
def test_an_ordinary_user_is_told_what_to_type(machine: Machine, manager: str, line: str) -> None:
    """Without the right to install, it prints the one line for this system and fails."""
    machine.put(manager, "exit 99")
    finished = machine.check()
    assert finished.code == 1
    assert finished.stderr.endswith(f"    {line}")


def test_root_on_debian_gets_what_is_missing(machine: Machine) -> None:
    """As root it installs exactly the missing packages, asking nothing."""
    machine.put("id", "echo 0")
    machine.put("apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {machine.log}')
    assert machine.check().code == 0
    assert machine.log.read_text(encoding="utf-8").splitlines() == [
        "noninteractive update -qq",
        "noninteractive install -qq --yes --no-install-recommends openssh-client",
    ]


def test_an_old_python_is_refused(machine: Machine) -> None:
    """A Python that is too old is named, with the way to choose another one."""
    pretend = "import sys; sys.version_info = (3, 10, 14); exec(sys.argv[1])"
    machine.put("python", f'exec "{PROGRAMS / "python"}" -c "{pretend}" "$2"')
    finished = machine.check()
    assert finished.code == 1
    assert "Python 3.11 or newer" in finished.stderr
    assert "PYTHON=" in finished.stderr
