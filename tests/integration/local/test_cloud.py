"""Up, down, twice at once, killed: the cloud's process is always accounted for."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spawn.local import cloud as embedded
from spawn.local.files import is_running, read_cloud_file
from tests.integration.local.conftest import wait_until


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short name, whose cloud is ended whatever happens."""
    with tempfile.TemporaryDirectory(prefix="spawn-test-") as above:
        directory = Path(above) / "cloud"
        try:
            yield directory
        finally:
            embedded.down(directory)


def test_two_ups_at_once_make_one_cloud(place: Path) -> None:
    """The second waits for the first and finds its cloud."""
    found: list[embedded.Environment] = []
    threads = [
        threading.Thread(target=lambda: found.append(embedded.up(place, control_plane_only=True)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]


def test_up_is_idempotent_and_down_is_final(place: Path) -> None:
    """Up finds what runs; down ends it, waits, and says whether there was one."""
    first = embedded.up(place, control_plane_only=True)
    assert embedded.up(place, control_plane_only=True) == first
    status = embedded.status(place)
    assert status.endpoint == first.variables["AWS_ENDPOINT_URL"]
    assert embedded.down(place)
    assert not is_running(status.pid, None)
    assert not embedded.down(place)
    with pytest.raises(embedded.NotRunning):
        embedded.environment(place)


def test_what_it_writes_is_private(place: Path) -> None:
    """Directory 0700; every file and socket in it 0600."""
    embedded.up(place, control_plane_only=True)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    for path in place.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_killed_cloud_is_recognised(place: Path) -> None:
    """After kill -9 there is no cloud, and the next up starts one with other keys."""
    before = embedded.up(place, control_plane_only=True)
    cloud = read_cloud_file(place)
    assert cloud is not None
    os.kill(cloud.pid, signal.SIGKILL)
    wait_until(lambda: not is_running(cloud.pid, cloud.start_time))
    with pytest.raises(embedded.NotRunning):
        embedded.environment(place)
    after = embedded.up(place, control_plane_only=True)
    name = "AWS_ACCESS_KEY_ID"
    assert after.variables[name] != before.variables[name]


def test_another_process_of_the_same_number_is_left_alone(place: Path) -> None:
    """A stale file that names a living stranger makes down end nobody."""
    place.mkdir(mode=0o700)
    stale = (
        f'{{"pid": {os.getpid()}, "start_time": "1", "port": 1, "access_key_id": "a",'
        '"secret_access_key": "b", "control_plane_only": true}'
    )
    (place / "cloud.json").write_text(stale)
    assert not embedded.down(place)
    assert not (place / "cloud.json").exists()


def test_a_cloud_that_cannot_come_up_says_why(place: Path, tmp_path: Path) -> None:
    """The failure carries the last lines of its log, and leaves no cloud."""
    (tmp_path / "moto.py").write_text("raise ImportError('moto is broken here')")
    program = (
        "import pathlib, sys; from spawn.local import cloud\n"
        "try: cloud.up(pathlib.Path(sys.argv[1]), control_plane_only=True)\n"
        "except cloud.CloudFailed as failure: sys.exit(failure.log)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, str(place)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 1
    assert "moto is broken here" in finished.stderr
    with pytest.raises(embedded.NotRunning):
        embedded.environment(place)


def test_the_environment_leads_here_and_nowhere_else(place: Path) -> None:
    """Endpoints of single services, profiles and sessions of the caller are taken out."""
    environment = embedded.up(place, control_plane_only=True)
    present = {
        "AWS_ENDPOINT_URL_S3": "https://elsewhere",
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "t",
        "PATH": "/bin",
    }
    applied = environment.applied_to(present)
    assert applied["PATH"] == "/bin"
    assert not {"AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(applied)
    named = embedded.environment(place, present).unset
    assert {"AWS_ENDPOINT_URL_S3", "AWS_PROFILE"} <= set(named)
