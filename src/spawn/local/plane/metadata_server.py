"""Serves metadata over HTTP: knows who asks by their address, one request a connection."""

from __future__ import annotations

import asyncio
import email.utils
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from spawn.local.plane.metadata import Request, Response, answer
from spawn.local.world import Instance

_REQUEST_LIMIT_BYTES = 16 * 1024
_PATIENCE_SECONDS = 30.0  # a client that sends nothing for so long is let go


class MetadataServer:
    """Answers as the metadata service of whichever instance owns the caller's address."""

    def __init__(self, find_instance: Callable[[str], Instance | None]) -> None:
        self._find_instance = find_instance
        self._key = secrets.token_bytes(32)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection, as `asyncio.start_server` calls it."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._exchange(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the caller went away or never spoke HTTP: there is nobody to tell
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        request = parse_request(head)
        address: str = writer.get_extra_info("peername")[0]
        instance = self._find_instance(address)
        if instance is None or request is None:
            return
        now = datetime.now(UTC)
        response = answer(instance, request, key=self._key, now=now)
        if response.hop_limit is not None:
            # The limit is the TTL of the answer's packets: routers on the way, such as a
            # container's host, count it down and drop it at nought.
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, response.hop_limit)
        shown = now + timedelta(seconds=instance.metadata_seconds_ahead)
        writer.write(render_response(response, now=shown, with_body=request.method != "HEAD"))
        await writer.drain()


def parse_request(head: bytes) -> Request | None:
    """Read a request's line and headers; None where they are not HTTP."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        return None
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Request(method=words[0], path=words[1], headers=headers)


def render_response(response: Response, *, now: datetime, with_body: bool) -> bytes:
    """An answer's bytes, with the headers that EC2's service sends."""
    headers = {
        "Content-Type": response.content_type,
        "Accept-Ranges": "none",
        "Content-Length": str(len(response.body)),
        "Date": email.utils.format_datetime(now, usegmt=True),
        "Server": "EC2ws",
        "Connection": "close",
        **response.headers,
    }
    lines = [f"HTTP/1.1 {response.status.value} {response.status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + response.body if with_body else head
