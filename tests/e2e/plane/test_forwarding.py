"""OpenSSH's jump hosts, forwarding and file transfer work between instances, with real packets."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import http.server
import os
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from spawn.local.world import Instance
from tests.e2e.plane.harness import PATIENCE_SECONDS, Answer, Plane, running_plane, wait_for
from tests.e2e.plane.worlds import HOME_ADDRESS, group, instance, interface, ports

pytestmark = pytest.mark.e2e

BASTION, PRIVATE, ALOOF = "54.0.0.5", "10.0.0.6", "10.0.0.7"
PAGE = "a page"
# Of a size that no buffer on the way holds whole.
BULK_BYTES = 50_000_000
WEB_SERVER = (
    f"cd $(mktemp -d); echo '{PAGE}' > page;"
    " setsid /opt/spawn/environment/bin/python3 -I -m http.server 8080 --bind {address}"
    " > /dev/null 2>&1 < /dev/null &"
)

# bash's own client: as soon as somebody listens, it asks, and prints the answer's body.
ASKING = r"""
until (exec 3<>/dev/tcp/127.0.0.1/9000) 2>/dev/null; do sleep 0.02; done
exec 3<>/dev/tcp/127.0.0.1/9000
printf 'GET /page HTTP/1.0\r\n\r\n' >&3
sed '1,/^\r$/d' <&3
"""


def hidden(number: int, admits: str, key: tuple[str, str]) -> Instance:
    """An instance without a public address, whose group admits SSH and web from a CIDR block."""
    rules = group([ports(22, peers=[admits]), ports(8080, peers=[admits])])
    link = msgspec.structs.replace(interface(number, rules), public_ip=None)
    return instance(number, interfaces=(link,), public_keys=(key,))


@dataclasses.dataclass(frozen=True)
class Network:
    """A bastion, one hidden instance that admits it, and one that does not."""

    plane: Plane
    configuration: Path

    def command(self, *words: str, program: str = "ssh") -> list[str]:
        """A program of OpenSSH with a person's ssh_config."""
        return [program, "-F", str(self.configuration), *words]

    def run(self, *words: str, program: str = "ssh") -> Answer:
        """Run it to its end."""
        done = subprocess.run(
            self.command(*words, program=program),
            env=self.plane.ssh_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def forwarding(self, *words: str) -> Iterator[None]:
        """A connection that does nothing but forward, for as long as the block lasts."""
        command = self.command("-N", "-o", "ExitOnForwardFailure=yes", *words)
        with subprocess.Popen(command, env=self.plane.ssh_environment()) as process:
            try:
                yield
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The instances, booted, and a configuration by which plain `ssh` finds them."""
    directory = tmp_path_factory.mktemp("plane")
    with running_plane(directory) as plane:
        key = plane.public_key
        admits_home = group([ports(22, peers=[f"{HOME_ADDRESS}/32"])])
        boxes = (
            instance(5, admits_home, public_keys=(key,)),
            hidden(6, "10.0.0.5/32", key),
            hidden(7, "10.0.0.99/32", key),
            hidden(8, "0.0.0.0/0", key),
        )
        plane.boot(*boxes)
        known_hosts, configuration = directory / "known_hosts", directory / "ssh_config"
        known_hosts.write_text(
            "".join(
                f"{address} {plane.host_key(box)}\n"
                for address, box in zip((BASTION, PRIVATE, ALOOF), boxes, strict=False)
            )
        )
        configuration.write_text(
            f"Host *\n  User ec2-user\n  IdentityFile {directory / 'key'}\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {known_hosts}\n  StrictHostKeyChecking yes\n  BatchMode yes\n"
            "  LogLevel ERROR\n  ConnectTimeout 3\n"
            f"Host {BASTION}\n  ProxyCommand {sys.executable} -m spawn.local.proxy %h %p\n"
            f"Host 10.*\n  ProxyJump {BASTION}\n"
        )
        network = Network(plane, configuration)
        started = network.run(BASTION, WEB_SERVER.format(address="127.0.0.1"))
        assert started.code == 0, started.errors
        started = network.run(PRIVATE, WEB_SERVER.format(address="0.0.0.0"))  # noqa: S104
        assert started.code == 0, started.errors
        yield network


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def fetch(connection: socket.socket) -> str:
    """Ask for the page over an open connection; the answer's body."""
    connection.sendall(b"GET /page HTTP/1.0\r\n\r\n")
    with connection.makefile("rb") as answer:
        return answer.read().decode().rpartition("\r\n\r\n")[2].strip()


def connect_soon(port: int) -> socket.socket:
    """Connect to a port of this machine as soon as somebody listens there."""

    def look() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        except ConnectionRefusedError:
            return None

    return wait_for(look, f"a listener on port {port}")


def test_a_bastion_leads_to_a_hidden_instance(network: Network) -> None:
    """`ProxyJump` reaches it, and it sees the bastion's private address as its peer."""
    answer = network.run(PRIVATE, "hostname; echo ${SSH_CONNECTION%% *}; exit 3")
    assert (answer.code, answer.output) == (3, "ip-10-0-0-6\n10.0.0.5\n"), answer.errors


def test_a_bastion_leads_only_where_groups_allow(network: Network) -> None:
    """An instance that does not admit the bastion's address stays out of its reach."""
    assert network.run(ALOOF, "true").code == 255


def test_a_hidden_instance_is_not_reached_from_outside(network: Network) -> None:
    """Without a public address nothing answers, be the group open to everybody."""
    assert not network.plane.answers(hidden(8, "0.0.0.0/0", network.plane.public_key), 22)


def test_a_local_forward_carries_a_web_page(network: Network) -> None:
    """-L reaches what listens on the instance's own loopback, and on a neighbour behind it."""
    near, far = free_port(), free_port()
    words = (f"-L{near}:127.0.0.1:8080", f"-L{far}:{PRIVATE}:8080", BASTION)
    with network.forwarding(*words):
        for port in (near, far):
            with connect_soon(port) as connection:
                assert fetch(connection) == PAGE


def test_a_local_forward_reaches_a_unix_socket(network: Network) -> None:
    """-L to a path on the instance, as editors and container tools use it."""
    serve = (
        "import socket\n"
        "with socket.create_server('/tmp/page.sock', family=socket.AF_UNIX) as server:\n"
        f"    server.accept()[0].sendall(b'{PAGE}')\n"
    )
    port = free_port()
    with network.forwarding(f"-L{port}:/tmp/page.sock", BASTION):
        python = "setsid /opt/spawn/environment/bin/python3 -I -c"
        started = network.run(
            BASTION, f"{python} {shlex.quote(serve)} > /dev/null 2>&1 < /dev/null &"
        )
        assert started.code == 0
        assert network.run(BASTION, "until [ -S /tmp/page.sock ]; do sleep 0.02; done").code == 0
        with connect_soon(port) as connection:
            assert connection.recv(100).decode() == PAGE


def test_a_dynamic_forward_carries_a_web_page(network: Network) -> None:
    """-D is a SOCKS proxy (RFC 1928) that reaches what the instance reaches."""
    port = free_port()
    with network.forwarding(f"-D{port}", BASTION), connect_soon(port) as connection:
        connection.sendall(bytes([5, 1, 0]))
        assert connection.recv(2) == bytes([5, 0])
        target = socket.inet_aton(PRIVATE) + (8080).to_bytes(2, "big")
        connection.sendall(bytes([5, 1, 0, 1]) + target)
        assert connection.recv(10)[:2] == bytes([5, 0])
        assert fetch(connection) == PAGE


def test_a_remote_forward_carries_a_web_page(network: Network) -> None:
    """-R lets a program on the instance reach a server on the caller's own machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        forward = f"-R9000:127.0.0.1:{server.server_port}"
        with network.forwarding(forward, BASTION):
            assert network.run(BASTION, ASKING).output == PAGE
        server.shutdown()


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of random bytes, which no compression makes small."""
    path = tmp_path_factory.mktemp("bulk") / "data"
    path.write_bytes(os.urandom(BULK_BYTES))
    return path


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("protocol", ["-s", "-O"], ids=["sftp", "legacy"])
def test_scp_carries_binary_data(network: Network, bulk: Path, protocol: str) -> None:
    """Fifty megabytes arrive unchanged through the bastion and come back, by either protocol."""
    back = bulk.with_name("back")
    for words in ((str(bulk), f"{PRIVATE}:copy"), (f"{PRIVATE}:copy", str(back))):
        done = network.run("-q", protocol, *words, program="scp")
        assert done.code == 0, done.errors
    assert network.run(PRIVATE, "sha256sum < copy").output.split()[0] == digest_of(bulk)
    assert digest_of(back) == digest_of(bulk)


def test_tar_over_ssh_carries_binary_data(network: Network, bulk: Path) -> None:
    """A directory sent as an archive through a pipe arrives unchanged, and comes back so."""
    environment = network.plane.ssh_environment()
    folder = bulk.with_name("unpacked")
    folder.mkdir()
    unpack = network.command(PRIVATE, "mkdir -p tree && tar -xf - -C tree")
    pack = network.command(PRIVATE, "tar -cf - -C tree .")
    local_pack = ["tar", "-cf", "-", "-C", str(bulk.parent), bulk.name]
    local_unpack = ["tar", "-xf", "-", "-C", str(folder)]
    for source, sink in ((local_pack, unpack), (pack, local_unpack)):
        with subprocess.Popen(source, env=environment, stdout=subprocess.PIPE) as sending:
            subprocess.run(sink, env=environment, stdin=sending.stdout, check=True, timeout=30)
        assert sending.returncode == 0
    assert digest_of(folder / bulk.name) == digest_of(bulk)


def test_sftp_lists_renames_and_removes(network: Network, tmp_path: Path) -> None:
    """A batch of sftp's usual commands does what it says, beginning in the user's home."""
    (tmp_path / "here").write_text("text")
    commands = ["mkdir d", f"put {tmp_path / 'here'} d/a", "rename d/a d/b", "ls -1 d"]
    commands += [f"get d/b {tmp_path / 'back'}", "rm d/b", "rmdir d", "pwd"]
    batch = tmp_path / "batch"
    batch.write_text("".join(f"{command}\n" for command in commands))
    done = network.run("-q", "-b", str(batch), BASTION, program="sftp")
    assert done.code == 0, done.errors
    assert "d/b" in done.output
    assert "/home/ec2-user" in done.output
    assert (tmp_path / "back").read_text() == "text"
