"""An SSH server in a thread: runs each command under /bin/sh, as an instance's login shell does."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import asyncssh

from spawn.aws.operation import Answer, Operation
from spawn.connect.connect import run
from spawn.connect.destination import Login
from spawn.connect.finding import find_way
from spawn.connect.keys import personal_key
from spawn.connect.machine import Machine
from spawn.connect.patience import Patience
from spawn.connect.programs import Completed
from spawn.connect.publickey import PublicKey, parse_public_key
from spawn.connect.way import Way
from tests.unit.connect.builders import (
    INSTANCE_ID,
    LAUNCHED,
    FakeTime,
    ScriptedWriter,
    cloud,
    console_text,
    instance,
)

LOOPBACK = "127.0.0.1"
START_TIMEOUT_SECONDS = 10.0
USUAL_LOGIN = Login(user="ec2-user")
# A program that attaches the program that its words name, and ends with that one's code.
ATTACH = (
    "import sys; from spawn.connect.programs import LocalPrograms; "
    "sys.exit(LocalPrograms().attach(sys.argv[1:]))"
)


@dataclass
class SshServer:
    """A running server; `host_key` is what it shows, `logins` counts those let in.

    `authorized` are its lines of authorized_keys, read at each login. `led_on` are the ports
    that it was asked to lead on to, which it does only where `leads_on`.
    """

    machine: Machine
    host_key: asyncssh.SSHKey
    authorized: list[str]
    instance_id: str = INSTANCE_ID
    leads_on: bool = False
    port: int = 0
    logins: list[str] = field(default_factory=list)
    led_on: list[int] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)

    @property
    def public_host_key(self) -> PublicKey:
        """The public half of the host key."""
        return parse_public_key(self.host_key.export_public_key().decode())

    def way(
        self,
        *,
        console: str | None = None,
        key_name: str | None = None,
        login: Login = USUAL_LOGIN,
        scripted: ScriptedWriter | None = None,
    ) -> Way:
        """Find the way to it, with a console that shows its host key unless told otherwise."""
        shown = console_text(self.public_host_key) if console is None else console
        own = personal_key(self.machine.state_directory, self.machine.programs).pair_name
        found = instance(
            instance_id=self.instance_id,
            public_ip_address=LOOPBACK,
            key_name=own if key_name is None else key_name,
        )
        way = find_way(
            found,
            cloud(scripted or showing(shown)),
            self.machine,
            login=login,
            now=LAUNCHED,
            patience=at_once(),
        )
        return replace(way, target=replace(way.target, port=self.port))

    def run(self, *words: str, stdin: bytes = b"") -> Completed:
        """Run a command on it."""
        return run(self.way(), words, stdin=stdin, timeout_seconds=30, patience=at_once())


def showing(console: str) -> ScriptedWriter:
    """Return an AWS that shows a console, and nothing else."""

    def answer(operation: Operation, _: Mapping[str, Any]) -> Answer:
        return {"Output": console} if operation.name == "GetConsoleOutput" else {}

    return ScriptedWriter(answer)


def at_once() -> Patience:
    """A patience for one try."""
    return FakeTime().patience(0)


@contextmanager
def serving(
    machine: Machine, *, instance_id: str = INSTANCE_ID, leads_on: bool = False
) -> Iterator[SshServer]:
    """Serve on a free port of loopback until the end of the block."""
    key = personal_key(machine.state_directory, machine.programs)
    server = SshServer(
        machine=machine,
        host_key=asyncssh.generate_private_key("ssh-ed25519"),
        authorized=[key.public_line],
        instance_id=instance_id,
        leads_on=leads_on,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        listening = asyncio.run_coroutine_threadsafe(_listen(server), loop)
        acceptor = listening.result(START_TIMEOUT_SECONDS)
        server.port = acceptor.get_port()
        yield server
        asyncio.run_coroutine_threadsafe(_close(acceptor, server), loop).result(
            START_TIMEOUT_SECONDS
        )
    finally:
        asyncio.run_coroutine_threadsafe(_finish(), loop).result(START_TIMEOUT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_TIMEOUT_SECONDS)
        loop.close()


class _Doorkeeper(asyncssh.SSHServer):
    """Who is let in, and where they are led on to."""

    def __init__(self, server: SshServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        keys = asyncssh.import_authorized_keys("\n".join(self._server.authorized))
        self._connection.set_authorized_keys(keys)
        return True

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        self._server.led_on.append(dest_port)
        return self._server.leads_on


class _Files(asyncssh.SFTPServer):
    """The files of this machine, for scp; the end of a connection is a success."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel)
        self._ended = channel

    def exit(self) -> None:
        # OpenSSH's scp takes an end without an exit code for a failure.
        self._ended.exit(0)


async def _listen(server: SshServer) -> asyncssh.SSHAcceptor:
    async def run_command(process: asyncssh.SSHServerProcess[bytes]) -> None:
        server.logins.append(str(process.get_extra_info("username")))
        if process.command == "hang-up":
            process.get_extra_info("connection").abort()
            return
        await _run_in_shell(process)

    return await asyncssh.listen(
        LOOPBACK,
        0,
        server_factory=lambda: _Doorkeeper(server),
        server_host_keys=[server.host_key],
        process_factory=run_command,
        sftp_factory=_Files,
        encoding=None,
    )


async def _drained(pipe: asyncio.StreamReader | None) -> None:
    if pipe is not None:
        await pipe.read()


async def _finish() -> None:
    """End what still runs, and wait for it: a pipe left open would be some later test's failure."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _run_in_shell(process: asyncssh.SSHServerProcess[bytes]) -> None:
    words = ("-c", process.command) if process.command else ()
    shell = await asyncio.create_subprocess_exec(
        "/bin/sh", *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        given = await process.stdin.read()
        stdout, stderr = await shell.communicate(given)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        await asyncio.gather(shell.wait(), _drained(shell.stdout), _drained(shell.stderr))
    process.stdout.write(stdout)
    process.stderr.write(stderr)
    code = shell.returncode or 0
    if code < 0:
        process.exit_with_signal("KILL")
    else:
        process.exit(code)


async def _close(acceptor: asyncssh.SSHAcceptor, server: SshServer) -> None:
    acceptor.close()
    await acceptor.wait_closed()
    for connection in server.connections:
        connection.abort()
        await connection.wait_closed()
