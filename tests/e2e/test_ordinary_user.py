"""No privilege is needed: an ordinary user of the machine does all that root does here."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.programs import SYSTEM_PATH, Finished, run

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
START = "from spawn.cli.entry import main; main()"


class User:
    """An ordinary user who has nothing but a home, and runs spawn from this checkout."""

    def __init__(self, name: str, home: Path, python: str) -> None:
        self._become = ("runuser", "-u", name, "--") if name else ()
        self._python = python
        self.home = home
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        self._environment = {
            "HOME": str(home),
            "PATH": SYSTEM_PATH,
            "LANG": "C.UTF-8",
            "PYTHONPATH": f"{SOURCE}:{packages}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SPAWN_CLOUD_DIRECTORY": str(home / "cloud"),
            "SPAWN_LOCAL": "1",
        }

    def spawn(self, *words: str) -> Finished:
        """Run a command of spawn's as this user."""
        return run(
            (*self._become, self._python, "-c", START, *words),
            environment=self._environment,
            directory=self.home,
        )


@pytest.fixture
def user() -> Iterator[User]:
    """The user of these tests; where that is root, one that is made for the test alone."""
    # A home of its own, and a short one: the path of a Unix socket ends at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="spawn-user-") as place:
        if os.getuid() != 0:
            yield User("", Path(place), sys.executable)
            return
        Path(place).chmod(0o755)
        name, home = f"spawn-test-{secrets.token_hex(4)}", Path(place) / "home"
        subprocess.run(["useradd", "--create-home", "--home-dir", str(home), name], check=True)
        try:
            yield User(name, home, python_for(name))
        finally:
            subprocess.run(["userdel", "--remove", name], check=True, capture_output=True)


def python_for(name: str) -> str:
    """Return a Python that the user may start: this one, or the system's of the same version."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}"):
        tried = subprocess.run(["runuser", "-u", name, "--", python, "-c", ""], check=False)
        if tried.returncode == 0:
            return python
    pytest.fail(f"root's own Python is closed to others, and there is no /usr/bin/{version}")


def test_an_ordinary_user_launches_connects_and_ends(user: User) -> None:
    """Cloud, launch, command, list and end work for any user, and leave no process of theirs."""
    up = user.spawn("cloud", "up")
    assert up.code == 0, up.stderr
    try:
        launched = user.spawn("launch", "--name", "box", "-o", "json")
        assert launched.code == 0, launched.stderr
        said = user.spawn("connect", "box", "--", "sh", "-c", "echo of $(id -un); exit 7")
        assert (said.code, said.stdout) == (7, "of root\n"), said.stderr
        assert user.spawn("list", "-o", "ids").stdout.split() == [launched.document()["id"]]
        ended = user.spawn("cancel", "box", "--yes")
        assert ended.code == 0, ended.stderr
    finally:
        down = user.spawn("cloud", "down")
    assert down.code == 0, down.stderr
    assert not processes_in(user.home)


def processes_in(home: Path) -> list[str]:
    """The command lines of processes that were given something of this home."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            found += [words] if str(home) in words else []
    return found
