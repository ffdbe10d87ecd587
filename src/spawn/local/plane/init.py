"""The first process of an instance: makes it what the launch asked for, and then keeps house.

1. Name, environment, users, host key; the launch's public keys on the first boot.
2. The SSH port is opened, and it is said that the instance is up.
3. The SSH server and user-data run as children, each by itself: neither waits for the other.
4. Orphans are waited for, and each second /proc/stat is written anew. An order to end passes on to
   all processes, and after a while the kernel ends what is left, together with this process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import asyncssh

from spawn.local.plane import cloudinit, logins, sshd
from spawn.local.plane.access import Access
from spawn.local.plane.accounts import HOST_KEY, home_of
from spawn.local.plane.messages import Boot
from spawn.local.plane.processor_time import REFRESHED_EVERY_SECONDS, ProcessorTime

UP = "up"
_SSH_PORT = 22
# EC2 gives an instance minutes to shut down; nothing here needs that long.
_GRACE_SECONDS = 2.0
# A server that can't start would otherwise be started again without pause.
_RESTART_PAUSE_SECONDS = 1.0
_PATH = "/usr/local/sbin:/usr/local/bin:/opt/spawn/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class _EndOrderedError(Exception):
    """Raised by the signal that orders the instance to end, wherever it finds this process."""


def run_init(order: Boot, status: int) -> None:
    """Be the first process of an instance. Returns when it is to end; `status` hears "up"."""
    signal.signal(signal.SIGTERM, _on_end_ordered)
    try:
        environment = {"PATH": _PATH, "LANG": "C.UTF-8", **order.environment}
        os.environ.clear()
        os.environ.update(environment)
        _prepare(order, environment)
        listener = socket.create_server(("", _SSH_PORT), backlog=128)
        os.write(status, UP.encode())
        os.close(status)
        _keep_house(order, listener, environment)
    except _EndOrderedError:
        _end_processes()


def _on_end_ordered(number: int, frame: FrameType | None) -> None:
    raise _EndOrderedError


def _keep_house(order: Boot, listener: socket.socket, environment: Mapping[str, str]) -> None:
    booted_at = time.monotonic()
    access = Access(instance_id=order.instance_id, software=order.software)

    def serve() -> None:
        sshd.run_server(listener, environment, access=access)

    def initialize() -> None:
        # As a service of systemd has it: neither HOME nor USER is set.
        cloudinit.run_user_data(
            order, environment, booted_at=booted_at, print_host_keys=_print_host_keys
        )

    _keep_time()
    server = _start(serve)
    _start(initialize)
    while True:
        process_id, _ = os.wait()
        if process_id == server:
            time.sleep(_RESTART_PAUSE_SECONDS)
            server = _start(serve)


def _keep_time() -> None:
    processor_time = ProcessorTime()

    def refresh(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(OSError):  # it stands as it was; the instance must not end of it
            processor_time.refresh()

    signal.signal(signal.SIGALRM, refresh)
    signal.setitimer(signal.ITIMER_REAL, REFRESHED_EVERY_SECONDS, REFRESHED_EVERY_SECONDS)


def _start(work: Callable[[], None]) -> int:
    process_id = os.fork()
    if process_id:
        return process_id
    exit_code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        work()
        exit_code = 0
    except Exception:  # noqa: BLE001 - the outermost border of a process that nobody else would speak for
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(exit_code)


def _end_processes() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        os.kill(-1, signal.SIGTERM)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline:
        try:
            process_id, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if process_id == 0:
            time.sleep(0.02)


def _prepare(order: Boot, environment: Mapping[str, str]) -> None:
    socket.sethostname(order.hostname)
    Path("/etc/hostname").write_text(order.hostname + "\n")
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {order.hostname}\n")
    quoted = [f'{name}="{value}"' for name, value in environment.items()]
    Path("/etc/environment").write_text("\n".join(quoted) + "\n")
    Path("/etc/profile").write_text(
        "".join(f"export {line}\n" for line in quoted)
        + 'for script in /etc/profile.d/*.sh; do [ -r "$script" ] && . "$script"; done\n'
    )
    _add_users(order.software.login_users)
    logins.PATH.touch(mode=0o664)
    if not HOST_KEY.exists():
        _make_host_key(order.hostname)
        _authorize(order.software.login_users, order.public_keys)


def _add_users(names: tuple[str, ...]) -> None:
    entries = ["root:x:0:0:root:/root:/bin/bash"]
    entries += [f"{name}:x:0:0::{home_of(name)}:/bin/bash" for name in names]
    passwd = Path("/etc/passwd")
    known = passwd.read_text()
    missing = [entry for entry in entries if f"{entry.split(':')[0]}:" not in known]
    if missing:
        passwd.write_text(known + "".join(f"{entry}\n" for entry in missing))
    for name in names:
        home_of(name).mkdir(mode=0o700, exist_ok=True)


def _make_host_key(hostname: str) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519", comment=f"root@{hostname}")
    HOST_KEY.parent.mkdir(mode=0o755, exist_ok=True)
    key.write_private_key(str(HOST_KEY))  # written with mode 0600
    key.write_public_key(f"{HOST_KEY}.pub")


def _authorize(names: tuple[str, ...], public_keys: tuple[str, ...]) -> None:
    for name in names:
        folder = home_of(name) / ".ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        file = folder / "authorized_keys"
        file.write_text("".join(f"{key.strip()}\n" for key in public_keys))
        file.chmod(0o600)


def _print_host_keys() -> None:
    """Write the host key to the console as cloud-init's `keys_to_console` does."""
    public_key = Path(f"{HOST_KEY}.pub").read_text().strip()
    fingerprint = asyncssh.import_public_key(public_key).get_fingerprint()
    comment = public_key.split(" ", 2)[2]
    lines = [
        "-----BEGIN SSH HOST KEY FINGERPRINTS-----",
        f"256 {fingerprint} {comment} (ED25519)",
        "-----END SSH HOST KEY FINGERPRINTS-----",
        "-----BEGIN SSH HOST KEY KEYS-----",
        public_key,
        "-----END SSH HOST KEY KEYS-----",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
