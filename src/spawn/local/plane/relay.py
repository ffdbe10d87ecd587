"""Carries bytes between sockets: instances to the API, and the outside to instances."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

_CHUNK_BYTES = 64 * 1024
_REQUEST_LIMIT_SECONDS = 10.0
# Linux gives up on an unanswered connection after two minutes or so; a client that gives up
# earlier just closes its end.
_CONNECT_LIMIT_SECONDS = 130.0


class RelayError(Exception):
    """A connection can't be made; its text is for the one who asked."""


@dataclass(frozen=True)
class OutsideRequest:
    """A connection wanted from outside: from which address to which address and port.

    `source` is None where it is to come from wherever the caller is.
    """

    source: str | None
    host: str
    port: int


def parse_outside_request(line: bytes) -> OutsideRequest:
    """Read a request's one line of JSON. Raises RelayError, saying what is wrong with it."""
    try:
        document = json.loads(line)
        named = document.get("source")
        source = None if named is None else str(ipaddress.IPv4Address(named))
        host = ipaddress.IPv4Address(document["host"])
        port = int(document["port"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RelayError(f"not a connection request: {error}") from error
    if not 0 < port < 65536:
        raise RelayError(f"not a port: {port}")
    return OutsideRequest(source, str(host), port)


async def serve_outside(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    open_socket: Callable[[], socket.socket],
    caller_address: Callable[[], str],
) -> None:
    """Handle one client of the plane's socket. `open_socket` makes sockets of the outside.

    `caller_address` says where the caller is now, for requests that don't.

    The first line that comes back is JSON: `{"connected": true}`, or `{"error": "…"}` and no
    more. Where packets are dropped, nothing comes back.
    """
    try:
        async with asyncio.timeout(_REQUEST_LIMIT_SECONDS):
            request = parse_outside_request(await reader.readline())
        source = request.source or caller_address()
        connection = await _connect_from_outside(request, source, open_socket())
    except (RelayError, OSError, TimeoutError) as error:
        await _say(writer, {"error": str(error) or "no answer"})
        writer.close()
        return
    await _say(writer, {"connected": True})
    far_reader, far_writer = await asyncio.open_connection(sock=connection)
    await _join((reader, writer), (far_reader, far_writer))


async def _say(writer: asyncio.StreamWriter, document: dict[str, object]) -> None:
    try:
        writer.write(json.dumps(document).encode() + b"\n")
        await writer.drain()
    except ConnectionError:
        return  # the client is gone


async def _connect_from_outside(
    request: OutsideRequest, source: str, connection: socket.socket
) -> socket.socket:
    try:
        connection.settimeout(0)
        # Lets the socket have any address as its own; the outside has no other way to be many.
        connection.setsockopt(socket.SOL_IP, socket.IP_TRANSPARENT, 1)
        connection.bind((source, 0))
        async with asyncio.timeout(_CONNECT_LIMIT_SECONDS):
            loop = asyncio.get_running_loop()
            await loop.sock_connect(connection, (request.host, request.port))
    except OSError as error:  # a timeout is one as well
        connection.close()
        reason = error.strerror or "no answer"
        raise RelayError(f"{request.host} port {request.port}: {reason}") from error
    return connection


async def serve_api(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    connect: Callable[[], Awaitable[socket.socket]],
) -> None:
    """Join one connection of an instance to the API's socket."""
    try:
        connection = await connect()
    except OSError:
        writer.close()
        return
    far_reader, far_writer = await asyncio.open_unix_connection(sock=connection)
    await _join((reader, writer), (far_reader, far_writer))


_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _join(one: _Stream, other: _Stream) -> None:
    """Carry bytes both ways until both have ended; each end's half-close is passed on."""
    try:
        await asyncio.gather(_carry(one[0], other[1]), _carry(other[0], one[1]))
    except OSError:
        pass  # one side broke off: so does the other, below
    finally:
        one[1].close()
        other[1].close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
