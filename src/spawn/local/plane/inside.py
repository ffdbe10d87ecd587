"""The first process of the enclosure: makes the world so, and answers what instances ask.

Run as a program with four open descriptors: the control connection, the listening socket for
connections from outside, the broker of API connections, and the directory of console files.
It ends, and everything with it, when the control connection or the hypervisor does.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable

import msgspec

from spawn.local.plane.console import ConsoleFiles
from spawn.local.plane.machines import Machines
from spawn.local.plane.messages import PACKET_LIMIT_BYTES
from spawn.local.plane.metadata_server import MetadataServer
from spawn.local.plane.outside import CONNECTED
from spawn.local.plane.relay import serve_api, serve_outside
from spawn.local.plane.router import Router
from spawn.local.plane.ruleset import API_ADDRESS, METADATA_ADDRESS
from spawn.local.world import Event, Ready, World

_HTTP_PORT = 80
_WORLD_LIMIT_BYTES = 256 * 1024 * 1024


async def run_inside(
    control: socket.socket,
    listener: socket.socket,
    broker: socket.socket,
    *,
    consoles: ConsoleFiles,
    hypervisor: socket.socket,
) -> None:
    """Serve until the control connection ends."""
    reader, writer = await asyncio.open_unix_connection(sock=control, limit=_WORLD_LIMIT_BYTES)

    def tell(event: Event) -> None:
        writer.write(msgspec.json.encode(event) + b"\n")

    router = Router()
    machines = Machines(router, consoles, hypervisor, tell=tell)
    _hear_hypervisor(hypervisor, machines)
    api = ApiConnections(broker)

    async def outside(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve_outside(
            reader,
            writer,
            open_socket=router.open_outside_socket,
            caller_address=lambda: machines.caller_address,
        )

    async def to_api(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve_api(reader, writer, connect=api.connect)

    metadata = MetadataServer(machines.find_by_address)
    await asyncio.start_server(metadata.serve, METADATA_ADDRESS, _HTTP_PORT)
    await asyncio.start_server(to_api, API_ADDRESS, _HTTP_PORT)
    await asyncio.start_unix_server(outside, sock=listener)
    tell(Ready())
    worlds = msgspec.json.Decoder(World)
    while line := await reader.readline():
        machines.apply(worlds.decode(line))
    # The first process's end is the end of all others here: there is nothing to wind up.
    os._exit(0)


def _hear_hypervisor(hypervisor: socket.socket, machines: Machines) -> None:
    def hear() -> None:
        try:
            packet, descriptors, _, _ = socket.recv_fds(hypervisor, PACKET_LIMIT_BYTES, 1)
        except ConnectionError:
            packet, descriptors = b"", []
        if not packet:
            os._exit(1)  # without it nothing can be started or ended
        machines.hear(packet, descriptors)

    asyncio.get_running_loop().add_reader(hypervisor, hear)


class ApiConnections:
    """Connections to the API's socket, made by the part of the plane that can see it."""

    def __init__(self, broker: socket.socket) -> None:
        self._broker = broker
        self._waiting: list[asyncio.Future[socket.socket]] = []
        asyncio.get_running_loop().add_reader(broker, self._receive)

    def connect(self) -> Awaitable[socket.socket]:
        """Ask for a connection. The answer raises ConnectionError where there is none."""
        answer: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)  # the broker answers in the order of asking
        self._broker.send(b"connect")
        return answer

    def _receive(self) -> None:
        text, descriptors, _, _ = socket.recv_fds(self._broker, 4096, 1)
        if not text:
            os._exit(1)  # the part outside is gone
        answer = self._waiting.pop(0)
        if text == CONNECTED:
            connection = socket.socket(fileno=descriptors[0])
            connection.settimeout(0)
            _settle(answer, lambda: answer.set_result(connection), otherwise=connection.close)
        else:
            error = ConnectionError(text.decode())
            _settle(answer, lambda: answer.set_exception(error), otherwise=lambda: None)


def _settle(
    answer: asyncio.Future[socket.socket],
    settle: Callable[[], None],
    *,
    otherwise: Callable[[], None],
) -> None:
    """Settle a future, unless whoever waited for it has given up."""
    if answer.done():
        otherwise()
    else:
        settle()


def _start_hypervisor(given: tuple[int, ...]) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        for descriptor in given:
            os.close(descriptor)
        # What instances need takes a while to load; only they need it, and the rest goes on.
        from spawn.local.plane.hypervisor import run_hypervisor

        run_hypervisor(theirs)
        os._exit(0)
    theirs.close()
    return ours


def main(arguments: list[str]) -> int:
    """Take over the descriptors whose numbers are given, and run."""
    given = tuple(int(argument) for argument in arguments)
    hypervisor = _start_hypervisor(given)
    control, listener, broker = (socket.socket(fileno=descriptor) for descriptor in given[:3])
    asyncio.run(
        run_inside(
            control,
            listener,
            broker,
            consoles=ConsoleFiles(given[3]),
            hypervisor=hypervisor,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
