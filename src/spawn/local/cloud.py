"""Bring the embedded cloud up and down, and say how programs reach it.

`up` starts one detached process (`spawn.local.control`), which starts the data plane. All they
share with the world is a directory: `cloud.json`, two sockets, logs, consoles.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from spawn.local.client import ControlClient, NotAnswering
from spawn.local.files import (
    CloudFile,
    DirectoryRefused,
    default_directory,
    is_running,
    prepare_directory,
    read_cloud_file,
    start_time_of,
)
from spawn.local.requirements import Missing, missing_requirements

__all__ = [
    "CloudFailed",
    "DirectoryRefused",
    "Environment",
    "MachineLacks",
    "Missing",
    "NotRunning",
    "Status",
    "default_directory",
    "doctor",
    "down",
    "environment",
    "reset",
    "status",
    "up",
]

REGION = "us-east-1"
UP_SECONDS = 60.0  # about 3 s on an idle machine; a loaded one may take ten times that
DOWN_SECONDS = 20.0
LOG_LINES_SHOWN = 15
# Of the caller's environment, only what a program needs to run; no AWS setting leads anywhere.
KEPT_VARIABLES = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "TMPDIR", "XDG_RUNTIME_DIR")
UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
UNSET_ALSO = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT")
ENDPOINT_PREFIX = "AWS_ENDPOINT_URL_"  # a service's own endpoint goes before AWS_ENDPOINT_URL


class CloudFailed(Exception):
    """The cloud did not come up, or not go down; `log` holds the last lines it wrote."""

    def __init__(self, message: str, *, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class MachineLacks(Exception):
    """This machine can't run instances as it is; `missing` says what would change that."""

    def __init__(self, missing: tuple[Missing, ...]) -> None:
        super().__init__("; ".join(f"{lack.what}: {lack.remedy}" for lack in missing))
        self.missing = missing


class NotRunning(Exception):
    """There is no cloud in this directory."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Environment:
    """What makes programs use the cloud: variables to set, and names to unset."""

    variables: Mapping[str, str]
    unset: tuple[str, ...]

    def applied_to(self, present: Mapping[str, str]) -> dict[str, str]:
        """A whole environment for a program: `present` with these variables in force."""
        kept = {
            name: value
            for name, value in present.items()
            if name not in self.unset and not name.startswith(ENDPOINT_PREFIX)
        }
        return {**kept, **self.variables}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Status:
    """A running cloud. `instances` maps ids to states."""

    directory: Path
    endpoint: str
    pid: int
    control_plane_only: bool
    instances: Mapping[str, str]
    regions: tuple[str, ...]
    troubles: tuple[str, ...]


def up(directory: Path, *, control_plane_only: bool = False) -> Environment:
    """Start the cloud, or find it running.

    Raises CloudFailed, MachineLacks (never with `control_plane_only`), DirectoryRefused, OSError.
    """
    directory = prepare_directory(directory)
    with _locked(directory):
        running = _running(directory)
        if running is None:
            if not control_plane_only:
                _check_machine()
            _clean(directory)
            _start(directory, control_plane_only=control_plane_only)
        elif running.control_plane_only and not control_plane_only:
            raise CloudFailed("the cloud that runs here has no instances: end it first")
    return environment(directory)


def doctor() -> tuple[Missing, ...]:
    """What this machine lacks for instances that run; empty when it lacks nothing."""
    return missing_requirements()


def _check_machine() -> None:
    missing = missing_requirements()
    if missing:
        raise MachineLacks(missing)


def down(directory: Path) -> bool:
    """End the cloud and all in it, and wait; whether there was one. Raises CloudFailed."""
    if not directory.is_dir():
        return False
    with _locked(directory):
        cloud = read_cloud_file(directory)
        was_running = cloud is not None and is_running(cloud.pid, cloud.start_time)
        if cloud is not None:
            _end(cloud.pid, cloud.start_time)
            _wait_for_plane(cloud)
        _clean(directory)
    return was_running


def reset(directory: Path) -> None:
    """Empty the account; port and keys stay. Raises NotRunning, CloudFailed."""
    client = _client(directory)
    try:
        client.post("/_spawn/reset", b"")
    except NotAnswering as error:
        raise CloudFailed(str(error), log=_log_tail(directory)) from error


def status(directory: Path) -> Status:
    """What runs in the cloud. Raises NotRunning, CloudFailed."""
    cloud = _require(directory)
    try:
        answer = ControlClient(cloud).status()
    except NotAnswering as error:
        raise CloudFailed(str(error), log=_log_tail(directory)) from error
    return Status(
        directory=directory,
        endpoint=_endpoint(cloud),
        pid=cloud.pid,
        control_plane_only=cloud.control_plane_only,
        instances=answer.instances,
        regions=tuple(answer.regions),
        troubles=tuple(answer.troubles),
    )


def environment(directory: Path, present: Collection[str] = ()) -> Environment:
    """How programs reach the cloud that runs here. Raises NotRunning.

    `present` are the names of the caller's variables: those that would lead past the cloud are
    among the names to unset.
    """
    cloud = _require(directory)
    endpoint = _endpoint(cloud)
    # OpenSSH expands %-tokens in a proxy command and hands the rest to the user's shell.
    program = shlex.join([sys.executable, "-m", "spawn.local.proxy"]).replace("%", "%%")
    own_endpoints = sorted(name for name in present if name.startswith(ENDPOINT_PREFIX))
    return Environment(
        variables={
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": cloud.access_key_id,
            "AWS_SECRET_ACCESS_KEY": cloud.secret_access_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SPAWN_ADDRESS_URL": f"{endpoint}/_spawn/address",
            "SPAWN_SSH_PROXY_COMMAND": f"{program} %h %p",
            "SPAWN_CLOUD_DIRECTORY": str(directory.absolute()),
            # Nothing boots there, so nothing will ever answer on SSH.
            **({"SPAWN_WAIT": "running"} if cloud.control_plane_only else {}),
        },
        unset=(*UNSET, *UNSET_ALSO, *own_endpoints),
    )


def _endpoint(cloud: CloudFile) -> str:
    return f"http://127.0.0.1:{cloud.port}"


def _running(directory: Path) -> CloudFile | None:
    cloud = read_cloud_file(directory)
    return cloud if cloud is not None and is_running(cloud.pid, cloud.start_time) else None


def _require(directory: Path) -> CloudFile:
    cloud = _running(directory)
    if cloud is None:
        raise NotRunning(f"no cloud runs in {directory}")
    return cloud


def _client(directory: Path) -> ControlClient:
    return ControlClient(_require(directory))


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One `up` or `down` at a time; the kernel drops the lock of one that dies."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _clean(directory: Path) -> None:
    """Remove what a cloud that is gone left behind; the logs stay."""
    left = [directory / name for name in ("cloud.json", "api.sock", "plane.sock")]
    for path in (*left, *(directory / "console").glob("i-*")):
        path.unlink(missing_ok=True)


def _start(directory: Path, *, control_plane_only: bool) -> None:
    """Start the control plane, detached, and wait until it is ready. Raises CloudFailed."""
    read_end, write_end = os.pipe()
    options = ["--control-plane-only"] if control_plane_only else []
    log = os.open(directory / "control.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        subprocess.run(  # setsid forks: the cloud is nobody's child that would have to wait for it
            [
                "setsid",
                "--fork",
                sys.executable,
                "-m",
                "spawn.local.control",
                "--directory",
                str(directory),
                "--ready-fd",
                str(write_end),
                *options,
            ],
            check=True,
            pass_fds=(write_end,),
            cwd="/",
            env={k: v for k, v in os.environ.items() if k in KEPT_VARIABLES},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    finally:
        os.close(write_end)
        os.close(log)
    _wait_until_ready(directory, read_end)


def _wait_until_ready(directory: Path, read_end: int) -> None:
    """The pipe says the process' id, then "ready"; it closes when the process dies."""
    deadline = time.monotonic() + UP_SECONDS
    said = b""
    with os.fdopen(read_end, "rb", buffering=0) as pipe:
        while not said.endswith(b"ready\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                _end_started(said)
                raise CloudFailed(
                    f"the cloud was not ready within {UP_SECONDS:.0f} s", log=_log_tail(directory)
                )
            chunk = pipe.read(100)
            if not chunk:
                raise CloudFailed("the cloud did not come up", log=_log_tail(directory))
            said += chunk


def _end_started(said: bytes) -> None:
    pid_text = said.partition(b"\n")[0]
    if pid_text.isdigit():
        pid = int(pid_text)
        _end(pid, start_time_of(pid))


def _end(pid: int, start_time: str | None) -> None:
    """End one process, never another that has got its number since. Raises CloudFailed."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not is_running(pid, start_time):
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, number)
            if select.select([descriptor], [], [], DOWN_SECONDS)[0]:
                return
        raise CloudFailed(f"process {pid} does not end")
    finally:
        os.close(descriptor)


def _wait_for_plane(cloud: CloudFile) -> None:
    """The data plane ends by itself when the control plane is gone. Raises CloudFailed."""
    deadline = time.monotonic() + DOWN_SECONDS
    while is_running(cloud.plane_pid, cloud.plane_start_time):
        if time.monotonic() > deadline:
            raise CloudFailed(f"the data plane (process {cloud.plane_pid}) does not end")
        time.sleep(0.02)


def _log_tail(directory: Path) -> str:
    lines: list[str] = []
    for name in ("plane.log", "control.log"):
        with contextlib.suppress(FileNotFoundError):
            lines += (directory / name).read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "\n".join(lines)
