"""The instance's SSH server: public keys only, commands, shells, files and forwarding.

OpenSSH's own server needs several user ids; in a user namespace of an ordinary user there is
one. asyncssh speaks the same protocol to the same clients.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import socket
import struct
import termios
from collections.abc import Mapping
from pathlib import Path

import asyncssh

from spawn.local.plane.access import Access
from spawn.local.plane.accounts import HOST_KEY, home_of
from spawn.local.plane.logins import logged_in, login_variables

_CHUNK_BYTES = 64 * 1024


def run_server(listener: socket.socket, environment: Mapping[str, str], *, access: Access) -> None:
    """Serve logins on a listening socket for as long as the instance lives."""
    asyncio.run(_serve(listener, environment, access))


async def _serve(listener: socket.socket, environment: Mapping[str, str], access: Access) -> None:
    async def login(process: asyncssh.SSHServerProcess[bytes]) -> None:
        await _run_login(process, environment)

    options = asyncssh.SSHServerConnectionOptions(
        server_factory=lambda: _Server(access),
        server_host_keys=[str(HOST_KEY)],
        server_version="OpenSSH_9.2p1_spawn",
        process_factory=login,
        sftp_factory=_FileServer,
        allow_scp=False,
        encoding=None,
        agent_forwarding=True,
        keepalive_interval=0,
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(loop, options, access), sock=listener)
    await server.serve_forever()


class _Connection(asyncssh.SSHServerConnection):
    """A connection on which what is revoked is refused, whoever vouches for it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        options: asyncssh.SSHServerConnectionOptions,
        access: Access,
    ) -> None:
        super().__init__(loop, options)
        self._access = access

    async def validate_public_key(
        self, username: str, key_data: bytes, msg: bytes, signature: bytes
    ) -> bool:
        if await self._access.is_revoked(key_data):
            return False
        return await super().validate_public_key(username, key_data, msg, signature)


class _Server(asyncssh.SSHServer):
    """Who may log in, and what they may forward (everything, as OpenSSH's defaults say)."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    async def begin_auth(self, username: str) -> bool:
        self._connection.set_authorized_keys(await self._access.keys_of(username))
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._access.trusts(username, key)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        return True

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return True

    def unix_connection_requested(self, dest_path: str) -> bool:
        return True

    def unix_server_requested(self, listen_path: str) -> bool:
        return True


class _FileServer(asyncssh.SFTPServer):
    """Files for scp and sftp: relative paths begin at the user's home, and the end is a success."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel)
        self._ended = channel
        self._home = os.fsencode(home_of(str(channel.get_extra_info("username"))))

    def map_path(self, path: bytes) -> bytes:
        return os.path.join(self._home, path)  # noqa: PTH118 - paths here are bytes

    def exit(self) -> None:
        # OpenSSH's scp takes an end without an exit code for a failure.
        self._ended.exit(0)


async def _run_login(
    process: asyncssh.SSHServerProcess[bytes], environment: Mapping[str, str]
) -> None:
    username = str(process.get_extra_info("username"))
    home = home_of(username)
    full_environment = {
        **environment,
        **login_variables(),
        "HOME": str(home),
        "USER": username,
        "LOGNAME": username,
        "SHELL": "/bin/bash",
        **_connection_variables(process),
        **{
            str(name): str(value)
            for name, value in process.env.items()
            if str(name) in ("LANG", "TERM") or str(name).startswith("LC_")
        },
    }
    command = process.command
    # A leading dash makes it a login shell.
    arguments = ["-bash"] if command is None else ["bash", "-c", command]
    if process.term_type is not None:
        full_environment["TERM"] = process.term_type
        await _run_on_terminal(process, arguments, home, full_environment)
    else:
        await _run_on_pipes(process, arguments, home, full_environment)


def _connection_variables(process: asyncssh.SSHServerProcess[bytes]) -> dict[str, str]:
    peer = process.get_extra_info("peername")
    here = process.get_extra_info("sockname")
    return {
        "SSH_CLIENT": f"{peer[0]} {peer[1]} {here[1]}",
        "SSH_CONNECTION": f"{peer[0]} {peer[1]} {here[0]} {here[1]}",
    }


async def _run_on_pipes(
    process: asyncssh.SSHServerProcess[bytes],
    arguments: list[str],
    home: Path,
    environment: Mapping[str, str],
) -> None:
    child = await asyncio.create_subprocess_exec(
        *arguments,
        executable="/bin/bash",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=home,
        env=environment,
        start_new_session=True,
    )
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise AssertionError  # all three are pipes, as asked for above
    feeding = asyncio.create_task(_feed(process, child.stdin, child.pid))
    outputs = asyncio.gather(
        _drain(child.stdout, process.stdout), _drain(child.stderr, process.stderr)
    )
    code = await child.wait()
    # Whoever still holds the pipes may go on writing, as with OpenSSH's server.
    await outputs
    feeding.cancel()
    _finish(process, code)


async def _feed(
    process: asyncssh.SSHServerProcess[bytes], sink: asyncio.StreamWriter, pid: int
) -> None:
    """Pass the client's input and signals on to a command, until the client ends its input."""
    while True:
        try:
            data = await process.stdin.read(_CHUNK_BYTES)
        except asyncssh.SignalReceived as received:
            _signal_group(pid, received.signal)
            continue
        except asyncssh.BreakReceived:
            _signal_group(pid, "INT")
            continue
        except asyncssh.TerminalSizeChanged:
            continue
        if not data:
            break
        try:
            sink.write(data)
            await sink.drain()
        except (BrokenPipeError, ConnectionResetError):
            break
    sink.close()


async def _drain(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    is_heard = True
    while data := await source.read(_CHUNK_BYTES):
        if not is_heard:
            continue  # the client is gone; an unread pipe would hold the command up for ever
        try:
            sink.write(data)
            await sink.drain()
        except (BrokenPipeError, ConnectionResetError):
            is_heard = False


def _signal_group(pid: int, name: str) -> None:
    number = getattr(signal, f"SIG{name}", None)
    if number is not None:
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself meanwhile
            os.killpg(pid, number)


def _finish(process: asyncssh.SSHServerProcess[bytes], code: int) -> None:
    if code >= 0:
        process.exit(code)
    else:
        process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))


async def _run_on_terminal(
    process: asyncssh.SSHServerProcess[bytes],
    arguments: list[str],
    home: Path,
    environment: Mapping[str, str],
) -> None:
    terminal, child_side = pty.openpty()
    _resize(terminal, process.term_size)
    device = os.ttyname(child_side)
    host = environment["SSH_CLIENT"].partition(" ")[0]
    with logged_in(device, user=environment["USER"], host=host):
        child = await asyncio.create_subprocess_exec(
            *arguments,
            executable="/bin/bash",
            stdin=child_side,
            stdout=child_side,
            stderr=child_side,
            cwd=home,
            env={**environment, "SSH_TTY": device},
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(child_side)
        os.set_blocking(terminal, False)
        feeding = asyncio.create_task(_feed_terminal(process, terminal, child.pid))
        showing = asyncio.create_task(_show_terminal(process, terminal))
        code = await child.wait()
        await showing
    feeding.cancel()
    os.close(terminal)
    _finish(process, code)


def _take_terminal() -> None:
    """In the child, before it runs the shell: make standard input its controlling terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _resize(terminal: int, size: tuple[int, int, int, int]) -> None:
    columns, rows, width_pixels, height_pixels = size
    packed = struct.pack("HHHH", rows, columns, width_pixels, height_pixels)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, packed)


async def _feed_terminal(
    process: asyncssh.SSHServerProcess[bytes], terminal: int, pid: int
) -> None:
    while True:
        try:
            data = await process.stdin.read(_CHUNK_BYTES)
        except asyncssh.TerminalSizeChanged as change:
            _resize(terminal, change.term_size)
            continue
        except asyncssh.SignalReceived as received:
            _signal_group(pid, received.signal)
            continue
        except asyncssh.BreakReceived:
            termios.tcsendbreak(terminal, 0)
            continue
        if not data:
            break
        await _write_all(terminal, data)
    await process.channel.wait_closed()
    # The client is gone: what a modem's hang-up does to a terminal's session.
    _signal_group(pid, "HUP")


async def _write_all(terminal: int, data: bytes) -> None:
    loop = asyncio.get_running_loop()
    while data:
        try:
            data = data[os.write(terminal, data) :]
        except BlockingIOError:
            writable = asyncio.Event()
            loop.add_writer(terminal, writable.set)
            await writable.wait()
            loop.remove_writer(terminal)


async def _show_terminal(process: asyncssh.SSHServerProcess[bytes], terminal: int) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(terminal, readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            try:
                data = os.read(terminal, _CHUNK_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                return  # EIO: nobody holds the other side any more
            process.stdout.write(data)
            await process.stdout.drain()
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        loop.remove_reader(terminal)
