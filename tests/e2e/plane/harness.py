"""A data plane to try things on: worlds go in, and events, consoles and logins come out."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from spawn.local.proxy import ProxyError, open_connection
from spawn.local.world import (
    Booted,
    Ended,
    Event,
    Instance,
    Ready,
    World,
)
from tests.e2e.plane.worlds import HOME_ADDRESS

PATIENCE_SECONDS = 20.0
# Long enough for an answer on a busy machine, short enough to wait for one that never comes.
NO_ANSWER_SECONDS = 1.5
Fact = TypeVar("Fact")


def wait_for(look: Callable[[], Fact | None], what: str) -> Fact:
    """Look again and again until there is something to see; fail after PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command on an instance said."""

    code: int
    output: str
    errors: str


class Plane:
    """A running plane, with a key pair that instances can be given and an API that echoes."""

    def __init__(
        self, directory: Path, command: Sequence[str], environment: dict[str, str], *, owner: int
    ) -> None:
        self.directory = directory
        self.state = directory / "state"
        self.state.mkdir(mode=0o700)
        self._api = _EchoingApi(self.state / "api.sock")
        for path in (self.state, self.state / "api.sock"):
            os.chown(path, owner, -1)
        self._key = directory / "key"
        run_here("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._key))
        self.public_key = ("key", self._key.with_suffix(".pub").read_text())
        self.events: list[Event] = []
        self._control, theirs = socket.socketpair()
        with theirs:
            arguments = ["--directory", str(self.state), "--fd", str(theirs.fileno())]
            self.process = subprocess.Popen(
                [*command, "-m", "spawn.local.plane", *arguments],
                pass_fds=[theirs.fileno()],
                env=environment,
            )
        threading.Thread(target=self._listen, daemon=True).start()
        self.await_event(Ready())

    def _listen(self) -> None:
        decoder = msgspec.json.Decoder(Event)
        with contextlib.suppress(OSError), self._control.makefile("rb") as lines:
            for line in lines:
                self.events.append(decoder.decode(line))

    def close(self) -> None:
        """Close the control connection, as a control plane does that goes away; wait."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        self.process.wait(PATIENCE_SECONDS)
        self._api.close()

    def apply(
        self,
        *instances: Instance,
        caller_address: str = HOME_ADDRESS,
        ended: tuple[Instance, ...] = (),
    ) -> None:
        """Make this the whole world; of those that have ended, the consoles are kept."""
        world = World(
            generation=len(self.events),
            instances=instances,
            caller_address=caller_address,
            ended=tuple(each.instance_id for each in ended),
        )
        self._control.sendall(msgspec.json.encode(world) + b"\n")

    def boot(self, *instances: Instance) -> None:
        """Make this the whole world, and wait until all of it has booted."""
        self.apply(*instances)
        for each in instances:
            self.await_event(Booted(instance_id=each.instance_id, boot=each.boot))

    def await_event(self, event: Event) -> None:
        """Wait until an event has been heard."""
        try:
            wait_for(lambda: event in self.events, str(event))
        except AssertionError as error:
            raise AssertionError(f"{error}; heard were {self.events}") from error

    def await_ended(self, ended: Instance) -> Ended:
        """Wait for the end of an instance's boot."""

        def look() -> Ended | None:
            for event in self.events:
                if isinstance(event, Ended) and event.instance_id == ended.instance_id:
                    return event
            return None

        return wait_for(look, f"the end of {ended.instance_id}; heard were {self.events}")

    def console(self, of: Instance) -> str:
        """All that is kept of a console."""
        path = self.state / "console" / f"{of.instance_id}.log"
        return path.read_text().replace("\r\n", "\n") if path.exists() else ""

    def await_console(self, of: Instance, pattern: str, *, times: int = 1) -> str:
        """Wait until a pattern is on a console so many times; returns the whole console."""

        def look() -> str | None:
            text = self.console(of)
            return text if len(re.findall(pattern, text)) >= times else None

        return wait_for(look, f"{pattern!r} on the console")

    def connect(self, to: Instance, port: int, source: str | None = None) -> socket.socket:
        """Connect from outside. Raises ProxyError where refused, blocks where unanswered."""
        # Where there is no public address, to the private one: what leads there must not answer.
        host = to.interfaces[0].public_ip or to.interfaces[0].private_ip
        return open_connection(self.state, host=host, port=port, source=source)

    def answers(self, to: Instance, port: int, source: str | None = None) -> bool:
        """Whether a connection from outside gets an answer, be it a refusal, soon."""
        answered = threading.Event()

        def attempt() -> None:
            with contextlib.suppress(ProxyError):
                self.connect(to, port, source).close()
            answered.set()

        threading.Thread(target=attempt, daemon=True).start()
        return answered.wait(NO_ANSWER_SECONDS)

    def ssh_command(self, to: Instance, *options: str) -> list[str]:
        """The OpenSSH client for an instance, its host key pinned to the console's."""
        address = to.interfaces[0].public_ip
        known_hosts = self.directory / f"known_hosts-{to.instance_id}"
        if not known_hosts.exists():
            known_hosts.write_text(f"{address} {self.host_key(to)}\n")
        proxy = f"{sys.executable} -m spawn.local.proxy %h %p"
        settings = {
            "IdentityFile": str(self._key),
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(known_hosts),
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "LogLevel": "ERROR",
            "ProxyCommand": proxy,
        }
        words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "none", *words, *options, f"ec2-user@{address}"]

    def host_key(self, of: Instance) -> str:
        """The instance's host key, as known_hosts has it, from its console."""
        console = self.await_console(of, "-----END SSH HOST KEY KEYS-----")
        return str(re.findall(r"^ssh-ed25519 \S+", console, re.MULTILINE)[-1])

    def forget_host_key(self, of: Instance) -> None:
        """Let the next login learn the host key from the console again."""
        (self.directory / f"known_hosts-{of.instance_id}").unlink()

    def ssh_environment(self) -> dict[str, str]:
        """What the proxy command must know."""
        return {**os.environ, "SPAWN_CLOUD_DIRECTORY": str(self.state)}

    def ssh(self, to: Instance, command: str, text: str = "") -> Answer:
        """Run a command on an instance over SSH."""
        return self.run_ssh([*self.ssh_command(to), command], text)

    def run_ssh(self, words: Sequence[str], text: str = "") -> Answer:
        """Run a command line of OpenSSH to its end."""
        result = subprocess.run(
            words,
            env=self.ssh_environment(),
            input=text,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Answer(result.returncode, result.stdout, result.stderr)

    def python(self, on: Instance, program: str) -> Answer:
        """Run a Python program on an instance."""
        return self.ssh(on, "/opt/spawn/environment/bin/python3 -I -", program)


class _EchoingApi:
    """Stands where the control plane's front door does, and sends back what it receives."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    while data := connection.recv(65536):
                        connection.sendall(data)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def run_here(*command: str) -> str:
    """Run a program on this machine and return what it says."""
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    return result.stdout


@contextlib.contextmanager
def running_plane(
    directory: Path,
    command: Sequence[str] = (sys.executable,),
    environment: dict[str, str] | None = None,
    *,
    owner: int | None = None,
) -> Iterator[Plane]:
    """A plane for as long as the context lasts; `owner` is the user that its command runs as."""
    plane = Plane(
        directory,
        command,
        dict(os.environ if environment is None else environment),
        owner=os.getuid() if owner is None else owner,
    )
    try:
        yield plane
    finally:
        plane.close()
