"""The part of the plane that stays in the machine's own namespaces.

It opens what lies in the state directory, starts the enclosure, and from then on does one thing:
for each packet on a socket, connect to the API's socket and pass the connection inside.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

from spawn.local.plane import enclosure
from spawn.local.plane.runtime import find_runtime

API_SOCKET = "api.sock"
PLANE_SOCKET = "plane.sock"
CONSOLES = "console"
CONNECTED = b"connected"
_API_PATIENCE_SECONDS = 5.0
_BACKLOG = 128


def run_plane(directory: Path, control: socket.socket) -> int:
    """Run the plane until its control connection ends or it is told to; returns an exit code."""
    state = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    user_id = enclosure.mapped_id(os.getuid(), Path("/proc/self/uid_map").read_text())
    consoles = _open_consoles(directory, user_id)
    listener = _listen(state)
    broker, inner_broker = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        broker.close()
        given = (control.fileno(), listener.fileno(), inner_broker.fileno(), consoles)
        _run_enclosure(directory, given, user_id)
    for inside_only in (control, listener, inner_broker):
        inside_only.close()
    signal.signal(signal.SIGTERM, _on_terminate)
    try:
        _serve_broker(broker, state)
    except _TerminatedError:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    _remove_socket(state)
    return max(0, os.waitstatus_to_exitcode(status))


class _TerminatedError(Exception):
    """Raised by SIGTERM, wherever it finds this process."""


def _on_terminate(number: int, frame: FrameType | None) -> None:
    raise _TerminatedError


def _open_consoles(directory: Path, user_id: int) -> int:
    consoles = directory / CONSOLES
    consoles.mkdir(mode=0o700, exist_ok=True)
    os.chown(consoles, user_id, -1)
    return os.open(consoles, os.O_RDONLY | os.O_DIRECTORY)


def _socket_path(state: int, name: str) -> str:
    # By way of /proc, since a socket's path may have no more than 108 bytes.
    return f"/proc/self/fd/{state}/{name}"


def _remove_socket(state: int) -> None:
    try:
        os.unlink(PLANE_SOCKET, dir_fd=state)
    except FileNotFoundError:
        return


def _listen(state: int) -> socket.socket:
    _remove_socket(state)  # of a plane that was killed
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old_mask = os.umask(0o177)
    try:
        listener.bind(_socket_path(state, PLANE_SOCKET))
    finally:
        os.umask(old_mask)
    listener.listen(_BACKLOG)
    return listener


def _run_enclosure(directory: Path, given: tuple[int, ...], user_id: int) -> NoReturn:
    exit_code = 1
    try:
        for descriptor in given:
            os.set_inheritable(descriptor, True)  # noqa: FBT003 - has no name
        arguments = ["-m", "spawn.local.plane.inside", *(str(each) for each in given)]
        exit_code = enclosure.run_enclosed(directory, find_runtime(), arguments, user_id=user_id)
    except Exception:  # noqa: BLE001 - the outermost border of a forked process
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(exit_code if exit_code >= 0 else 1)


def _serve_broker(broker: socket.socket, state: int) -> None:
    """Answer each packet with a connection to the API, or with why there is none."""
    while broker.recv(16):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_API_PATIENCE_SECONDS)
        try:
            connection.connect(_socket_path(state, API_SOCKET))
            socket.send_fds(broker, [CONNECTED], [connection.fileno()])
        except OSError as error:
            broker.send(str(error).encode())
        finally:
            connection.close()
