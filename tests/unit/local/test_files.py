"""The cloud's directory is its owner's alone, and its process is never mistaken."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from spawn.local.files import (
    CloudFile,
    DirectoryRefused,
    default_directory,
    is_running,
    prepare_directory,
    read_cloud_file,
    start_time_of,
    write_cloud_file,
)

CLOUD = CloudFile(
    pid=1,
    start_time="2",
    port=3,
    access_key_id="AKIA",
    secret_access_key="hidden",
    control_plane_only=True,
)


def test_the_directory_is_made_private(tmp_path: Path) -> None:
    """A new directory, and one that stood open, end as 0700."""
    open_directory = tmp_path / "c"
    open_directory.mkdir(mode=0o755)
    for directory in (open_directory, tmp_path / "new"):
        prepare_directory(directory)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_link_is_refused(tmp_path: Path) -> None:
    """Somebody's link in our directory's place leads nowhere."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "c").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DirectoryRefused, match="link"):
        prepare_directory(tmp_path / "c")


def test_a_long_path_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Where sockets can't be named, the message says which variable to set."""
    with pytest.raises(DirectoryRefused, match="SPAWN_CLOUD_DIRECTORY"):
        prepare_directory(tmp_path / ("x" * 100))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_another_user_s_directory_is_refused(tmp_path: Path) -> None:
    """A directory of somebody else holds no cloud of ours."""
    directory = tmp_path / "c"
    directory.mkdir(mode=0o700)
    os.chown(directory, 12345, 12345)
    with pytest.raises(DirectoryRefused, match="12345"):
        prepare_directory(directory)


def test_the_cloud_file_is_private_and_comes_back(tmp_path: Path) -> None:
    """What is written is read, by its owner only, and its text form hides the secret."""
    write_cloud_file(tmp_path, CLOUD)
    assert read_cloud_file(tmp_path) == CLOUD
    assert stat.S_IMODE((tmp_path / "cloud.json").stat().st_mode) == 0o600
    assert "hidden" not in repr(CLOUD)


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"pid": "1"}'])
def test_a_broken_cloud_file_is_no_cloud(tmp_path: Path, content: str) -> None:
    """What can't be read is as good as absent."""
    (tmp_path / "cloud.json").write_text(content)
    assert read_cloud_file(tmp_path) is None


def test_a_process_is_known_by_its_start() -> None:
    """The same number with another start time is another process; a dead one is none."""
    own = start_time_of(os.getpid())
    assert is_running(os.getpid(), own)
    assert not is_running(os.getpid(), "1")
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        began = start_time_of(process.pid)
        process.wait()
        assert not is_running(process.pid, began)


def test_where_the_cloud_lives(tmp_path: Path) -> None:
    """The variable goes before the runtime directory, which goes before the home."""
    home = {"HOME": "/home/me"}
    runtime = {**home, "XDG_RUNTIME_DIR": str(tmp_path)}
    assert default_directory({**runtime, "SPAWN_CLOUD_DIRECTORY": "/c"}) == Path("/c")
    assert default_directory(runtime) == tmp_path / "spawn-cloud"
    assert default_directory(home) == Path("/home/me/.local/state/spawn/cloud")
