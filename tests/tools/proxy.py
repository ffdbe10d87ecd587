"""A reverse proxy in front of an AWS endpoint that records every request and places faults.

    with Proxy(upstream_url) as proxy:
        proxy.place(Fault(effect=Effect.CUT, moment=Moment.AFTER, operation="ec2:RunInstances"))
        ...  # run something whose endpoint URL is proxy.url
        assert proxy.rounds() <= 3

Requests pass byte for byte, the Host header too: SigV4 signs it, and whoever verifies must see
what was signed. Each request goes through these steps:

1. Name the call, note its start, find the fault that hits it.
2. Wait out the injected latency, counted from the last request that came: what a program asks side
   by side overlaps, however slow the machine that it asks from.
3. Unless a fault comes before: forward the request and read the whole answer.
4. If there is a fault: run its hook, then answer in its stead or close the connection.
5. Note the end, and only then answer: no request that follows can seem to overlap.
"""

from __future__ import annotations

import http.client
import http.server
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

from tests.tools.calls import Call, Request, call_of
from tests.tools.faults import Answer, Effect, Fault, Moment, error_answer
from tests.tools.rounds import Span, sequential_rounds

UPSTREAM_TIMEOUT_SECONDS = 60.0
# RFC 9110 7.6.1: these speak of one connection, not of the message.
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True, kw_only=True)
class Record:
    """One request as the proxy saw it; `status` is None where the connection was cut."""

    call: Call
    span: Span
    status: int | None


class Proxy:
    """Stands in front of `upstream_url` on a free port of loopback, from `with` to its end."""

    def __init__(self, upstream_url: str, *, latency_seconds: float = 0.0) -> None:
        self.upstream = urlsplit(upstream_url)
        self.latency_seconds = latency_seconds
        self._lock = threading.Lock()
        self._arrived: list[Call] = []
        self._last_arrival_seconds = 0.0
        self._records: list[Record] = []
        self._faults: list[Fault] = []
        self._server = _Server(("127.0.0.1", 0), _Exchange)
        self._server.proxy = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """What a client has for its endpoint URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def records(self) -> tuple[Record, ...]:
        """The requests that are over, in the order of their ends."""
        with self._lock:
            return tuple(self._records)

    def rounds(self) -> int:
        """Return how many of the recorded requests had to wait for one another."""
        return sequential_rounds(record.span for record in self.records)

    def rounds_to_last_write(self) -> int:
        """Return the same of all that began before the last write was over."""
        records = self.records
        ends = [each.span.end_seconds for each in records if not each.call.is_read]
        last_seconds = max(ends, default=0.0)
        return sequential_rounds(
            each.span for each in records if each.span.start_seconds < last_seconds
        )

    def place(self, *faults: Fault) -> None:
        """Place faults; where several hit the same request, the first placed has it."""
        with self._lock:
            self._faults.extend(faults)

    def forget(self) -> None:
        """Drop all records and faults: counting begins anew."""
        with self._lock:
            self._arrived.clear()
            self._records.clear()
            self._faults.clear()

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving; exchanges under way end with their connections."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def exchange(self, request: Request) -> Answer | None:
        """Take one request through the steps; None says to close the connection."""
        call = call_of(request)
        start_seconds = time.monotonic()
        fault = self._arrive(call)
        self._wait_out_latency()
        answer: Answer | None = None
        if fault is None or fault.moment is Moment.AFTER:
            answer = forward(request, host=self.upstream.hostname, port=self.upstream.port)
        if fault is not None:
            if fault.hook is not None:
                fault.hook()
            answer = None if fault.effect is Effect.CUT else error_answer(fault.effect, call)
        self._note(call, start_seconds, answer)
        return answer

    def _arrive(self, call: Call) -> Fault | None:
        with self._lock:
            fault = next((each for each in self._faults if each.hits(call, self._arrived)), None)
            self._arrived.append(call)
            self._last_arrival_seconds = time.monotonic()
            return fault

    def _wait_out_latency(self) -> None:
        while True:
            with self._lock:
                answered_seconds = self._last_arrival_seconds + self.latency_seconds
            remaining_seconds = answered_seconds - time.monotonic()
            if remaining_seconds <= 0:
                return
            time.sleep(remaining_seconds)

    def _note(self, call: Call, start_seconds: float, answer: Answer | None) -> None:
        span = Span(start_seconds=start_seconds, end_seconds=time.monotonic())
        status = None if answer is None else answer.status
        with self._lock:
            self._records.append(Record(call=call, span=span, status=status))


def forward(request: Request, *, host: str | None, port: int | None) -> Answer | None:
    """Send the request on as it is and read the answer; None where the upstream cuts it off."""
    connection = http.client.HTTPConnection(
        host or "127.0.0.1", port, timeout=UPSTREAM_TIMEOUT_SECONDS
    )
    try:
        connection.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.raw_headers:
            connection.putheader(name, value)
        connection.endheaders(request.body or None)
        response = connection.getresponse()
        return Answer(
            status=response.status, headers=tuple(response.getheaders()), body=response.read()
        )
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # A launch opens a connection for each of its reads at once.
    request_queue_size = 128
    proxy: Proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no news: that is what the proxy is for."""


class _Exchange(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_one(self) -> None:
        # http.server shortens a leading "//" in `path`, which would break an S3 signature.
        request = Request(
            method=self.command,
            target=self.requestline.split()[1],
            raw_headers=tuple(self.headers.items()),
            body=self._read_body(),
        )
        answer = cast("_Server", self.server).proxy.exchange(request)
        if answer is None:
            self.close_connection = True
            return
        self._write(answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = handle_one

    def _read_body(self) -> bytes:
        """The body as it is on the wire: chunks stay chunks (RFC 9112 7.1)."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        lines = [self.rfile.readline()]
        while (length := int(lines[-1].split(b";")[0], 16)) > 0:
            lines += [self.rfile.read(length + 2), self.rfile.readline()]
        while lines[-1] not in (b"\r\n", b""):
            lines.append(self.rfile.readline())
        return b"".join(lines)

    def _write(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        length = str(len(answer.body))
        for name, value in answer.headers:
            if self.command == "HEAD" and name.lower() == "content-length":
                length = value
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        # RFC 9110 8.6: no length where there can be no body.
        if answer.status not in (204, 304):
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, *words: object) -> None:
        """Silent: the records say more."""
