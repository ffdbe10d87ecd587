"""A person's own script: run once, as root, under the shell it asks for, seen on the console."""

import gzip
from pathlib import Path

import pytest

from tests.e2e.conftest import Launch

pytestmark = pytest.mark.e2e

COUNT = """
echo "run by $(id -un) under $(readlink /proc/$$/exe | sed 's,.*/,,')"
echo x >> /var/count
"""


def test_a_script_runs_once_as_root(launch: Launch) -> None:
    """Text without `#!` runs under bash as root, at the first boot alone; the console shows it."""
    box = launch("--user-data", COUNT)
    box.await_console("finished at")
    assert "run by root under bash" in box.console()
    box.run("sudo", "reboot")
    box.await_console("finished at", times=2)
    assert box.sh("cat /var/count") == "x\n"


def test_a_file_of_any_known_kind_runs(launch: Launch, home: Path) -> None:
    """A gzipped #cloud-config is taken from a file, and runs beside the agent."""
    file = home / "config.gz"
    file.write_bytes(
        gzip.compress(b"#cloud-config\nruncmd:\n  - [sh, -c, 'echo \"from runcmd\"']\n")
    )
    box = launch("--user-data", f"@{file}")
    assert "from runcmd" in box.await_console("finished at")
    assert "watching until" in box.await_console("spored: 1 ")
