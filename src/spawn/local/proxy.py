"""`python -m spawn.local.proxy HOST PORT`: an SSH ProxyCommand into the embedded cloud.

Connects to an instance's public address as if from the internet, and joins the connection to
standard input and output. Where the cloud lies is said by SPAWN_CLOUD_DIRECTORY; the address to
come from by --source or SPAWN_CLOUD_SOURCE, where it is not to be what the cloud takes for the
caller's. Standard library only: it starts with every `ssh`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

_CHUNK_BYTES = 64 * 1024
_SOCKET = "plane.sock"


class ProxyError(Exception):
    """The connection can't be made; the text says why."""


def open_connection(
    directory: Path, *, host: str, port: int, source: str | None = None
) -> socket.socket:
    """Connect to an instance from outside. Raises ProxyError; blocks while nothing answers.

    `source` is the address to come from, None for the one that the cloud takes for the caller's.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        state = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        try:
            # By way of /proc, since a socket's path may have no more than 108 bytes.
            connection.connect(f"/proc/self/fd/{state}/{_SOCKET}")
        finally:
            os.close(state)
        request = {"source": source, "host": host, "port": port}
        connection.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(_read_line(connection) or b"{}")
    except (OSError, ValueError) as error:
        connection.close()
        raise ProxyError(f"the embedded cloud in {directory} can't be reached: {error}") from error
    if answer.get("connected") is not True:
        connection.close()
        raise ProxyError(str(answer.get("error", "the embedded cloud has ended")))
    return connection


def _read_line(connection: socket.socket) -> bytes:
    # One byte at a time: what follows the line belongs to the one who uses the connection.
    line = b""
    while (byte := connection.recv(1)) not in (b"", b"\n"):
        line += byte
    return line


def join_standard_streams(connection: socket.socket) -> None:
    """Carry standard input there and what comes back to standard output, until it ends."""
    threading.Thread(target=_send_input, args=(connection,), daemon=True).start()
    while data := connection.recv(_CHUNK_BYTES):
        _write_all(sys.stdout.fileno(), data)


def _send_input(connection: socket.socket) -> None:
    try:
        while data := os.read(sys.stdin.fileno(), _CHUNK_BYTES):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the connection is gone, which the other direction sees too


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run as a program; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m spawn.local.proxy", description="Connect to an instance, for ssh."
    )
    parser.add_argument("host", help="the instance's public IP address")
    parser.add_argument("port", type=int)
    parser.add_argument("--source", default=environment.get("SPAWN_CLOUD_SOURCE"))
    options = parser.parse_args(arguments)
    directory = environment.get("SPAWN_CLOUD_DIRECTORY")
    if not directory:
        sys.stderr.write("SPAWN_CLOUD_DIRECTORY is not set: see `spawn cloud env`\n")
        return 1
    try:
        connection = open_connection(
            Path(directory), host=options.host, port=options.port, source=options.source
        )
        join_standard_streams(connection)
    except (ProxyError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:], os.environ))
    except KeyboardInterrupt:
        sys.exit(130)
