"""The cloud's directory: who may own it, what lies in it, whether its process still runs."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from spawn.core.directories import make_private_directory

MAX_SOCKET_PATH_BYTES = 107  # sun_path of unix(7), less its final zero
LONGEST_SOCKET_NAME = "plane.sock"


class DirectoryRefused(Exception):
    """The directory can't hold a cloud; the text says why and what to use instead."""


class CloudFile(msgspec.Struct, frozen=True, kw_only=True):
    """`cloud.json`: the running cloud, as its process describes itself when it is ready."""

    pid: int
    start_time: str  # with the pid, it names one process for ever
    port: int
    access_key_id: str
    secret_access_key: str
    control_plane_only: bool
    plane_pid: int | None = None
    plane_start_time: str | None = None

    def __repr__(self) -> str:
        return f"CloudFile(pid={self.pid}, port={self.port}, secret_access_key=****)"


def default_directory(environment: Mapping[str, str]) -> Path:
    """Where a person's cloud lives, by their environment."""
    given = environment.get("SPAWN_CLOUD_DIRECTORY")
    if given:
        return Path(given).absolute()
    runtime = environment.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / "spawn-cloud"
    home = Path(environment.get("HOME") or Path.home())
    return home / ".local" / "state" / "spawn" / "cloud"


def prepare_directory(directory: Path) -> Path:
    """Make the directory, or check that it is ours alone. Raises DirectoryRefused, OSError."""
    directory = directory.absolute()
    longest = len(os.fsencode(directory / LONGEST_SOCKET_NAME))
    if longest > MAX_SOCKET_PATH_BYTES:
        raise DirectoryRefused(
            f"{directory} is too long by {longest - MAX_SOCKET_PATH_BYTES} bytes for the sockets "
            f"in it: set SPAWN_CLOUD_DIRECTORY to a shorter path"
        )
    make_private_directory(directory)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise DirectoryRefused(f"{directory} is not a directory, or is a link to one")
    if status.st_uid != os.geteuid():
        raise DirectoryRefused(f"{directory} belongs to another user (uid {status.st_uid})")
    if stat.S_IMODE(status.st_mode) != 0o700:
        directory.chmod(0o700)
    console = directory / "console"
    console.mkdir(mode=0o700, exist_ok=True)
    return directory


def write_cloud_file(directory: Path, cloud: CloudFile) -> None:
    """Put `cloud.json` in place whole, readable by its owner only."""
    path = directory / "cloud.json"
    temporary = directory / f".cloud.json.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(cloud))
    temporary.replace(path)


def read_cloud_file(directory: Path) -> CloudFile | None:
    """The cloud that was last ready here; None where there is none that can be read."""
    try:
        return msgspec.json.decode((directory / "cloud.json").read_bytes(), type=CloudFile)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def start_time_of(pid: int) -> str | None:
    """When a process began, in the kernel's ticks (proc(5), stat field 22); None when gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name in parentheses may hold anything
    state, start_time = fields[0], fields[19]
    return None if state == "Z" else start_time


def is_running(pid: int | None, start_time: str | None) -> bool:
    """Whether that very process runs, and not a later one of the same number."""
    return pid is not None and start_time is not None and start_time_of(pid) == start_time
