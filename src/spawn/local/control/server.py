"""HTTP/1.1 on loopback and on a unix socket: bytes to `Request`, `Response` to bytes.

Connections are kept alive and served by a thread each. Bodies are bounded, and so are the
headers (by the standard library: 100 lines of 64 KiB).
"""

from __future__ import annotations

import http.server
import logging
import os
import socket
import socketserver
import stat
from collections.abc import Callable
from pathlib import Path
from typing import cast

from spawn.local.control.messages import Request, Response, WayIn

log = logging.getLogger(__name__)

Handler = Callable[[Request], Response]

MAX_BODY_BYTES = 64 * 1024 * 1024  # a part of an upload is 8 MiB; user-data and policies are small
IDLE_SECONDS = 300.0  # botocore keeps pooled connections about that long
BODILESS_STATUSES = frozenset({204, 304})  # RFC 9110 6.4.1


class BodyRefused(Exception):
    """The request's body is too long or its framing is broken; carries the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class _Exchange(http.server.BaseHTTPRequestHandler):
    """One connection; the answer to each request comes from the server's handler."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # status line, headers and body leave in one segment
    way_in = WayIn.LOOPBACK

    def handle_one(self) -> None:
        try:
            body = self._read_body()
        except BodyRefused as refusal:
            self.close_connection = True
            self._write(Response(status=refusal.status))
            return
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path or "/",
            query=query,
            headers=tuple(self.headers.items()),
            body=body,
            way_in=self.way_in,
        )
        listener = cast("_Listener", self.server)
        self._write(listener.handler(request))

    def handle_expect_100(self) -> bool:
        """Tell the client to go on at once: the standard library leaves it in the buffer."""
        proceeds = super().handle_expect_100()
        self.wfile.flush()
        return proceeds

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = handle_one

    def _read_body(self) -> bytes:
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self._read_chunks()
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdigit()):
            raise BodyRefused(400)
        return self._read_exactly(int(length))

    def _read_exactly(self, length: int) -> bytes:
        if length > MAX_BODY_BYTES:
            raise BodyRefused(413)
        body = self.rfile.read(length)
        if len(body) != length:
            raise BodyRefused(400)
        return body

    def _read_chunks(self) -> bytes:
        """A chunked body (RFC 9112 7.1); trailers are read and dropped."""
        body = bytearray()
        while True:
            size_text = self.rfile.readline(256).split(b";")[0].strip()
            try:
                size = int(size_text, 16)
            except ValueError as error:
                raise BodyRefused(400) from error
            if size < 0 or len(body) + size > MAX_BODY_BYTES:
                raise BodyRefused(413)
            if size == 0:
                break
            body += self._read_exactly(size)
            self.rfile.readline(256)
        while self.rfile.readline(4096) not in (b"\r\n", b"\n", b""):
            pass
        return bytes(body)

    def _write(self, response: Response) -> None:
        self.send_response_only(response.status)
        if not any(name.lower() == "date" for name, _ in response.headers):
            self.send_header("Date", self.date_time_string())  # RFC 9110 6.6.1
        for name, value in response.headers:
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        if response.status not in BODILESS_STATUSES:
            self.send_header("Content-Length", self._length(response))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in BODILESS_STATUSES:
            self.wfile.write(response.body)
        self.wfile.flush()

    def _length(self, response: Response) -> str:
        """To HEAD, the length of what GET would answer (RFC 9110 8.6)."""
        declared = [v for k, v in response.headers if k.lower() == "content-length"]
        return declared[0] if self.command == "HEAD" and declared else str(len(response.body))

    def address_string(self) -> str:
        return self.way_in.value

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Silent: the front door keeps the log."""


class _InstanceExchange(_Exchange):
    way_in = WayIn.INSTANCE
    disable_nagle_algorithm = False  # not a TCP socket


class _Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    handler: Handler

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up half-way is its own affair."""
        log.debug("a connection broke off", exc_info=True)


class _UnixListener(_Listener):
    address_family = socket.AF_UNIX
    allow_reuse_address = False


def listen_on_loopback(port: int, handler: Handler) -> _Listener:
    """A listener on 127.0.0.1; port 0 takes any free one.

    Raises OSError when the port is taken.
    """
    listener = _Listener(("127.0.0.1", port), _Exchange)
    listener.handler = handler
    return listener


def listen_on_socket(path: Path, handler: Handler) -> _Listener:
    """A listener on a unix socket that only its owner can open. Raises OSError."""
    if path.exists() and stat.S_ISSOCK(path.lstat().st_mode):
        path.unlink()
    old_mask = os.umask(0o177)
    try:
        listener = _UnixListener(str(path), _InstanceExchange)  # type: ignore[arg-type]
    finally:
        os.umask(old_mask)
    listener.handler = handler
    return listener
