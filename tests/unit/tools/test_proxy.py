"""The proxy passes everything on unchanged, records it, and faults exactly where it was told to."""

import http.client
import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.tools.calls import Call
from tests.tools.faults import Effect, Fault, Moment
from tests.tools.proxy import Proxy

# One for all, since it keeps the service models that it has read.
SESSION = botocore.session.Session()
SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260127/us-east-1/{}/aws4_request"


class Upstream(http.server.ThreadingHTTPServer):
    """Remembers the bytes of each request's head and body, and answers all of them alike."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Remember)
        self.seen: list[tuple[str, bytes, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Remember(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        head = b"\n".join(f"{k}: {v}".encode() for k, v in self.headers.items())
        cast("Upstream", self.server).seen.append((self.requestline, head, body))
        self.send_response(200)
        self.send_header("X-Upstream", "yes")
        self.send_header("Content-Length", "4")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"done")

    do_GET = do_HEAD = do_POST

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[Proxy]:
    with Proxy(upstream.url) as running:
        yield running


def send(proxy: Proxy, action: str, *, service: str = "ec2") -> int:
    """Send one call in EC2's protocol; return the status."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(proxy.url.rpartition(":")[2]), timeout=10
    )
    try:
        connection.request(
            "POST",
            "/",
            body=f"Action={action}&Version=2016-11-15",
            headers={
                "Authorization": SCOPE.format(service),
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            },
        )
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_bytes_and_host_are_untouched(proxy: Proxy, upstream: Upstream) -> None:
    """What a signature covers arrives as it was sent: target, header values, Host, body."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(proxy.url.rpartition(":")[2]), timeout=10
    )
    connection.putrequest("POST", "//b/a%20b?x=%2F&y", skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", "s3.us-east-1.amazonaws.com")
    connection.putheader("X-Amz-Meta-A", "a  b")
    connection.putheader("Content-Length", "3")
    connection.endheaders(b"\x00\xff\n")
    response = connection.getresponse()
    assert (response.status, response.read(), response.getheader("X-Upstream")) == (
        200,
        b"done",
        "yes",
    )
    connection.close()
    [(line, head, body)] = upstream.seen
    assert line == "POST //b/a%20b?x=%2F&y HTTP/1.1"
    assert head == b"Host: s3.us-east-1.amazonaws.com\nX-Amz-Meta-A: a  b\nContent-Length: 3"
    assert body == b"\x00\xff\n"


def test_a_connection_serves_several_requests(proxy: Proxy, upstream: Upstream) -> None:
    """Connections are kept alive, also over an answer that has no body."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(proxy.url.rpartition(":")[2]), timeout=10
    )
    connection.request("HEAD", "/b/k")
    head = connection.getresponse()
    assert (head.read(), head.getheader("Content-Length")) == (b"", "4")
    socket_of_first = connection.sock
    connection.request("GET", "/b/k")
    assert connection.getresponse().read() == b"done"
    assert connection.sock is socket_of_first
    connection.close()
    assert len(upstream.seen) == 2


def test_requests_are_recorded(proxy: Proxy) -> None:
    """Each request leaves its name, its status and a span of time that ends after it began."""
    send(proxy, "DescribeVpcs")
    send(proxy, "RunInstances")
    first, second = proxy.records
    assert first.call == Call(service="ec2", operation="DescribeVpcs")
    assert (second.call.key, second.status) == ("ec2:RunInstances", 200)
    assert first.span.start_seconds < first.span.end_seconds <= second.span.start_seconds


def test_rounds_are_counted_under_latency(upstream: Upstream) -> None:
    """Eight calls at once and two after them are three rounds, each as long as the latency."""
    with Proxy(upstream.url, latency_seconds=0.3) as proxy:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: send(proxy, f"Describe{number}"), range(8)))
        send(proxy, "RunInstances")
        send(proxy, "CreateTags")
        assert proxy.rounds() == 3
        assert all(r.span.end_seconds - r.span.start_seconds >= 0.3 for r in proxy.records)
        at_once = [record.span for record in proxy.records[:8]]
        last_seconds = max(span.start_seconds for span in at_once)
        assert all(span.end_seconds - last_seconds >= 0.3 for span in at_once)


def test_reads_after_the_last_write_can_be_left_out(proxy: Proxy) -> None:
    """What a launch looks at when it is done is not counted among what it had to wait for."""
    assert proxy.rounds_to_last_write() == 0
    for action in ("DescribeVpcs", "RunInstances", "CreateTags", "DescribeInstances"):
        send(proxy, action)
    assert (proxy.rounds(), proxy.rounds_to_last_write()) == (4, 3)


def test_forgetting_begins_anew(proxy: Proxy) -> None:
    """After forgetting, nothing is recorded, and the faults that were placed are gone."""
    proxy.place(Fault(effect=Effect.DENY, nth=2))
    send(proxy, "DescribeVpcs")
    proxy.forget()
    assert (proxy.records, proxy.rounds()) == ((), 0)
    assert [send(proxy, "DescribeVpcs") for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("moment", Moment)
def test_a_cut_closes_without_an_answer(proxy: Proxy, upstream: Upstream, moment: Moment) -> None:
    """A cut before leaves AWS untouched, a cut after comes when the deed is done."""
    proxy.place(Fault(effect=Effect.CUT, moment=moment, operation="ec2:RunInstances"))
    assert send(proxy, "DescribeVpcs") == 200
    with pytest.raises(http.client.RemoteDisconnected):
        send(proxy, "RunInstances")
    assert proxy.records[-1].status is None
    assert len(upstream.seen) == (1 if moment is Moment.BEFORE else 2)
    assert send(proxy, "RunInstances") == 200


def test_a_fault_hits_the_nth_match_so_many_times(proxy: Proxy) -> None:
    """Counting is among the calls of the fault's operation, from the first, and stops in time."""
    proxy.place(Fault(effect=Effect.DENY, operation="ec2:CreateTags", nth=2, times=2))
    actions = ["CreateTags", "DescribeVpcs", "CreateTags", "CreateTags", "CreateTags"]
    assert [send(proxy, action) for action in actions] == [200, 200, 403, 403, 200]


def test_a_fault_without_operation_counts_every_request(proxy: Proxy) -> None:
    """The n-th request of all is hit, whatever it asks for."""
    proxy.place(Fault(effect=Effect.THROTTLE, nth=2))
    assert [send(proxy, action) for action in ("A", "B", "C")] == [200, 503, 200]


@pytest.mark.parametrize(
    ("service", "method", "parameters"),
    [
        ("ec2", "describe_vpcs", {}),
        ("iam", "list_roles", {}),
        ("s3", "list_buckets", {}),
        ("dynamodb", "list_tables", {}),
        ("scheduler", "list_schedules", {}),
        ("sqs", "list_queues", {}),
        ("route53", "list_hosted_zones", {}),
    ],
)
@pytest.mark.parametrize(
    ("effect", "codes"),
    [
        (Effect.DENY, {"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"}),
        (
            Effect.THROTTLE,
            {"RequestLimitExceeded", "Throttling", "ThrottlingException", "SlowDown"},
        ),
    ],
)
def test_errors_are_worded_in_the_protocol_of_the_service(
    proxy: Proxy,
    service: str,
    method: str,
    parameters: dict[str, Any],
    *,
    effect: Effect,
    codes: set[str],
) -> None:
    """botocore reads a placed error as AWS's own: its code and message arrive."""
    proxy.place(Fault(effect=effect))
    client = SESSION.create_client(
        service,
        region_name="us-east-1",
        endpoint_url=proxy.url,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="example",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as refused:
        getattr(client, method)(**parameters)
    client.close()
    assert refused.value.response["Error"]["Code"] in codes
    assert refused.value.response["Error"]["Message"] == "placed by a test"


def test_a_hook_kills_the_client_at_the_fault(
    proxy: Proxy, upstream: Upstream, tmp_path: Path
) -> None:
    """The client dies with the deed done and nothing after it, as by kill -9."""
    script = tmp_path / "client.py"
    script.write_text(
        "import sys, urllib.request\n"
        "for path in ('one', 'two', 'three'):\n"
        "    urllib.request.urlopen(f'{sys.argv[1]}/{path}', timeout=10).read()\n"
    )
    started = threading.Event()
    pids: list[int] = []

    def kill() -> None:
        assert started.wait(10)
        os.kill(pids[0], signal.SIGKILL)

    proxy.place(Fault(effect=Effect.CUT, moment=Moment.AFTER, nth=2, hook=kill))
    client = subprocess.Popen([sys.executable, script, proxy.url])
    pids.append(client.pid)
    started.set()
    assert client.wait(30) == -signal.SIGKILL
    assert [line.split()[1] for line, _, _ in upstream.seen] == ["/one", "/two"]


def test_a_dead_upstream_is_a_cut(upstream: Upstream) -> None:
    """Where nothing listens behind the proxy, the client sees a closed connection."""
    url = upstream.url
    upstream.server_close()
    with Proxy(url) as proxy, pytest.raises(http.client.RemoteDisconnected):
        send(proxy, "DescribeVpcs")
