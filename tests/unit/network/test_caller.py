import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.questions import Known, Unseen
from spawn.core.errors import InputError
from spawn.network.caller import (
    Family,
    address_url,
    fetch_over_https,
    find_caller,
    no_way_in,
    parse_address,
)

URL = "https://address.example"


def answering(answers: dict[Family, bytes]) -> Callable[[str, Family], bytes]:
    """Return a service that answers over some families and is silent over the others."""

    def fetch(url: str, family: Family) -> bytes:
        assert url == URL
        if family not in answers:
            raise OSError(f"no route over {family.name}")
        return answers[family]

    return fetch


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({Family.V4: b"203.0.113.10\n"}, ("203.0.113.10",)),
        ({Family.V6: b"2001:db8::1"}, ("2001:db8::1",)),
        ({Family.V4: b"203.0.113.10", Family.V6: b"2001:DB8::1"}, ("2001:db8::1", "203.0.113.10")),
        ({Family.V4: b"203.0.113.10", Family.V6: b"<html>"}, ("203.0.113.10",)),
        ({Family.V4: b"203.0.113.10", Family.V6: b"203.0.113.10"}, ("203.0.113.10",)),
    ],
)
def test_what_either_family_answers_is_known(
    answers: dict[Family, bytes], expected: tuple[str, ...]
) -> None:
    """An address that one family answers counts, whatever becomes of the other."""
    assert find_caller(URL, answering(answers)) == Known(expected)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({}, "no route over V4"),
        ({Family.V4: b"", Family.V6: b"fe80::1"}, "did not answer with an address"),
        ({Family.V4: b"192.168.1.4"}, "192.168.1.4, which is not a public address"),
    ],
)
def test_an_unknown_caller_stays_unknown(answers: dict[Family, bytes], why: str) -> None:
    """Without a public address nothing is assumed, and the reason is kept."""
    found = find_caller(URL, answering(answers))
    assert isinstance(found, Unseen)
    assert why in found.why
    assert found.operation == URL
    assert why in no_way_in(found)
    assert "--ssh-from" in no_way_in(found)


@pytest.mark.parametrize(
    "answer",
    [
        b"203.0.113.10 198.51.100.1",
        b"203.0.113.10/32",
        b"203.0.113.10" + b" " * 60,
        b"203.0.113.010",
        b"0x7f.1",
        "\uff12\uff10\uff13.0.113.10".encode(),
        b"::ffff:203.0.113.10",
        b"fe80::1%eth0",
        b"2001:db8::1%eth0",
        b"0.0.0.0",
        b"255.255.255.255",
        b"10.1.2.3",
        b"100.64.0.1",
        b"127.0.0.1",
        b"169.254.169.254",
        b"172.31.0.1",
        b"224.0.0.1",
        b"::1",
        b"fd00::1",
        b"ff02::1",
    ],
)
def test_nothing_but_a_public_address_is_believed(answer: bytes) -> None:
    """More than one literal, a block, and addresses that no stranger can come from are refused."""
    with pytest.raises(ValueError, match="address service"):
        parse_address(answer)


@given(st.binary(max_size=80))
def test_no_answer_brings_the_parser_down(answer: bytes) -> None:
    """Whatever the service sends, the outcome is a public address or a ValueError."""
    try:
        address = parse_address(answer)
    except ValueError:
        return
    assert not address.is_loopback
    assert not address.is_multicast
    assert not address.is_link_local


@given(st.ip_addresses())
def test_an_address_is_read_back_as_it_was_sent(address: IPv4Address | IPv6Address) -> None:
    """Every globally routable address comes out unchanged."""
    if (
        address.is_global
        and not address.is_multicast
        and (
            address in IPv6Network("2000::/3")
            if isinstance(address, IPv6Address)
            else address not in IPv4Network("192.0.0.0/24")
        )
    ):
        assert parse_address(f"{address}\n".encode()) == address


@pytest.mark.parametrize(
    "url",
    [
        "https://checkip.amazonaws.com",
        "https://address.example:8443/ip?plain=1",
        "http://127.0.0.1:4566/address",
        "http://[::1]:4566/",
        "http://localhost:1234",
    ],
)
def test_a_service_that_nobody_can_forge_is_taken(url: str) -> None:
    """Any https service, and this machine's own, may tell the address."""
    assert address_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://checkip.amazonaws.com",
        "http://10.0.0.1/",
        "http://127.0.0.1.example/",
        "https://",
        "https://user:secret@address.example",
        "https://address.example:port",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://[::1",
        "",
    ],
)
def test_a_service_that_could_be_forged_is_refused(url: str) -> None:
    """Plain http over a network, other schemes and broken URLs are refused by name."""
    with pytest.raises(InputError, match="SPAWN_ADDRESS_URL"):
        address_url(url)


class _Address(BaseHTTPRequestHandler):
    """Answers with the caller's address as the real service does."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/")
            body = b""
        else:
            self.send_response(200)
            body = b"x" * 4096 if self.path == "/long" else self.client_address[0].encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test's output is for the test."""


@contextmanager
def _service() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_service_is_asked_over_the_family_alone() -> None:
    """Over IPv4 a real server answers; over IPv6 the same IPv4 server can't be reached."""
    with _service() as url:
        assert fetch_over_https(url, Family.V4) == b"127.0.0.1"
        with pytest.raises(OSError, match=r".+"):
            fetch_over_https(url, Family.V6)


def test_only_the_service_itself_is_believed() -> None:
    """A redirect is not followed, and of a long answer only the beginning is read."""
    with _service() as url:
        with pytest.raises(OSError, match="status 302"):
            fetch_over_https(f"{url}/moved", Family.V4)
        assert len(fetch_over_https(f"{url}/long", Family.V4)) == 65
